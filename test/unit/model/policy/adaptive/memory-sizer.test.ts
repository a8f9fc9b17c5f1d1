import { describe, expect, test } from 'vitest'
import {
  MemorySizer,
  MemorySizerState,
} from '../../../../../packages/model/src/policy/policies/adaptive/memory-sizer.ts'

const MINUTE_MS = 60_000

interface Run {
  readonly sizer: MemorySizer
  memoryMb: number
  minute: number
  kills: number
}

function begin(memoryMb = 4_096): Run {
  return { sizer: new MemorySizer({ minMemoryMb: 64 }), memoryMb, minute: 0, kills: 0 }
}

/** A sample a minute of this demand, in a closed loop; gives the limit after each. */
function go(run: Run, minutes: number, demand: (minute: number) => number): number[] {
  return Array.from({ length: minutes }, () => {
    const timeMs = run.minute * MINUTE_MS
    const wanted = demand(run.minute++)
    const wasKilled = wanted > run.memoryMb
    run.kills += wasKilled ? 1 : 0
    run.sizer.observe({
      timeMs,
      localTimeMs: timeMs,
      dtMs: MINUTE_MS,
      usedMb: Math.min(wanted, run.memoryMb),
      wasKilled,
      wasPressed: false,
      cpuCores: undefined,
      allocatedMb: run.memoryMb,
    })
    const to = run.sizer.decide({ timeMs, localTimeMs: timeMs, allocatedMb: run.memoryMb, isAbnormal: false })
    if (to !== undefined) run.memoryMb = Math.ceil(to)
    return run.memoryMb
  })
}

describe('MemorySizer', () => {
  test('knows nothing before the first sample', () => {
    const sizer = new MemorySizer({ minMemoryMb: 64 })
    expect(sizer.decide({ timeMs: 0, localTimeMs: 0, allocatedMb: 512, isAbnormal: false })).toBeUndefined()
  })

  test('takes nothing away in the first two hours', () => {
    expect(new Set(go(begin(), 119, () => 300))).toEqual(new Set([4_096]))
  })

  test('settles a good tenth above steady use', () => {
    const run = begin()
    go(run, 3 * 1_440, () => 1_000)
    expect(run.memoryMb).toBeGreaterThanOrEqual(1_100)
    expect(run.memoryMb).toBeLessThanOrEqual(1_250)
  })

  test('follows growth without a kill, and comes down after a restart', () => {
    const run = begin()
    const leak = (minute: number) => 400 + (minute % 3_000) * 0.5
    go(run, 2_990, leak)
    expect(run.kills).toBe(0)
    go(run, 3_000 + 2_000, leak)
    expect(run.kills).toBe(0)
  })

  test('makes room at once when memory rises by a step', () => {
    const run = begin()
    go(run, 1_440, () => 30)
    expect(run.memoryMb).toBeLessThan(80)
    expect(go(run, 1, () => 38)[0]).toBeGreaterThanOrEqual(38 + 96)
    expect(run.sizer.isUrgent((run.minute - 1) * MINUTE_MS)).toBe(true)
    expect(run.sizer.explain()).toContain('rises suddenly')
  })

  test('provides for the backup of last week before it begins', () => {
    const run = begin(8_192)
    const weekly = (minute: number) => (minute % 10_080 >= 200 && minute % 10_080 < 290 ? 3_000 : 700)
    go(run, 10_080 - 300, weekly)
    expect(run.memoryMb).toBeLessThan(1_200)
    const before = run.kills
    go(run, 300 + 400, weekly)
    expect(run.kills).toBe(before)
  })

  test('grows by a third at each kill until it is enough', () => {
    const run = begin()
    go(run, 2_000, () => 500)
    const limits = go(run, 6, () => 3_000)
    expect(limits[0]).toBeGreaterThanOrEqual(550 * 1.3)
    expect(limits.at(-1)).toBeGreaterThanOrEqual(3_000)
  })

  test('has larger margins after surprises', () => {
    const [calm, surprised] = [begin(), begin()]
    go(calm, 4 * 1_440, () => 1_000)
    go(surprised, 4 * 1_440, minute => (minute === 2 * 1_440 ? 1_290 : 1_000))
    expect(surprised.memoryMb).toBeGreaterThan(calm.memoryMb)
  })

  test('gives an abnormal container room beyond what it uses', () => {
    const run = begin()
    go(run, 1_440, () => 100)
    const timeMs = run.minute * MINUTE_MS
    const wanted = run.sizer.decide({ timeMs, localTimeMs: timeMs, allocatedMb: run.memoryMb, isAbnormal: true })
    expect(wanted).toBeGreaterThanOrEqual(196)
  })

  test('does not change a limit that fits for days', () => {
    const run = begin()
    go(run, 2 * 1_440, minute => 1_000 + 10 * Math.sin(minute / 90))
    expect(new Set(go(run, 3 * 1_440, minute => 1_000 + 10 * Math.sin(minute / 90))).size).toBe(1)
  })

  test('says what it went by, in words', () => {
    const run = begin()
    go(run, 2 * 1_440, minute => 1_000 + 10 * Math.sin(minute / 90))
    expect(run.sizer.explain()).toMatch(
      /^peak of the last .*, \+15 % \(the largest surprise of the week\): cheapest of 4$/,
    )
  })

  test('decides the same after being saved and restored', () => {
    const run = begin()
    const load = (minute: number) => 800 + 200 * Math.sin(minute / 300) + ((minute * 7_919) % 41)
    go(run, 2 * 1_440, load)
    const twin: Run = { ...run, sizer: new MemorySizer({ minMemoryMb: 64 }) }
    twin.sizer.restore(MemorySizerState.parse(JSON.parse(JSON.stringify(run.sizer.serialise()))))
    const [own, others] = [go(run, 360, load), go(twin, 360, load)]
    expect(own.every((limit, i) => Math.abs(limit - (others[i] ?? 0)) < 0.01 * limit)).toBe(true)
  })

  test.each([[null], [{}], ['nonsense'], [{ windows: [], usedMb: 1, killsInARow: 0, chosen: 0 }]])(
    'refuses %j as a state',
    saved => {
      expect(MemorySizerState.safeParse(saved).success).toBe(false)
    },
  )
})
