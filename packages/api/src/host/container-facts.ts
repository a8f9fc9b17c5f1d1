import type { Limits } from './allocation.ts'
import type { ConfValues, RawLimits, SnapshotFacts } from './container-conf.ts'

/** One container of this node at one moment. */
export interface ContainerFacts {
  readonly vmid: number
  readonly name: string
  readonly status: 'running' | 'stopped' | 'unknown'
  /** What its configuration says. */
  readonly configured: Limits
  /** What the kernel enforces. */
  readonly inForce: Limits
  /** The lock that Proxmox holds: backup, snapshot, ... */
  readonly lock: string | undefined
  /** Undefined when the HA manager's files cannot be read. */
  readonly isHaManaged: boolean | undefined
  /** What the HA manager does with it: started, stopped, migrate, ...; undefined when it is not managed. */
  readonly haState: string | undefined
  readonly isTemplate: boolean
  readonly isProtected: boolean
  readonly tags: readonly string[]
  readonly uptimeSeconds: number | undefined
  /** Changes with each run. */
  readonly runId: number | undefined
  readonly values: ConfValues
  /** What raw LXC configuration settles past the values. */
  readonly rawLimits: RawLimits
  /** Undefined when only `pct` could be asked, which does not print them with the configuration. */
  readonly snapshots: readonly SnapshotFacts[] | undefined
}
