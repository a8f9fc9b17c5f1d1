import { KIB_PER_MB } from '@lxc-autoscale/core'
import type { HostFiles } from './host-files.ts'

/** What this node has. Undefined: not known. */
export interface NodeFacts {
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
  /** What could be given to processes without swapping. */
  readonly memoryAvailableMb: number | undefined
  readonly uptimeSeconds: number | undefined
}

/** Cores and memory of this node, from /proc under `root`. */
export function readNodeFacts(files: HostFiles, root: string): NodeFacts {
  const memory = files.readText(`${root}/meminfo`) ?? ''
  const stat = files.readText(`${root}/stat`) ?? ''
  const cores = stat.match(/^cpu\d+ /gm)?.length
  return {
    cores: cores === 0 ? undefined : cores,
    memoryMb: meminfoMb(memory, 'MemTotal'),
    memoryAvailableMb: meminfoMb(memory, 'MemAvailable'),
    uptimeSeconds: readUptimeSeconds(files, root),
  }
}

/** Seconds since the node was started. */
export function readUptimeSeconds(files: HostFiles, root: string): number | undefined {
  const [text] = (files.readText(`${root}/uptime`) ?? '').split(' ')
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

function meminfoMb(text: string, key: string): number | undefined {
  const kib = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
  return kib === undefined ? undefined : Number(kib) / KIB_PER_MB
}
