import { describe, expect, test } from 'vitest'
import { SHAPE_LEVELS } from '../../../../packages/simulator/src/workload/shapes.ts'
import { SHAPES, type ShapeName, usualLoad } from '../../../../packages/simulator/src/workload/workload.ts'

const HOUR = 3_600

function levels(shape: ShapeName, seconds: number, seed = 5, sinceStartSeconds = seconds) {
  const workload = { shape, seed, processes: 3, hasSystemd: true, load: usualLoad(shape, 2, 1_024) }
  return SHAPE_LEVELS[shape](workload, { seconds, sinceStartSeconds })
}

test.each(SHAPES)('%s stays between its base and its peak, and repeats itself', shape => {
  for (let seconds = 0; seconds < 48 * HOUR; seconds += 97) {
    const { cpu, memory, disk } = levels(shape, seconds, 5, seconds % HOUR)
    expect(Math.min(cpu, memory, disk)).toBeGreaterThanOrEqual(0)
    expect(Math.max(cpu, memory, disk)).toBeLessThanOrEqual(1.0001)
  }
  expect(levels(shape, 12_345)).toEqual(levels(shape, 12_345))
})

test('a day is quiet at four and busy in the afternoon', () => {
  expect(levels('diurnal', 4 * HOUR).cpu).toBeLessThan(0.1)
  expect(levels('diurnal', 15.5 * HOUR).cpu).toBeGreaterThan(0.9)
})

test('the batch runs from two to four', () => {
  expect(levels('nightly-batch', 1.9 * HOUR).cpu).toBe(0)
  expect(levels('nightly-batch', 3 * HOUR).cpu).toBe(1)
  expect(levels('nightly-batch', 4.1 * HOUR).cpu).toBe(0)
})

test('a ramp ends in a fall', () => {
  expect(levels('ramp', 0.79 * 7_200).cpu).toBeGreaterThan(0.95)
  expect(levels('ramp', 0.81 * 7_200).cpu).toBe(0)
})

describe('a crowd', () => {
  test('comes once in a period, within a minute, at a time that depends on the seed', () => {
    const starts = [1, 2, 3].map(seed => {
      for (let seconds = 0; seconds < 14_400; seconds += 10)
        if (levels('flash-crowd', seconds, seed).cpu > 0) return seconds
      return -1
    })
    expect(new Set(starts).size).toBe(3)
    const [start = 0] = starts
    expect(levels('flash-crowd', start + 65, 1).cpu).toBeGreaterThan(0.85)
    expect(levels('flash-crowd', start + 3_600, 1).cpu).toBeLessThan(0.1)
  })
})

test('a leak grows with the time since its start, not with the time of day', () => {
  expect(levels('memory-leak', 90_000, 5, 0).memory).toBe(0)
  expect(levels('memory-leak', 90_000, 5, 10_800).memory).toBeCloseTo(0.5)
})
