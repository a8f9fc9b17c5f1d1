import { AutoscaleError, type ErrorCode, errorVerdict, type OutcomeKind } from '@lxc-autoscale/core'
import type { ConfiguredAllocation } from './allocation-change.ts'
import { ReadOnlyError } from './transport.ts'

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
