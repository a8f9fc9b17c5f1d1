import { describe, expect, test } from 'vitest'
import { MEMORY_PARAMETERS } from '../../../../../packages/model/src/policy/policies/adaptive/memory-parameters.ts'
import {
  MemorySizer,
  type MemorySizerSettings,
  MemorySizerState,
} from '../../../../../packages/model/src/policy/policies/adaptive/memory-sizer.ts'

const MINUTE_MS = 60_000
const DAY = 1_440
const SETTINGS: MemorySizerSettings = { safety: 'safe', minChange: 0.05 }

interface Run {
  readonly sizer: MemorySizer
  memoryMb: number
  minute: number
  kills: number
}

function begin(memoryMb = 4_096, settings = SETTINGS): Run {
  return { sizer: new MemorySizer(settings, MEMORY_PARAMETERS), memoryMb, minute: 0, kills: 0 }
}

/** A sample a minute of this demand, in a closed loop; gives the limit after each. */
function go(run: Run, minutes: number, demand: (minute: number) => number): number[] {
  return Array.from({ length: minutes }, () => {
    const timeMs = run.minute * MINUTE_MS
    const wanted = demand(run.minute++)
    const wasKilled = wanted > run.memoryMb
    run.kills += wasKilled ? 1 : 0
    run.sizer.observe({ timeMs, dtMs: MINUTE_MS, neededMb: Math.min(wanted, run.memoryMb), wasKilled })
    const to = run.sizer.decide({ timeMs, allocatedMb: run.memoryMb })
    if (to !== undefined) run.memoryMb = Math.ceil(to)
    return run.memoryMb
  })
}

/** As `go`, before anything may be taken away. */
function watch(run: Run, minutes: number, demand: (minute: number) => number): void {
  const { memoryMb } = run
  for (let i = 0; i < minutes; i++) {
    go(run, 1, demand)
    run.memoryMb = memoryMb
  }
}

