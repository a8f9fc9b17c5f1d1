import { describe, expect, test } from 'vitest'
import { RecentSteps } from '../../../packages/replay/src/recent-steps.ts'

/** The median after each of these times. */
function medians(timesS: readonly number[]): number[] {
  const steps = new RecentSteps()
  return timesS.map(timeS => steps.median(timeS))
}

describe('RecentSteps', () => {
  test('knows no step at the first sample, and then the usual one', () => {
    expect(medians([0, 60, 120, 300, 360])).toEqual([0, 60, 60, 60, 60])
  })

  test('takes the middle of unlike steps by their size, whatever their order', () => {
    expect(medians([0, 10, 110, 115])).toEqual([0, 10, 100, 10])
  })

  test('follows a trace whose steps become longer', () => {
    const times = [...Array(20).keys()].map(i => i * 60)
    const longer = [...Array(20).keys()].map(i => 1_140 + (i + 1) * 300)
    expect(medians([...times, ...longer]).at(-1)).toBe(300)
  })

  test('gives the same on the first samples whatever comes after them', () => {
    const times = [0, 10, 95, 130, 300, 310, 520, 590, 640]
    expect(medians(times).slice(0, 5)).toEqual(medians(times.slice(0, 5)))
  })
})
