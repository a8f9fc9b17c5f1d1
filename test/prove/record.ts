import type { AllocationBody, HistoryEntryBody } from '@lxc-autoscale/core'
import type { DaemonName } from './daemon-names.ts'
import type { RoundSettings, ScheduledFault } from './schedule.ts'

/**
 * Everything that was seen of one round. Times are milliseconds since its start, by a clock that no fault sets; a thing that
 * was looked for from time to time happened between `afterMs` and `atMs`.
 */
export interface RoundRecord {
  readonly settings: RoundSettings
  readonly containerCount: number
  readonly faults: readonly CarriedOutFault[]
  readonly commands: readonly HostCommandRun[]
  readonly kills: readonly Kill[]
  readonly requests: readonly SentRequest[]
  readonly audit: readonly SeenEntry[]
  readonly processes: readonly ProcessRun[]
  readonly samples: readonly ProcessSample[]
  readonly recovery: Recovery
  readonly stops: readonly Stop[]
  /** The longest that this process itself had to wait for its turn. */
  readonly machineLagMs: number
  /** What was there when all was over. */
  readonly left: LeftOvers
}

export interface CarriedOutFault extends ScheduledFault {
  readonly beganMs: number
  readonly endedMs: number
  /** What came of it, for what needs more than a name; or why it could not be done. */
  readonly notDone?: string
}

/** One run of `pct`, `pvesh` or `pvecm`, as the host saw it from inside. */
export interface HostCommandRun {
  readonly by: 'person' | 'api'
  readonly pid: number
  readonly command: string
  readonly words: readonly string[]
  readonly beganMs: number
  readonly endedMs: number | undefined
  readonly exitCode: number | undefined
  readonly deeds: readonly Deed[]
}

/** What a command did. Absent limits are undefined. */
export type Deed =
  | {
      readonly kind: 'limits'
      readonly atMs: number
      readonly vmid: number
      readonly before: Limits
      readonly after: Limits
    }
  | {
      readonly kind: 'memory'
      readonly atMs: number
      readonly vmid: number
      readonly fromMb: number
      readonly toMb: number
      readonly floorMb: number
      readonly kills: number
    }
  | {
      readonly kind: 'disk'
      readonly atMs: number
      readonly vmid: number
      readonly fromGb: number
      readonly toGb: number
    }

export interface Limits {
  readonly cores: number | undefined
  readonly cpulimit: number | undefined
  readonly memoryMb: number | undefined
}

/** Processes that the kernel killed for want of memory, in its own step or within the write of a limit. */
export interface Kill {
  readonly atMs: number
  readonly vmid: number
  readonly kills: number
  readonly where: 'own limit' | 'inner limit'
}

export interface SentRequest {
  /** The same for each time that one request was sent. */
  readonly number: number
  readonly attempt: number
  readonly idempotencyKey: string | undefined
  readonly path: string
  readonly vmid: number
  readonly body: Readonly<Record<string, unknown>>
  /** Not through the network that faults disturb. */
  readonly isDirect: boolean
  readonly sentMs: number
  readonly answer: Answer | undefined
}

export interface Answer {
  readonly atMs: number
  readonly status: number
  readonly error: string | undefined
  readonly changeId: string | undefined
  readonly changed: boolean | undefined
  readonly after: AllocationBody | undefined
}

/** A line of the audit log, or of the log of what was not made, that stood on the disk at some time. */
export interface SeenEntry {
  readonly isOfAudit: boolean
  readonly afterMs: number
  readonly atMs: number
  /** When it was asked for, if the line tells it by the boot of the host. */
  readonly askedMs: number | undefined
  readonly entry: HistoryEntryBody
}

export interface ProcessRun {
  readonly daemon: DaemonName
  readonly pid: number
  readonly startedMs: number
  readonly endedMs: number | undefined
  /** Exit code, or signal. */
  readonly ended: number | string | undefined
  /** What we did to it that ends a process; undefined when it ended by itself. */
  readonly endedBy: string | undefined
  /** Whether a second one of its kind was started on purpose. */
  readonly isSecond: boolean
  readonly lastWords: string
}

export interface ProcessSample {
  readonly atMs: number
  readonly daemon: DaemonName
  readonly pid: number
  readonly rssMb: number
  readonly descriptors: number
  /** Regular files that it holds open more than once, or that are deleted. */
  readonly doubled: readonly string[]
  readonly children: number
}

/** When each was seen to work again after the last fault; undefined: not within the patience. */
export interface Recovery {
  readonly faultsOverMs: number
  readonly monitorMs: number | undefined
  readonly modelMs: number | undefined
  readonly apiMs: number | undefined
  readonly patienceMs: number
  readonly why: string
}

/** How a daemon heeded the SIGTERM at the end. */
export interface Stop {
  readonly daemon: DaemonName
  readonly tookMs: number
  readonly ended: number | string
}

export interface LeftOvers {
  readonly files: readonly { readonly path: string; readonly bytes: number }[]
  /** Files of state, logs and metrics that are not what they should be, and what is wrong. */
  readonly invalid: readonly string[]
  readonly processes: readonly string[]
  readonly begun: number
  /** Changes whose line stands in the audit log, and the size of all its files. */
  readonly auditIds: readonly string[]
  readonly auditBytes: number
}