describe('MemorySizer', () => {
  test('knows nothing before the first sample', () => {
    const { sizer } = begin()
    expect(sizer.decide({ timeMs: 0, allocatedMb: 512 })).toBeUndefined()
    expect(sizer.explain()).toBe('nothing has been observed yet')
  })

  test('gives steady use a twentieth more', () => {
    const run = begin()
    go(run, 3 * DAY, () => 1_000)
    expect(run.memoryMb).toBe(1_050)
    expect(run.sizer.explain()).toBe(
      'peak of the 3 days that it is known, 1000 MB (in the last hours), and 50 MB (5 %, the least; largest leap in an hour 0 MB); next: uses 1000 MB and rose by up to 0 MB at once in 2 hours',
    )
  })

  test.each([
    ['safe', 14, 1_250],
    ['balanced', 14, 1_125],
    ['thrifty', 8, 1_125],
  ] as const)(
    'remembers a leap for so long as the level %s says, and adds its share of it',
    (safety, days, limitMb) => {
      const run = begin(4_096, { ...SETTINGS, safety })
      watch(run, 120, minute => (minute === 90 ? 1_000 : 500))
      go(run, (days - 1) * DAY, () => 500)
      expect(run.memoryMb).toBe(limitMb)
      go(run, 2 * DAY, () => 500)
      expect(run.memoryMb).toBe(525)
    },
  )

  test('follows growth without a kill, also after a restart', () => {
    const run = begin()
    const leak = (minute: number) => 400 + (minute % 3_000) * 0.5
    go(run, 8_000, leak)
    expect(run.kills).toBe(0)
  })

  test('gives what grows steeply room for one more rise, and is urgent while it has none', () => {
    const run = begin()
    go(run, DAY, () => 500)
    expect([run.memoryMb, run.sizer.isUrgent]).toEqual([525, false])
    expect(go(run, 2, () => 600).at(-1)).toBeGreaterThanOrEqual(700)
    expect(go(run, 1, () => 700)[0]).toBeGreaterThanOrEqual(800)
    expect(run.sizer.isUrgent).toBe(true)
    go(run, 3 * 60, () => 700)
    expect(run.sizer.isUrgent).toBe(false)
  })

  test('grows by the least change at least, so that a slow leak does not use up the changes of an hour', () => {
    const run = begin()
    const limits = new Set(go(run, DAY, minute => 500 + minute / 2))
    expect(limits.size).toBeLessThanOrEqual(20)
    expect(run.kills).toBe(0)
  })

  test('provides for the backup of last week before it begins', () => {
    const run = begin(8_192)
    const weekly = (minute: number) => (minute % 10_080 >= 200 && minute % 10_080 < 290 ? 3_000 : 700)
    watch(run, 300, weekly)
    go(run, 3 * 10_080, weekly)
    expect(run.kills).toBe(0)
  })

  test('grows by a third at each kill until it is enough', () => {
    const run = begin()
    go(run, 2_000, () => 500)
    const limits = go(run, 6, () => 3_000)
    expect(limits[0]).toBeGreaterThanOrEqual(525 * 1.3)
    expect(limits.at(-1)).toBeGreaterThanOrEqual(3_000)
    expect(limits.findIndex(limit => limit >= 3_000)).toBeLessThanOrEqual(3)
  })

  test('a job of once a month is not killed twice', () => {
    const run = begin(1_024)
    const monthly = (minute: number) =>
      minute % (30 * DAY) > 20 * DAY && minute % (30 * DAY) < 20 * DAY + 30 ? 1_500 : 500
    go(run, 21 * DAY, monthly)
    const before = run.kills
    expect(before).toBeGreaterThan(0)
    go(run, 20 * DAY, monthly)
    expect(run.sizer.explain()).toMatch(
      /^wants \d+ MB, within 5 % of what it has: killed with \d+ MB \(21 days ago\), which counts as \d+ MB, and \d+ MB \(/,
    )
    go(run, 10 * DAY, monthly)
    expect(run.kills).toBe(before)
  })

  test('is urgent while it is killed', () => {
    const run = begin(512)
    go(run, 10, () => 500)
    expect(run.sizer.isUrgent).toBe(false)
    go(run, 1, () => 600)
    expect(run.sizer.isUrgent).toBe(true)
    expect(run.sizer.explain()).toMatch(
      /^killed with 538 MB, which counts as 699 MB, and \d+ MB .*; next: killed for lack of memory with 538 MB: 1.3 times that$/,
    )
  })

  test('does not change a limit that fits for days', () => {
    const run = begin()
    go(run, 2 * DAY, minute => 1_000 + 10 * Math.sin(minute / 90))
    expect(new Set(go(run, 3 * DAY, minute => 1_000 + 10 * Math.sin(minute / 90))).size).toBe(1)
  })

  test('decides the same after being saved and restored', () => {
    const run = begin()
    const load = (minute: number) => 800 + 200 * Math.sin(minute / 300) + ((minute * 7_919) % 41)
    go(run, 2 * DAY + 17, load)
    const twin: Run = { ...run, sizer: new MemorySizer(SETTINGS, MEMORY_PARAMETERS) }
    twin.sizer.restore(MemorySizerState.parse(JSON.parse(JSON.stringify(run.sizer.serialise()))))
    const [own, others] = [go(run, 360, load), go(twin, 360, load)]
    expect(own.every((limit, i) => Math.abs(limit - (others[i] ?? 0)) < 0.01 * limit)).toBe(true)
  })

  test('makes no leap of being saved before anything was seen', () => {
    const run = begin()
    run.sizer.restore(MemorySizerState.parse(JSON.parse(JSON.stringify(begin().sizer.serialise()))))
    go(run, DAY, () => 1_000)
    expect(run.memoryMb).toBe(1_050)
  })

  test.each([[null], [{}], ['nonsense'], [{ windows: [], neededMb: 1, killsInARow: 0 }]])(
    'refuses %j as a state',
    saved => {
      expect(MemorySizerState.safeParse(saved).success).toBe(false)
    },
  )
})
