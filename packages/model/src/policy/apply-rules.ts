import type { SettledBy } from './decision.ts'
import type { Draft, Rule, RuleFacts } from './draft.ts'

/** The draft when all rules have spoken, and for each resource the last of them that made something else of it. */
export function applyRules(
  rules: readonly Rule[],
  first: Draft,
  facts: RuleFacts,
): { draft: Draft; settledBy: SettledBy } {
  return rules.reduce<{ draft: Draft; settledBy: SettledBy }>(
    ({ draft, settledBy }, rule) => {
      const next = rule(draft, facts)
      // Rounding has nothing to say, and settles nothing.
      const spoke = next.reasons.length > draft.reasons.length ? next.reasons.at(-1)?.rule : undefined
      if (spoke === undefined) return { draft: next, settledBy }
      return {
        draft: next,
        settledBy: {
          cores: next.to.cores === draft.to.cores ? settledBy.cores : spoke,
          memoryMb: next.to.memoryMb === draft.to.memoryMb ? settledBy.memoryMb : spoke,
        },
      }
    },
    { draft: first, settledBy: {} },
  )
}
