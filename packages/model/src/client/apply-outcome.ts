import { AutoscaleError, type ErrorCode, errorVerdict } from '@lxc-autoscale/core'
import type { ConfiguredAllocation } from './allocation-change.ts'
import { ReadOnlyError } from './transport.ts'

/**
 * What became of one change.
 * `applied`: done. `unchanged`: the container had it already. `refused`: the API or its safety rules said no.
 * `moved`: somebody changed the container meanwhile. `locked`: Proxmox works on it. `failed`: tried, and it did not
 * work. `unreachable`: no answer, so it is not known whether it was done. `dry-run`: not sent.
 */
export const OUTCOME_KINDS = [
  'applied',
  'unchanged',
  'refused',
  'moved',
  'locked',
  'failed',
  'unreachable',
  'dry-run',
] as const
export type OutcomeKind = (typeof OUTCOME_KINDS)[number]

export interface ApplyOutcome {
  readonly vmid: number
  readonly kind: OutcomeKind
  readonly code: ErrorCode | undefined
  readonly text: string
  /** What the API confirmed that the container has now; undefined when it confirmed nothing. */
  readonly confirmed: ConfiguredAllocation | undefined
}

/** The outcome that a failure means. Bugs are thrown on. */
export function outcomeOfError(vmid: number, error: unknown): ApplyOutcome {
  if (error instanceof ReadOnlyError) {
    return { vmid, kind: 'dry-run', code: undefined, text: error.message, confirmed: undefined }
  }
  if (!(error instanceof AutoscaleError)) throw error
  return { vmid, kind: kindOf(error.code), code: error.code, text: error.message, confirmed: undefined }
}

function kindOf(code: ErrorCode): OutcomeKind {
  if (code === 'ALLOCATION_MOVED') return 'moved'
  if (code === 'CONTAINER_LOCKED') return 'locked'
  const { leaves, blames, retry } = errorVerdict(code)
  if (blames === 'connection' && leaves === 'unknown') return 'unreachable'
  const isRefusal = leaves === 'untouched' && (blames === 'caller' || blames === 'nobody') && retry !== 'soon'
  return isRefusal ? 'refused' : 'failed'
}
