import { HEAVY_TAILED_KINDS, heavyTailedTrace } from '@lxc-autoscale/replay'
import { describe, expect, test } from 'vitest'

const MINUTE = { days: 2, stepS: 60 }
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1)

/** The largest rise from one sample to the next, in medians of what is wanted. */
function largestLeap(values: Float64Array = new Float64Array()): number {
  const median = values.toSorted()[values.length >> 1] ?? 0
  return values.reduce((most, value, index) => Math.max(most, value - (values[index - 1] ?? value)), 0) / median
}

describe('heavyTailedTrace', () => {
  test.each(HEAVY_TAILED_KINDS)('makes %s, the same from the same seed and another from another', kind => {
    const [one, same, other] = [1, 1, 2].map(seed => heavyTailedTrace(kind, { ...MINUTE, seed }))
    expect(one?.timesS).toHaveLength(2_880)
    expect(one).toEqual(same)
    expect(one?.memoryMb).not.toEqual(other?.memoryMb)
    expect(one?.cpuCores).not.toEqual(other?.cpuCores)
    for (const demand of [one?.cpuCores, one?.memoryMb, other?.cpuCores, other?.memoryMb]) {
      expect(demand?.every(value => value > 0 && value <= 65_536)).toBe(true)
    }
  })

  test('a longer step gives the means of the minutes', () => {
    const minutes = heavyTailedTrace('leaps', { ...MINUTE, seed: 3 })
    const five = heavyTailedTrace('leaps', { days: 2, stepS: 300, seed: 3 })
    expect(five.timesS[0]).toBe(minutes.timesS[4])
    const mean = (minutes.memoryMb?.subarray(5, 10).reduce((sum, value) => sum + value, 0) ?? 0) / 5
    expect(five.memoryMb?.[1]).toBeCloseTo(mean, 6)
  })

  test('some leap by many times what is usual, and the quiet ones never do', () => {
    const leapsOf = (kind: string) =>
      SEEDS.map(seed => largestLeap(heavyTailedTrace(kind, { days: 20, stepS: 300, seed }).memoryMb))
    const leaps = leapsOf('leaps')
    expect(Math.max(...leaps)).toBeGreaterThan(5)
    expect(leaps.filter(leap => leap < 1).length).toBeGreaterThan(1)
    expect(Math.max(...leapsOf('quiet'))).toBeLessThan(0.2)
  })

  test('names the kinds there are when asked for another', () => {
    expect(() => heavyTailedTrace('calm', { ...MINUTE, seed: 1 })).toThrow(/no kind calm; there are quiet/)
  })
})
