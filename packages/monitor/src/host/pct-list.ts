import { execFile } from 'node:child_process'
import {
  AutoscaleError,
  type Clock,
  errorMessage,
  MS_PER_SECOND,
  parseVmid,
  systemErrorCode,
} from '@lxc-autoscale/core'

/** Limits of a `pct list`, seconds. */
export interface PctListSettings {
  readonly timeoutSeconds: number
  readonly retryLimit: number
  readonly retryDelaySeconds: number
}

/** The running containers in what `pct list` prints. Source: pve-container, PVE::CLI::pct, list. */
export function parsePctList(text: string): ReadonlySet<number> {
  const running = new Set<number>()
  for (const line of text.split('\n')) {
    const [name = '', status] = line.trim().split(/\s+/)
    const vmid = parseVmid(name)
    if (vmid !== undefined && status === 'running') running.add(vmid)
  }
  return running
}

/**
 * Asks `pct list` which containers run.
 * @throws {AutoscaleError} PCT_FAILED after the last try.
 */
export async function listWithPct(
  settings: PctListSettings,
  clock: Clock,
  run: (timeoutMs: number) => Promise<string> = runPctList,
): Promise<ReadonlySet<number>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return parsePctList(await run(settings.timeoutSeconds * MS_PER_SECOND))
    } catch (error) {
      const isHopeless = systemErrorCode(error) === 'ENOENT'
      if (isHopeless || attempt >= settings.retryLimit) {
        throw new AutoscaleError('PCT_FAILED', `pct list: ${errorMessage(error)}`, { retryable: true, cause: error })
      }
      await clock.sleep(settings.retryDelaySeconds * MS_PER_SECOND)
    }
  }
}

function runPctList(timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('pct', ['list'], { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 16_777_216 }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    )
  })
}
