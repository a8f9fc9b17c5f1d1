import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceJson } from '../files/json-file.ts'

/** What pvestatd tells the cluster every ten seconds; the only place of CPU shares, which need two looks. */
export interface Broadcast {
  readonly uptimeMs: number
  /** Share of the host's CPUs in use since the last one, 0-1. */
  readonly nodeCpu: number
  /** vmid -> share of the CPUs it is allotted. */
  readonly cpu: Readonly<Record<string, number>>
}

/** The latest broadcast; undefined before the first one. */
export function readBroadcast(paths: HostPaths): Broadcast | undefined {
  const text = readIfThere(broadcastFile(paths))
  return text === undefined ? undefined : JSON.parse(text)
}

export function writeBroadcast(paths: HostPaths, broadcast: Broadcast): void {
  replaceJson(broadcastFile(paths), broadcast)
}

function broadcastFile(paths: HostPaths): string {
  return `${paths.state}/broadcast.json`
}
