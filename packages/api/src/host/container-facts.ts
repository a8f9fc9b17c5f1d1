import type { ConfValues, Limits, RawLimits, SnapshotFacts } from '@lxc-autoscale/host'

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
  /** Why it is left alone for its sake, in a sentence: it moves it, or is asked to; undefined when there is nothing. */
  readonly haBusy: string | undefined
  readonly isTemplate: boolean
  readonly isProtected: boolean
  readonly tags: readonly string[]
  readonly uptimeSeconds: number | undefined
  /** Changes with each run. */
  readonly runId: number | undefined
  readonly values: ConfValues
  /**
   * Names the configuration file as it was read, for Proxmox to compare under its lock; undefined when only `pct` could be
   * asked. Source: PVE::LXC::Config, parse_pct_config: SHA-1 of the whole file.
   */
  readonly digest: string | undefined
  /** What raw LXC configuration settles past the values. */
  readonly rawLimits: RawLimits
  /** Undefined when only `pct` could be asked, which does not print them with the configuration. */
  readonly snapshots: readonly SnapshotFacts[] | undefined
}
