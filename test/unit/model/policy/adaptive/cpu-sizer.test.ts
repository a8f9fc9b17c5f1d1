import { describe, expect, test } from 'vitest'
import { CpuSizer, CpuSizerState } from '../../../../../packages/model/src/policy/policies/adaptive/cpu-sizer.ts'

const MINUTE_MS = 60_000
const SETTINGS = { coresStep: 0.1, minCores: 0.1, throttlingPrice: 40 }

interface Run {
  readonly sizer: CpuSizer
  cores: number
  minute: number
}

function begin(cores = 4, settings = SETTINGS): Run {
  return { sizer: new CpuSizer(settings), cores, minute: 0 }
}

/** A sample a minute of this demand, in a closed loop; gives the cores after each. */
function go(run: Run, minutes: number, demand: (minute: number) => number): number[] {
  return Array.from({ length: minutes }, () => {
    const timeMs = run.minute * MINUTE_MS
    const wanted = demand(run.minute++)
    run.sizer.observe({
      timeMs,
      localTimeMs: timeMs,
      dtMs: MINUTE_MS,
      usedCores: Math.min(wanted, run.cores),
      isShort: wanted > run.cores,
      allocatedCores: run.cores,
    })
    const to = run.sizer.decide({ timeMs, localTimeMs: timeMs, allocatedCores: run.cores, isAbnormal: false })
    if (to !== undefined) run.cores = Math.ceil(to * 10 - 1e-6) / 10
    return run.cores
  })
}

describe('CpuSizer', () => {
  test('knows nothing before the first sample', () => {
    const sizer = new CpuSizer(SETTINGS)
    expect(sizer.decide({ timeMs: 0, localTimeMs: 0, allocatedCores: 2, isAbnormal: false })).toBeUndefined()
    expect(sizer.explain()).toContain('nothing')
  })

  test('takes nothing away from a container that it has just come to know, but gives', () => {
    const run = begin(2)
    expect(new Set(go(run, 110, () => 0.5))).toEqual(new Set([2]))
    expect(go(run, 1, () => 3)[0]).toBeGreaterThan(2)
  })

  test('settles on steady load with little to spare', () => {
    const run = begin()
    go(run, 3 * 1_440, () => 1)
    expect(run.cores).toBeGreaterThanOrEqual(1)
    expect(run.cores).toBeLessThanOrEqual(1.2)
  })

  test('jumps to a level it is known to need when it is throttled', () => {
    const run = begin()
    go(run, 600, () => 3)
    go(run, 1_440, () => 0.5)
    expect(run.cores).toBeLessThan(1.5)
    expect(go(run, 1, () => 3)[0]).toBeGreaterThanOrEqual(3)
    expect(run.sizer.explain()).toContain('throttled')
  })

  test('goes up by half at least when throttled above everything it knows', () => {
    const run = begin(1)
    go(run, 200, () => 0.5)
    const before = run.cores
    expect(go(run, 1, () => 50)[0]).toBeGreaterThanOrEqual(before * 1.5)
    expect(go(run, 5, () => 50).at(-1)).toBeGreaterThan(before * 10)
  })

  test('provides for the job of last night before it begins', () => {
    const run = begin()
    const nightly = (minute: number) => (minute % 1_440 >= 180 && minute % 1_440 < 240 ? 3 : 0.3)
    go(run, 1_440 + 170, nightly)
    const evening = run.cores
    expect(evening).toBeGreaterThanOrEqual(3)
    go(run, 300, nightly)
    expect(run.cores).toBeLessThan(1.5)
  })

  test('provides for the job of last week before it begins', () => {
    const run = begin()
    const weekly = (minute: number) => (minute % 10_080 >= 180 && minute % 10_080 < 280 ? 3 : 0.3)
    go(run, 10_080 - 120, weekly)
    expect(run.cores).toBeLessThan(1.5)
    go(run, 120 + 170, weekly)
    expect(run.cores).toBeGreaterThanOrEqual(3)
  })

  test('leaves a level alone that wobbles by less than the dead band', () => {
    const run = begin()
    go(run, 2 * 1_440, () => 2)
    const changes = go(run, 1_440, minute => 2 + 0.03 * Math.sin(minute)).filter(
      (cores, i, all) => i > 0 && cores !== all[i - 1],
    )
    expect(changes.length).toBeLessThanOrEqual(2)
  })

  test('changes at most about as often as its tokens allow, however the load jumps', () => {
    const run = begin()
    const wild = (minute: number) => ((minute * 7_919) % 97 < 30 ? 2 : 0.5) * (1 + ((minute * 31) % 10) / 20)
    const all = go(run, 7 * 1_440, wild)
    const changes = all.filter((cores, i) => i > 2 * 1_440 && cores !== all[i - 1]).length
    expect(changes / 5).toBeLessThanOrEqual(30)
  })

  test('gives an abnormal container more than a normal one', () => {
    const run = begin()
    go(run, 1_440, () => 2)
    const at = { timeMs: run.minute * MINUTE_MS, localTimeMs: run.minute * MINUTE_MS, allocatedCores: 2 }
    expect(run.sizer.decide({ ...at, isAbnormal: true })).toBeGreaterThan(2.2)
  })

  test('never wants less than the smallest size', () => {
    const run = begin(4, { ...SETTINGS, minCores: 0.5 })
    go(run, 2 * 1_440, () => 0.01)
    expect(run.cores).toBe(0.5)
  })

  test('says what it went by, in words', () => {
    const run = begin()
    go(run, 1_440, () => 1)
    expect(run.sizer.explain()).toMatch(
      /^(peak of the last hour or what this time of day or week had twice|98th percentile of the last days), /,
    )
    expect(run.sizer.explain()).toMatch(/cheapest of 36 \(too small \d\.\d\d % of the time, \d+ % unused/)
  })

  test('decides the same after being saved and restored', () => {
    const run = begin()
    const load = (minute: number) => 1 + Math.sin(minute / 200) * 0.5 + ((minute * 7_919) % 13) / 30
    go(run, 2 * 1_440, load)
    const twin: Run = { ...run, sizer: new CpuSizer(SETTINGS) }
    twin.sizer.restore(CpuSizerState.parse(JSON.parse(JSON.stringify(run.sizer.serialise()))))
    const [own, others] = [go(run, 360, load), go(twin, 360, load)]
    const apart = own.filter((cores, i) => Math.abs(cores - (others[i] ?? 0)) > 0.11).length
    expect(apart).toBeLessThan(10)
  })

  test('keeps its peaks, not its bills, when the size of a step changes', () => {
    const run = begin()
    go(run, 1_440, () => 3)
    const whole = new CpuSizer({ ...SETTINGS, coresStep: 1, minCores: 1 })
    whole.restore(CpuSizerState.parse(JSON.parse(JSON.stringify(run.sizer.serialise()))))
    const timeMs = run.minute * MINUTE_MS
    whole.observe({ timeMs, localTimeMs: timeMs, dtMs: MINUTE_MS, usedCores: 1, isShort: true, allocatedCores: 1 })
    expect(whole.decide({ timeMs, localTimeMs: timeMs, allocatedCores: 1, isAbnormal: false })).toBeGreaterThanOrEqual(
      3,
    )
  })

  test.each([[null], [{}], [{ windows: [] }], ['nonsense'], [{ windows: [], chosen: 0, shortInARow: 0 }]])(
    'refuses %j as a state',
    saved => {
      expect(CpuSizerState.safeParse(saved).success).toBe(false)
    },
  )
})
