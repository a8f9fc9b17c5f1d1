import { describe, expect, test } from 'vitest'
import { CPU_PARAMETERS } from '../../../../../packages/model/src/policy/policies/adaptive/cpu-parameters.ts'
import { CpuSizer, cpuDesign } from '../../../../../packages/model/src/policy/policies/adaptive/cpu-sizer.ts'

const MINUTE_MS = 60_000
const SETTINGS = { coresStep: 0.1, minCores: 0.1, throttlingPrice: 40, minChange: 0.05 }
const DESIGN = cpuDesign(CPU_PARAMETERS)

interface Run {
  readonly sizer: CpuSizer
  cores: number
  minute: number
}

function begin(cores = 4, settings = SETTINGS): Run {
  return { sizer: new CpuSizer(settings, DESIGN), cores, minute: 0 }
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
      neededCores: wanted > run.cores ? run.cores * 1.5 : wanted,
      allocatedCores: run.cores,
    })
    const to = run.sizer.decide({ timeMs, localTimeMs: timeMs, allocatedCores: run.cores })
    if (to !== undefined) run.cores = Math.ceil(to * 10 - 1e-6) / 10
    return run.cores
  })
}

describe('CpuSizer', () => {
  test('knows nothing before the first sample', () => {
    const sizer = new CpuSizer(SETTINGS, DESIGN)
    expect(sizer.decide({ timeMs: 0, localTimeMs: 0, allocatedCores: 2 })).toBeUndefined()
    expect(sizer.explain()).toContain('nothing')
  })

  test('gives a container that it has just come to know at once what it uses and a little more', () => {
    const run = begin(2)
    expect(go(run, 10, () => 1.9).at(-1)).toBeCloseTo(2.2)
    expect(run.sizer.explain()).toBe(
      'the most it wanted so far is 1.9 cores, and 15 % more: not known long enough for more',
    )
  })

  test('gives a stranger a step a look, and no more than twice what it is known to need', () => {
    const run = begin(2)
    go(run, 2, () => 1)
    const cores = go(run, 3, () => 50)
    expect(cores).toEqual([1.8, 2.7, 4.1])
    const slow = begin(2)
    go(slow, 2, () => 0.2)
    slow.sizer.observe({
      ...{ timeMs: 2 * MINUTE_MS, localTimeMs: 0, dtMs: MINUTE_MS },
      ...{ usedCores: 0.4, isShort: true, neededCores: 0.5, allocatedCores: 0.8 },
    })
    const wanted = slow.sizer.decide({ timeMs: 2 * MINUTE_MS, localTimeMs: 0, allocatedCores: 0.8 })
    expect(wanted).toBe(1)
    expect(slow.sizer.explain()).toBe(
      'short of cores, and known for less than an hour: no more than 2 times the 0.5 cores that it has needed so far',
    )
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
    expect(run.sizer.explain()).toMatch(
      /^short of cores: up to the 3(\.\d+)? cores of the peak of the 34 hours that it is known$/,
    )
  })

  test('goes up by half at least when throttled above everything it knows', () => {
    const run = begin(1)
    go(run, 200, () => 0.5)
    const before = run.cores
    expect(go(run, 1, () => 50)[0]).toBeGreaterThanOrEqual(before * 1.5)
    expect(go(run, 5, () => 50).at(-1)).toBeGreaterThan(before * 10)
  })

  test('provides for a job of every night before it begins, once two nights have shown it', () => {
    const run = begin()
    const nightly = (minute: number) => (minute % 1_440 >= 180 && minute % 1_440 < 240 ? 3 : 0.3)
    go(run, 2 * 1_440 + 170, nightly)
    expect(run.cores).toBeGreaterThanOrEqual(3)
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

  test('never wants less than the smallest size', () => {
    const run = begin(4, { ...SETTINGS, minCores: 0.5 })
    go(run, 2 * 1_440, () => 0.01)
    expect(run.cores).toBe(0.5)
  })

  test('says which rule won, what it has cost, and what the next best would have', () => {
    const run = begin()
    go(run, 3 * 1_440, minute => (minute % 97 === 0 ? 1.3 : 1))
    expect(run.sizer.explain()).toMatch(
      /^peak of .*, \+\d+ %: (never too small|too small \d+ min a week), \d+ % unused; next: peak .* \(\d(\.\d+)? cores\): (never too small|too small \d+ min a week), \d+ % unused$/,
    )
  })

  test('says of a step down what was wanted in the last minutes, not only what is wanted now', () => {
    const run = begin()
    const reasons = new Set<string>()
    for (let minute = 0; minute < 3 * 1_440; minute++) {
      const before = run.cores
      go(run, 1, () => 1 + 2 * Math.exp(-(minute % 400) / 60))
      if (run.cores < before)
        reasons.add(
          run.sizer
            .explain()
            .replaceAll(/[\d.]+ cores?/g, 'N cores')
            .slice(0, 71),
        )
    }
    expect(reasons).toContain('most wanted in the last 6 min, N cores; now N cores: peak of 30 minutes')
  })

  test('decides the same after being saved and restored', () => {
    const run = begin()
    const load = (minute: number) => 1 + Math.sin(minute / 200) * 0.5 + ((minute * 7_919) % 13) / 30
    go(run, 2 * 1_440, load)
    const twin: Run = { ...run, sizer: new CpuSizer(SETTINGS, DESIGN) }
    twin.sizer.restore(DESIGN.state.parse(JSON.parse(JSON.stringify(run.sizer.serialise()))))
    const [own, others] = [go(run, 360, load), go(twin, 360, load)]
    const apart = own.filter((cores, i) => Math.abs(cores - (others[i] ?? 0)) > 0.11).length
    expect(apart).toBeLessThan(10)
  })

  test('keeps its peaks, not its bills, when the size of a step changes', () => {
    const run = begin()
    go(run, 1_440, () => 3)
    const whole = new CpuSizer({ ...SETTINGS, coresStep: 1, minCores: 1 }, DESIGN)
    whole.restore(DESIGN.state.parse(JSON.parse(JSON.stringify(run.sizer.serialise()))))
    const timeMs = run.minute * MINUTE_MS
    whole.observe({
      timeMs,
      localTimeMs: timeMs,
      dtMs: MINUTE_MS,
      usedCores: 1,
      isShort: true,
      neededCores: 1,
      allocatedCores: 1,
    })
    expect(whole.decide({ timeMs, localTimeMs: timeMs, allocatedCores: 1 })).toBeGreaterThanOrEqual(3)
  })

  test.each([[null], [{}], [{ windows: [] }], ['nonsense'], [{ windows: [], chosen: 0, shortLooks: 0 }]])(
    'refuses %j as a state',
    saved => {
      expect(DESIGN.state.safeParse(saved).success).toBe(false)
    },
  )
})
