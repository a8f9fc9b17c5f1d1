import { describe, expect, test } from 'vitest'
import type { NewsEvent } from '../../../../packages/api/src/news/news-events.ts'
import { followStates, type SeenState, type Standing } from '../../../../packages/api/src/news/standing.ts'

const START_MS = Date.UTC(2026, 0, 5)
const MINUTE_MS = 60_000
const STATE: SeenState = {
  event: 'at_maximum',
  topic: 'at_maximum:101',
  vmid: 101,
  name: 'web',
  what: 'at its maximum of 4 cores',
  detail: '',
  advice: '',
}

/** Looks each minute: `1` the state is seen, `0` it is not, `?` nobody knows; gives the minutes and words of what was told. */
function told(looks: string, before: Standing['states'] = {}): { told: string[]; states: Standing['states'] } {
  const words: string[] = []
  let states = before
  for (const [minute, look] of [...looks].entries()) {
    const known = new Set<NewsEvent>(look === '?' ? [] : ['at_maximum'])
    const patience = () => ({ standsMs: 5 * MINUTE_MS, quietMs: 2 * MINUTE_MS })
    const nowMs = START_MS + minute * MINUTE_MS
    const followed = followStates(states, look === '1' ? [STATE] : [], { nowMs, known, patience })
    states = followed.states
    words.push(...followed.items.map(({ state, detail }) => `${minute} ${state} ${detail}`.trim()))
  }
  return { told: words, states }
}

describe('a state', () => {
  test.each<[string, string, string[]]>([
    ['that does not last is not told', '11110000', []],
    ['that lasts is told once', '11111111111', ['5 began']],
    ['is over when it was not seen for a while', '1111111000', ['5 began', '8 ended It stood for 8 min.']],
    ['that only blinks is neither new nor over', '11111101111', ['5 began']],
    ['that blinks before it is told goes on', '1101111', ['5 began']],
    ['that was gone begins anew', '110001111111', ['10 began']],
    ['of which nobody knows is not over', '1111111?????1', ['5 began']],
    ['is not over at once when it is known again', '111111????00', ['5 began', '11 ended It stood for 11 min.']],
    ['of which nobody knows is not told', '11??????', []],
  ])('%s', (_name, looks, expected) => {
    expect(told(looks).told).toEqual(expected)
  })

  test('is remembered over a restart: neither told again nor forgotten', () => {
    const { states } = told('1111111')
    const saved = JSON.parse(JSON.stringify(states))
    expect(told('111', saved).told).toEqual([])
    // The clock of `told` begins anew: set back by seven minutes.
    expect(told('000', saved).told).toEqual(['2 ended It stood for 2 min.'])
  })
})
