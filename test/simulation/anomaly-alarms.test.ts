import { describe, expect, test } from 'vitest'
import { DAY_S, HOUR_S, WEEK_S, watch } from '../builders/anomaly-run.ts'
import {
  changedFrom,
  dead,
  diurnal,
  growing,
  idle,
  type Load,
  noisy,
  type Shape,
  sawtooth,
} from '../builders/workload.ts'

describe('a week of samples in which nothing is wrong', () => {
  test.each([
    ['an idle container', idle],
    ['a container that never changes', dead],
  ] as const)('raises no alarm of %s, every ten seconds', (_, shape) => {
    const counts = watch({ shape, everySeconds: 10, seconds: WEEK_S }).counts()
    expect(counts).toMatchObject({ samplesSeen: 60_480, alarms: 0, samplesFlagged: 0 })
    expect(counts.withOwnForests).toBe(1)
  })

  test.each([
    ['an idle container', idle],
    ['a noisy container', noisy],
    ['one with a rhythm of a day', diurnal],
    ['one whose heap fills and is swept', sawtooth],
    ['one that grows slowly', growing],
  ] as const)('begins at most the one alarm of %s that the budget allows, whatever the chance', (_, shape) => {
    const alarms = [1, 2, 3].map(seed => watch({ shape, seed, everySeconds: 60, seconds: WEEK_S }).counts().alarms)
    expect(Math.max(...alarms)).toBeLessThanOrEqual(1)
  })
})

describe('a plateau at the end of the window', () => {
  const busy = (load: Load) => ({
    cores: load.cores + 2.5,
    memoryMb: load.memoryMb * 1.8,
    processes: load.processes + 30,
  })

  test.each([
    { share: 0.1, shape: noisy, name: 'noisy' },
    { share: 0.4, shape: noisy, name: 'noisy' },
    { share: 0.1, shape: idle, name: 'idle' },
    { share: 0.4, shape: idle, name: 'idle' },
  ])('of $share of it is found in a $name container, to its end', ({ share, shape }) => {
    const start = 2 * DAY_S
    const end = start + share * DAY_S
    const recalls = [1, 2, 3].map(seed => recall(changedFrom(start, shape, busy), { seed, start, end }))
    expect(Math.min(...recalls)).toBeGreaterThan(0.9)
  })

  function recall(shape: Shape, { seed, start, end }: { seed: number; start: number; end: number }): number {
    let flagged = 0
    let samples = 0
    const onVerdict = (seconds: number, { isAnomalous }: { isAnomalous: boolean }) => {
      if (seconds < start) return
      samples++
      flagged += Number(isAnomalous)
    }
    watch({ shape, seed, everySeconds: 60, seconds: end, onVerdict })
    return flagged / samples
  }

  test('is explained by what is strange about it', () => {
    const start = DAY_S
    const leaking = changedFrom(start, noisy, load => ({ memoryMb: load.memoryMb + 2_000 }))
    const reasons: string[] = []
    const onVerdict = (seconds: number, { topFeatures }: { topFeatures: readonly { name: string }[] }) => {
      if (seconds >= start + HOUR_S) reasons.push(topFeatures[0]?.name ?? 'none')
    }
    watch({ shape: leaking, everySeconds: 60, seconds: start + 3 * HOUR_S, onVerdict })
    expect(reasons.filter(name => name.includes('memory')).length / reasons.length).toBeGreaterThan(0.9)
  })
})
