import { expect, test } from 'vitest'
import type { AnomalyVerdict } from '../../../../packages/model/src/anomaly/anomaly-verdict.ts'
import { actedOn } from '../../../../packages/model/src/cycle/acted-on.ts'

const strange: AnomalyVerdict = {
  vmid: 101,
  timeMs: 0,
  isAnomalous: true,
  score: 0.7,
  alarmScore: 0.6,
  confidence: 80,
  topFeatures: [{ name: 'memory_trend', share: 0.5 }],
  source: 'container',
}

test('an anomaly that the forests are sure of is acted on, and says why', () => {
  expect(actedOn(strange, 80)).toEqual({
    isAbnormal: true,
    confidence: 80,
    why: 'unlike itself: score 0.7 above 0.6 (memory_trend 50%)',
  })
})

test.each([
  ['one that they are less sure of', strange, 81],
  ['a normal sample, however sure', { ...strange, isAnomalous: false }, 0],
] as const)('%s is not', (_, verdict, minConfidence) => {
  expect(actedOn(verdict, minConfidence)?.isAbnormal).toBe(false)
})

test.each([
  ['no forest judges', { ...strange, source: 'none' }],
  ['nothing has been observed', undefined],
] as const)('there is nothing to act on while %s', (_, verdict) => {
  expect(actedOn(verdict, 0)).toBeUndefined()
})
