import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LearnedWindow } from '../../../../packages/model/src/anomaly/learned-window.ts'

const HOUR_MS = 3_600_000
const options = { columns: 1, entries: 60, windowMs: 10 * HOUR_MS }

/** A row for each minute, that holds the minute. */
function minutes(count: number, window = new LearnedWindow(options)): LearnedWindow {
  for (let minute = 0; minute < count; minute++) window.add(Float64Array.of(minute), minute * 60_000)
  return window
}

describe('LearnedWindow', () => {
  test('keeps every row while it is young', () => {
    expect([...minutes(60).learnable(HOUR_MS).values]).toEqual(Array.from({ length: 60 }, (_, i) => i))
  })

  test('reaches over the whole window, evenly, however many rows come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), count => {
        const window = minutes(count)
        const { values, rows } = window.learnable(count * 60_000)
        expect(rows).toBeLessThanOrEqual(60)
        expect([...values]).toEqual([...values].sort((a, b) => a - b))
        const reach = Math.min(count, 600)
        expect((values[0] ?? 0) - (count - reach)).toBeLessThanOrEqual(2 * Math.max(1, reach / 30))
        const widest = values.slice(1).reduce((most, value, i) => Math.max(most, value - (values[i] ?? 0)), 0)
        expect(widest).toBeLessThanOrEqual(Math.max(1, Math.ceil(count / 15)))
        expect(widest).toBeLessThanOrEqual(21)
      }),
    )
  })

  test('learns a row only from the time on that it may be, and never one from the future', () => {
    const window = new LearnedWindow(options)
    window.add(Float64Array.of(1), 0)
    window.add(Float64Array.of(2), 60_000, 5 * HOUR_MS)
    window.add(Float64Array.of(3), 2 * HOUR_MS)
    expect([...window.learnable(HOUR_MS).values]).toEqual([1])
    expect([...window.learnable(5 * HOUR_MS).values]).toEqual([1, 2, 3])
  })

  test('keeps what is not known, and figures too large for it as the largest', () => {
    const window = new LearnedWindow({ ...options, columns: 3 })
    window.add(Float64Array.of(Number.NaN, 1e9, -1e9), 0)
    expect([...window.learnable(0).values]).toEqual([Number.NaN, 32_767, -32_767])
  })

  test('goes on from its contents', () => {
    const window = minutes(500)
    const copy = new LearnedWindow(options, window.contents())
    for (const each of [window, copy]) each.add(Float64Array.of(9), 600 * 60_000)
    expect(copy.learnable(600 * 60_000)).toEqual(window.learnable(600 * 60_000))
  })

  test('what is saved stays as it was when the window goes on', () => {
    const window = minutes(800)
    const saved = window.contents()
    const before = structuredClone(saved)
    window.add(Float64Array.of(-1), 820 * 60_000)
    expect(saved).toEqual(before)
  })
})
