import { SHAPE_NAMES, shapeTrace } from '@lxc-autoscale/replay'
import { describe, expect, test } from 'vitest'

describe('shapeTrace', () => {
  test.each(SHAPE_NAMES)('makes two days of %s, the same from the same seed and another from another', name => {
    const [one, same, other] = [1, 1, 2].map(seed => shapeTrace(name, { seed, days: 2 }))
    expect(one?.timesS).toHaveLength(2_880)
    expect(one?.memoryMb).toEqual(same?.memoryMb)
    expect(one?.cpuCores).toEqual(same?.cpuCores)
    expect(one?.memoryMb).not.toEqual(other?.memoryMb)
    for (const demand of [one?.cpuCores, one?.memoryMb])
      expect(demand?.every(value => value > 0 && value < 5_000)).toBe(true)
  })

  test('begins on a Monday at midnight', () => {
    const first = shapeTrace('idle', { seed: 1, days: 1 }).timesS[0] ?? 0
    expect(new Date((first - 60) * 1_000).toUTCString()).toMatch(/^Mon, .* 00:00:00/)
  })

  test('names the shapes there are when asked for another', () => {
    expect(() => shapeTrace('square', { seed: 1, days: 1 })).toThrow(/no shape square; there are idle/)
  })
})
