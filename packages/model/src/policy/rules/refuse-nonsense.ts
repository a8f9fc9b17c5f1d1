import { hold, RESOURCES, type Rule } from '../draft.ts'

/** A policy is not trusted: what is no size at all (not finite, zero, negative) is no wish. */
export const refuseNonsense: Rule = draft =>
  RESOURCES.filter(on => !isSize(draft.to[on])).reduce((soFar, on) => {
    const text = `the policy asks for ${draft.to[on]}, which is no size`
    return { ...hold(soFar, on, { rule: 'refuse-nonsense', text }), asked: { ...soFar.asked, [on]: undefined } }
  }, draft)

function isSize(value: number | undefined): boolean {
  return value === undefined || (value > 0 && value < Number.POSITIVE_INFINITY)
}
