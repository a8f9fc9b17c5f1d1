import { directionOf } from '../decision.ts'
import { hold, isUrgent, RESOURCES, type Rule } from '../draft.ts'
import { askAgainMs, find } from '../refusals.ts'
import { durationText, timesText } from '../wording.ts'

/** What the API refused is asked for again later and later, until something has changed. */
export const holdAfterRefusal: Rule = (draft, { refusals, circumstances: { allocation, nowMs } }) =>
  RESOURCES.reduce((soFar, on) => {
    const direction = directionOf(allocation[on], draft.to[on])
    const refusal = find(refusals, on === 'cores' ? 'cores' : 'memory', direction)
    if (refusal === undefined) return soFar
    const leftMs = askAgainMs(refusal, direction === 'up' && isUrgent(draft, on)) - nowMs
    if (leftMs <= 0) return soFar
    const what = direction === 'up' ? 'more' : 'less'
    const said = refusal.isTakenBack ? `the API took ${what} back` : `the API refused ${what}`
    const text = `${said} ${timesText(refusal.times)}; asked again in ${durationText(leftMs)}`
    return hold(soFar, on, { rule: 'hold-after-refusal', text, untilMs: nowMs + leftMs })
  }, draft)
