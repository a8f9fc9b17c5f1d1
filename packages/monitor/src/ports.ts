import type { ContainerRun } from './host/container-run.ts'
import type { ConfiguredContainer } from './host/lxc-confs.ts'

/** What the cycle needs from the place where cycles are kept. */
export interface CycleStore {
  /**
   * Keeps one cycle, given as the one-line JSON. Never throws: a cycle that cannot be kept is dropped and
   * reported once, and storing goes on when the place heals.
   */
  append(line: Uint8Array): Promise<AppendOutcome>
  close(): Promise<void>
}

/** What became of a cycle. `bytes` were written for it, a rewrite of the file included. */
export interface AppendOutcome {
  readonly isStored: boolean
  readonly bytes: number
}

/** Which containers run now. */
export interface RunningContainers {
  /** @throws {AutoscaleError} HOST_UNREADABLE when it cannot be known. */
  list(): Promise<readonly ContainerRun[]>
  /** What Proxmox has configured for a container; undefined when it is not known. */
  configured(vmid: number): ConfiguredContainer | undefined
}

/** What this process has used so far. */
export interface OwnUsage {
  readonly monotonicMs: number
  readonly cpuMs: number
  readonly rssBytes: number
}
