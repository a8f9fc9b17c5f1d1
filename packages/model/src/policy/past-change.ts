import { directionOf } from './decision.ts'
import type { Limits } from './limits.ts'

/** A change of a container that was made, or may have been: as the audit log tells it, or the answer to a request. */
export interface PastChange {
  /** `api`: the API took a change of ours back. `boost`: a person gave more for a time, or it was given back then. */
  readonly by: 'us' | 'person' | 'api' | 'boost'
  /** The same for one change of ours whichever tells of it; undefined where nothing else does. */
  readonly key?: string | undefined
  /** When it was asked for and when it was over, by steady time; where that is not known, not before. */
  readonly atMs: number
  readonly endMs: number
  /** Undefined: not known. */
  readonly before: Limits | undefined
  readonly after: Limits | undefined
}

export type Resource = 'cores' | 'memory'

/** Which way the limits of a resource went; `keep` also when it is not known. */
export function wentOf({ before, after }: Pick<PastChange, 'before' | 'after'>, resource: Resource) {
  const names = resource === 'cores' ? (['cores', 'cpuLimit'] as const) : (['memoryMb'] as const)
  const went = names.map(name => directionOf(sizeOf(before?.[name]), sizeOf(after?.[name])))
  return went.find(direction => direction !== 'keep') ?? 'keep'
}

/** What is not limited is more than any limit. */
function sizeOf(limit: number | null | undefined): number | undefined {
  return limit === null ? Number.POSITIVE_INFINITY : limit
}
