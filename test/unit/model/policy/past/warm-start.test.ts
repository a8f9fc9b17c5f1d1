import type { PastStep } from '@lxc-autoscale/core'
import { ContainerSizer } from '@lxc-autoscale/model'
import { beforeEach, describe, expect, test } from 'vitest'
import { circumstances, type Figures, localSample, MONDAY_MS, settings } from '../../../../builders/sizing.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const HAS = { cores: 8, memoryMb: 8_192 }
const timesOf = (clockMs: number) => ({ timestampMs: clockMs, localTimeMs: clockMs })

let sizer: ContainerSizer
let nowMs: number

beforeEach(() => {
  sizer = new ContainerSizer({ vmid: 101, settings: settings() })
  nowMs = MONDAY_MS
})

/** Two weeks of half hours of one core and 1000 MB, up to the Monday. */
function past(change: Partial<PastStep> = {}): PastStep[] {
  const stepMs = 30 * MINUTE_MS
  return Array.from({ length: 14 * 48 }, (_, step) => ({
    startMs: MONDAY_MS - (14 * 48 - step) * stepMs,
    stepMs,
    coresUsed: { mean: 1, peak: 1 },
    memoryUsedMb: { mean: 1_000, peak: 1_000 },
    cores: 8,
    memoryLimitMb: 8_192,
    cpuWaitingPercent: undefined,
    ...change,
  }))
}

function watch(minutes: number, figures: Partial<Figures> = {}, of = sizer): void {
  for (let minute = 0; minute < minutes; minute++) {
    nowMs += MINUTE_MS
    of.observe(localSample({ timeMs: nowMs, allocation: HAS, cpuCoresUsed: 1, memoryUsedMb: 1_000, ...figures }))
  }
}

function decide(of = sizer) {
  return of.decide(circumstances({ nowMs, localTimeMs: nowMs, allocation: HAS, leastMemoryMb: 100 }))
}

const memoryWords = () => {
  decide()
  return sizer.explain().memory
}

describe('a sizer that begins with what Proxmox has kept', () => {
  test('wants it from its first minute on, once', () => {
    expect(sizer.wantsPast).toBe(false)
    watch(1)
    expect(sizer.wantsPast).toBe(true)
    sizer.learnPast({ steps: past(), timesOf })
    expect(sizer.wantsPast).toBe(false)
    expect(sizer.known.past?.knownMs).toBe(14 * 24 * HOUR_MS)
  })

  test('wants none after half a day of its own, nor with the policy threshold', () => {
    watch(12 * 60 + 1)
    expect(sizer.wantsPast).toBe(false)
    sizer = new ContainerSizer({ vmid: 101, settings: settings({ policy: 'threshold' }) })
    watch(1)
    expect(sizer.wantsPast).toBe(false)
  })

  test('adds to all of it what Proxmox does not count of its memory', () => {
    watch(1, { memoryUsedMb: 1_500 })
    sizer.learnPast({ steps: past({ memoryUsedMb: { mean: 1_000, peak: 2_000 } }), timesOf })
    expect(memoryWords()).toContain('peak of 14 days, 2500 MB')
  })

  test('keeps what it has seen itself, kills too', () => {
    watch(200)
    watch(1, { memoryUsedMb: 3_000, oomKills: 1, allocation: { cores: 8, memoryMb: 3_000 } })
    watch(190)
    sizer.learnPast({ steps: past(), timesOf })
    expect(memoryWords()).toContain('killed with 3000 MB')
  })

  test('still wants it with other settings, and after it was saved', () => {
    watch(1)
    sizer.configure(settings({ memory_safety: 'balanced' }))
    expect(sizer.wantsPast).toBe(true)
    const next = new ContainerSizer({
      vmid: 101,
      settings: settings(),
      saved: JSON.parse(JSON.stringify(sizer.serialise())),
    })
    watch(1, {}, next)
    expect(next.wantsPast).toBe(true)
  })

  test('remembers over a restart that it knows it, and learns for a third of the time', () => {
    watch(1)
    sizer.learnPast({ steps: past(), timesOf })
    sizer = new ContainerSizer({
      vmid: 101,
      settings: settings(),
      saved: JSON.parse(JSON.stringify(sizer.serialise())),
    })
    watch(59)
    expect(sizer.isLearning).toBe(true)
    expect(
      decide()
        .reasons.map(({ text }) => text)
        .join(),
    ).toContain('knows 14 days from Proxmox, 59 min of its own')
    watch(2)
    expect(sizer.isLearning).toBe(false)
  })

  test('is as it was when Proxmox kept nothing', () => {
    watch(5)
    const before = sizer.explain()
    sizer.learnPast({ steps: [], timesOf })
    expect(sizer.known.past).toBeUndefined()
    expect(sizer.explain()).toEqual(before)
    expect(sizer.wantsPast).toBe(false)
  })

  test.each([
    ['of another container that had its number', { memoryLimitMb: 512 }, undefined],
    ['of itself while the host was off', {}, (14 - 2) * 24 * HOUR_MS],
  ])('takes what ended two days ago for that %s, by what it is allowed now', (_, had, spanMs) => {
    const steps = past(had).filter(({ startMs }) => startMs < MONDAY_MS - 48 * HOUR_MS)
    watch(1)
    sizer.learnPast({ steps, timesOf })
    expect(sizer.known.past?.knownMs).toBe(spanMs)
  })

  test('counts for learning only what was learned: what was before its own, and not while its own memory is not known', () => {
    watch(120)
    sizer.learnPast({ steps: past().map(step => ({ ...step, startMs: step.startMs + 14 * 24 * HOUR_MS })), timesOf })
    expect(sizer.known.past).toBeUndefined()
    sizer = new ContainerSizer({ vmid: 101, settings: settings() })
    watch(1, { memoryUsedMb: undefined })
    sizer.learnPast({ steps: past(), timesOf })
    expect(sizer.known.past).toBeUndefined()
  })
})
