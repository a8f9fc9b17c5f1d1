import { CHECKS } from './checks/index.ts'
import type { RoundRecord } from './record.ts'

export interface Judgement {
  readonly check: string
  readonly exercised: number
  readonly broken: readonly string[]
}

/** What all checks say of a round. */
export function judge(record: RoundRecord): readonly Judgement[] {
  return CHECKS.map(check => ({ check: check.name, ...check.run(record) }))
}

/** Names of the checks that say that something is wrong. */
export function brokenChecks(judgements: readonly Judgement[]): readonly string[] {
  return judgements.filter(({ broken }) => broken.length > 0).map(({ check }) => check)
}
