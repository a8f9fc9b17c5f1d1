import { holdAll, type Rule } from '../draft.ts'
import { durationText } from '../wording.ts'

/** A change by a person wins: the container is left alone until the truce ends. */
export const keepTruce: Rule = (draft, { truceUntilMs, circumstances: { nowMs } }) =>
  truceUntilMs !== undefined && nowMs < truceUntilMs
    ? holdAll(
        draft,
        'keep-truce',
        `a person changed its size; left alone for another ${durationText(truceUntilMs - nowMs)}`,
      )
    : draft
