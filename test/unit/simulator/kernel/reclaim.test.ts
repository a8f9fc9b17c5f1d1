import fc from 'fast-check'
import { expect, test } from 'vitest'
import { currentBytes, type MemoryState } from '../../../../packages/simulator/src/kernel/memory-state.ts'
import { enforceLimits } from '../../../../packages/simulator/src/kernel/reclaim.ts'

const MB = 2 ** 20
const NO_LIMIT = Number.POSITIVE_INFINITY

function memory(parts: Partial<Record<keyof MemoryState, number>>): MemoryState {
  const mb = (key: keyof MemoryState) => (parts[key] ?? 0) * MB
  return {
    anon: mb('anon'),
    cache: mb('cache'),
    shmem: mb('shmem'),
    slabReclaimable: mb('slabReclaimable'),
    kernel: mb('kernel'),
    swap: mb('swap'),
  }
}

test('below its limits nothing happens', () => {
  const state = memory({ anon: 100, cache: 100 })
  const outcome = enforceLimits(state, { max: 300 * MB, high: 250 * MB, swapMax: 0 })
  expect(outcome).toEqual({ state, reclaimedBytes: 0, events: { high: 0, max: 0, oom: 0, oomKill: 0 } })
})

test('page cache goes first, and that is enough', () => {
  const { state, events } = enforceLimits(memory({ anon: 100, cache: 300 }), {
    max: 200 * MB,
    high: NO_LIMIT,
    swapMax: 0,
  })
  expect(state).toMatchObject({ anon: 100 * MB, cache: 100 * MB })
  expect(events).toMatchObject({ max: 1, oom: 0, oomKill: 0 })
})

test('above memory.high page cache is given back, but nobody is killed', () => {
  const { state, events } = enforceLimits(memory({ anon: 300, cache: 50 }), {
    max: NO_LIMIT,
    high: 200 * MB,
    swapMax: 0,
  })
  expect(state.anon).toBe(300 * MB)
  expect(state.cache).toBe(2 * MB)
  expect(events.high).toBeGreaterThan(0)
  expect(events.oomKill).toBe(0)
})

test('swap takes what the page cache cannot, up to its limit', () => {
  const { state, events } = enforceLimits(memory({ anon: 300 }), { max: 250 * MB, high: NO_LIMIT, swapMax: 64 * MB })
  expect(state).toMatchObject({ anon: 250 * MB, swap: 50 * MB })
  expect(events.oomKill).toBe(0)
})

test('what cannot be had otherwise is had by killing', () => {
  const { state, events } = enforceLimits(memory({ anon: 300, shmem: 10 }), {
    max: 100 * MB,
    high: NO_LIMIT,
    swapMax: 0,
  })
  expect(events).toMatchObject({ oom: 1, oomKill: 1 })
  expect(currentBytes(state)).toBeLessThan(100 * MB)
  expect(state.shmem).toBe(10 * MB)
})

test('whatever is in it, a container fits its limit afterwards unless its shared memory alone is too much', () => {
  const part = fc.integer({ min: 0, max: 2_000 })
  fc.assert(
    fc.property(
      part,
      part,
      part,
      fc.integer({ min: 16, max: 4_000 }),
      fc.integer({ min: 0, max: 500 }),
      (anon, cache, shmem, maxMb, swapMb) => {
        const before = memory({ anon, cache, shmem, kernel: 2 })
        const { state } = enforceLimits(before, { max: maxMb * MB, high: maxMb * 0.99 * MB, swapMax: swapMb * MB })
        expect(currentBytes(state)).toBeLessThanOrEqual(Math.max(maxMb * MB, state.shmem + 6 * MB))
        expect(state.swap).toBeLessThanOrEqual(swapMb * MB)
        expect(Math.min(...Object.values(state))).toBeGreaterThanOrEqual(0)
      },
    ),
  )
})
