import { runEvery } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { FakeClock } from '../../../fakes/fake-clock.ts'

function start(clock: FakeClock, cycle: (index: number) => Promise<void>) {
  const stop = new AbortController()
  const startsMs: number[] = []
  const done = runEvery({ intervalMs: () => 1_000, clock, signal: stop.signal }, async () => {
    startsMs.push(clock.monotonicMs())
    await cycle(startsMs.length - 1)
  })
  return { startsMs, stop, done }
}

test('begins at once and keeps a fixed rate whatever a cycle takes', async () => {
  const clock = new FakeClock()
  const run = start(clock, () => clock.sleep(300))
  await clock.advance(3_500)
  expect(run.startsMs).toEqual([0, 1_000, 2_000, 3_000])
})

test('leaves out the ticks that a slow cycle missed instead of running late ones', async () => {
  const clock = new FakeClock()
  const run = start(clock, index => clock.sleep(index === 0 ? 2_400 : 10))
  await clock.advance(4_500)
  expect(run.startsMs).toEqual([0, 3_000, 4_000])
})

test('is not moved by a step of the wall clock', async () => {
  const clock = new FakeClock()
  const run = start(clock, async () => clock.stepWallMs(-3_600_000))
  await clock.advance(2_500)
  expect(run.startsMs).toEqual([0, 1_000, 2_000])
})

test('returns when it is stopped in the middle of a wait', async () => {
  const clock = new FakeClock()
  const run = start(clock, async () => {})
  await clock.advance(1_500)
  run.stop.abort()
  await run.done
  expect(run.startsMs).toHaveLength(2)
})
