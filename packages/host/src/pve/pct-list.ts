import { parseVmid } from '@lxc-autoscale/core'

/** One line of `pct list`. */
export interface ListedContainer {
  readonly vmid: number
  readonly isRunning: boolean
  readonly lock: string | undefined
  readonly name: string
}

/**
 * The containers that `pct list` printed; it prints nothing when there are none. The lock column may be blank or overflow.
 * Source: pve-container, PVE::CLI::pct, list.
 */
export function parsePctList(stdout: string): readonly ListedContainer[] {
  return stdout.split('\n').flatMap(line => {
    const words = line.split(/\s+/).filter(Boolean)
    const vmid = parseVmid(words[0] ?? '')
    if (vmid === undefined) return []
    const lock = words.length === 4 ? words[2] : undefined
    return [{ vmid, isRunning: words[1] === 'running', lock, name: words.at(-1) ?? '' }]
  })
}
