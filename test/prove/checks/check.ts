import type { RoundRecord } from '../record.ts'

/** What came of one check on one round. */
export interface Verdict {
  /** How often there was something that could have been wrong. */
  readonly exercised: number
  /** What was wrong, each in a sentence. */
  readonly broken: readonly string[]
}

/** One promise as a rule over what was recorded. */
export interface Check {
  readonly name: string
  /** The promise of the design that it belongs to, if any. */
  readonly promise?: `P${number}`
  readonly about: string
  run(record: RoundRecord): Verdict
}

/** `broken` of each of `cases`; undefined where all is well. */
export function verdictOf<Case>(cases: readonly Case[], broken: (one: Case) => string | undefined): Verdict {
  return { exercised: cases.length, broken: cases.flatMap(one => broken(one) ?? []) }
}

/** A moment as people read it. */
export function at(ms: number): string {
  return `at ${(ms / 1_000).toFixed(1)} s`
}
