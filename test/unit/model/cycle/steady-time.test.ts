import { beforeEach, describe, expect, test } from 'vitest'
import { SteadyTime } from '../../../../packages/model/src/cycle/steady-time.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 0, 5)

let clock: FakeClock
let time: SteadyTime

beforeEach(() => {
  clock = new FakeClock(START_MS)
  clock.passMs(HOUR_MS)
  time = new SteadyTime(clock)
})

describe('steady time', () => {
  test('begins with the clock and goes on evenly, whatever is done to the clock', () => {
    expect(time.nowMs()).toBe(START_MS + HOUR_MS)
    for (const stepMs of [30 * 24 * HOUR_MS, -HOUR_MS, -60 * 24 * HOUR_MS]) clock.stepWallMs(stepMs)
    clock.passMs(10_000)
    expect(time.nowMs()).toBe(START_MS + HOUR_MS + 10_000)
  })

  test('goes on over a restart as if there had been none, also when the clock was set meanwhile', () => {
    const saved = time.moment()
    clock.passMs(HOUR_MS)
    clock.stepWallMs(-24 * HOUR_MS)
    expect(new SteadyTime(clock, saved).nowMs()).toBe(START_MS + 2 * HOUR_MS)
  })

  test('counts over a reboot only what has passed for certain', () => {
    const saved = time.moment()
    clock.reboot(7 * 24 * HOUR_MS)
    clock.passMs(HOUR_MS / 2)
    expect(new SteadyTime(clock, saved).nowMs()).toBe(saved.ms + HOUR_MS / 2)
  })

  test('tells when something was by the clock as it is set now, and never later than now', () => {
    clock.stepWallMs(24 * HOUR_MS)
    expect(time.ofClock(clock.nowMs() - 5_000)).toBe(time.nowMs() - 5_000)
    expect(time.ofClock(clock.nowMs() + HOUR_MS)).toBe(time.nowMs())
    expect(time.toClock(time.nowMs() - 5_000)).toBe(clock.nowMs() - 5_000)
  })

  test('tells when another process saw something since this boot', () => {
    const { id, seconds } = clock.sinceBoot()
    expect(time.ofBoot({ id, seconds: seconds - 60 })).toBe(time.nowMs() - 60_000)
    expect(time.ofBoot({ id, seconds: seconds + 60 })).toBe(time.nowMs())
  })

  test('takes what was seen last before a reboot for as young as it can be, and the rest as much older as it was', () => {
    const { id, seconds } = clock.sinceBoot()
    clock.reboot()
    const bootedMs = clock.nowMs()
    clock.passMs(HOUR_MS)
    const next = new SteadyTime(clock)
    expect(next.ofBoot({ id, seconds })).toBe(bootedMs)
    expect(next.ofBoot({ id, seconds: seconds - 600 })).toBe(bootedMs - 600_000)
  })

  test('knows how long before the reboot something was from what was saved later than that', () => {
    const { id, seconds } = clock.sinceBoot()
    clock.passMs(2 * HOUR_MS)
    const saved = time.moment()
    clock.reboot()
    const next = new SteadyTime(clock, saved)
    expect(next.ofBoot({ id, seconds })).toBe(next.nowMs() - 2 * HOUR_MS)
  })
})
