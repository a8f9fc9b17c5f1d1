import { grows, hold, holdAll, isUrgent, RESOURCES, type Rule } from '../draft.ts'
import { durationText } from '../wording.ts'

const RULE = 'keep-truce'

/**
 * A change by a person wins: the container is left alone until the truce ends. Who gives it more for a time wants it to have
 * enough: while that lasts it grows out of need all the same.
 */
export const keepTruce: Rule = (draft, facts) => {
  const { truceUntilMs, circumstances } = facts
  const { nowMs, boost } = circumstances
  if (truceUntilMs === undefined || nowMs >= truceUntilMs) return draft
  const text = `a person changed its size; left alone for another ${durationText(truceUntilMs - nowMs)}`
  if (boost === undefined) return holdAll(draft, RULE, text, truceUntilMs)
  return RESOURCES.filter(on => !(grows(draft, facts, on) && isUrgent(draft, on))).reduce(
    (soFar, on) => hold(soFar, on, { rule: RULE, text, untilMs: truceUntilMs }),
    draft,
  )
}
