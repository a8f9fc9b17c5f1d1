import { ContainerSizer } from '@lxc-autoscale/model'
import { type ReplayRun, replay, SHAPE_NAMES, shapeTrace, type Trace } from '@lxc-autoscale/replay'
import { describe, expect, test } from 'vitest'
import { decisionsCsv } from '../../packages/replay/src/decisions-csv.ts'
import { settings } from '../builders/sizing.ts'

const DAYS = 14
const HOUR_S = 3_600
const DAY_S = 24 * HOUR_S
const FALLBACK = { cores: 4, memoryMb: 4_096 }
const SEEDS = [1, 2, 3]

interface Run {
  readonly trace: Trace
  readonly run: ReplayRun
}

/** Two weeks of a shape under the adaptive policy and all safety rules. */
function live(name: string, seed: number, trace = shapeTrace(name, { seed, days: DAYS })): Run {
  const sizing = { cpu_unit: 'cpulimit', min_cpu_cores: 0.1, min_ram_mb: 64, max_cpu_cores: 8, max_ram_mb: 8_192 }
  const sizer = new ContainerSizer({ vmid: 101, settings: settings(sizing) })
  return {
    trace,
    run: replay(trace, sizer, { intervalS: 60, fallback: FALLBACK, memoryMargin: { mb: 32, percent: 5 } }),
  }
}

const cases = SHAPE_NAMES.flatMap(name => SEEDS.map(seed => [name, seed] as const))

describe('a week of every workload, after a week of learning', () => {
  test.each(cases)('%s (seed %i): no flapping, limits kept, hardly ever short', (name, seed) => {
    const { trace, run } = live(name, seed)
    const lastWeekS = (trace.timesS.at(-1) ?? 0) - 7 * DAY_S
    const settled = run.changes.filter(({ timeS }) => timeS > lastWeekS)
    expect(settled.length / 7).toBeLessThanOrEqual(24)
    expect(reversals(settled) / 7).toBeLessThanOrEqual(12)
    for (const { allocation } of run.changes) {
      expect(allocation.cores).toBeGreaterThanOrEqual(0.1)
      expect(allocation.cores).toBeLessThanOrEqual(8)
      expect(allocation.memoryMb).toBeGreaterThanOrEqual(64)
    }
    expect(shortShare(trace.cpuCores, run.cores, trace.timesS, lastWeekS)).toBeLessThan(0.003)
    expect(kills(trace, run, lastWeekS)).toBeLessThanOrEqual(1)
  })

  test.each(['steady', 'idle', 'heap'])('%s is changed at most eight times a day once it is known', name => {
    const { trace, run } = live(name, 1)
    const lastWeekS = (trace.timesS.at(-1) ?? 0) - 7 * DAY_S
    expect(run.changes.filter(({ timeS }) => timeS > lastWeekS).length / 7).toBeLessThanOrEqual(8)
  })

  test.each(SEEDS)(
    'of a nightly job that is known no more than its first minute is throttled, and it is not killed again (seed %i)',
    seed => {
      const { trace, run } = live('nightly_batch', seed)
      const startS = trace.timesS[0] ?? 0
      expect(shortShare(trace.cpuCores, run.cores, trace.timesS, startS + 1.25 * DAY_S)).toBeLessThan(1 / 1_440)
      expect(kills(trace, run, startS + 0.75 * DAY_S)).toBe(0)
    },
  )

  test.each(SEEDS)('the weekly backup is provided for from its second week on (seed %i)', seed => {
    const { trace, run } = live('weekly_backup', seed)
    const secondWeekS = (trace.timesS[0] ?? 0) + 8 * DAY_S
    expect(shortShare(trace.cpuCores, run.cores, trace.timesS, secondWeekS)).toBeLessThan(0.0005)
    expect(kills(trace, run, secondWeekS)).toBe(0)
  })
})

describe('the same input', () => {
  test.each(['bursts', 'office_hours', 'leak'])('of %s gives the same bytes twice', name => {
    expect(decisionsCsv(live(name, 5).run)).toBe(decisionsCsv(live(name, 5).run))
  })

  test.each(SHAPE_NAMES)('of %s cut in half gives the same decisions on the first half', name => {
    const { trace, run } = live(name, 4)
    const half = trace.timesS.length >> 1
    const cut: Trace = {
      ...trace,
      timesS: trace.timesS.slice(0, half),
      cpuCores: trace.cpuCores?.slice(0, half),
      memoryMb: trace.memoryMb?.slice(0, half),
    }
    const halfRun = live(name, 4, cut).run
    expect([halfRun.cores, halfRun.memoryMb]).toEqual([run.cores?.slice(0, half), run.memoryMb?.slice(0, half)])
  })

  test('with another demand above the limit gives the same decisions', () => {
    const { trace, run } = live('bursts', 6)
    const hidden: Trace = {
      ...trace,
      cpuCores: trace.cpuCores?.map((cores, i) => {
        const allowed = run.cores?.[i] ?? 0
        return cores > allowed ? allowed + 3 * (cores - allowed) : cores
      }),
    }
    expect(decisionsCsv(live('bursts', 6, hidden).run)).toBe(decisionsCsv(run))
  })
})

/** Changes of cores or memory that undo the one before within an hour. */
function reversals(changes: ReplayRun['changes']): number {
  return changes.filter(({ timeS, decision }, index) => {
    const before = changes[index - 1]
    if (before === undefined || timeS - before.timeS > HOUR_S) return false
    return isUndone(before.decision.cores, decision.cores) || isUndone(before.decision.memory, decision.memory)
  }).length
}

function isUndone(before: string, now: string): boolean {
  return before === 'down' && now === 'up'
}

function shortShare(
  demand: Float64Array | undefined,
  given: Float64Array | undefined,
  timesS: Float64Array,
  fromS: number,
): number {
  const judged = [...timesS.keys()].filter(i => (timesS[i] ?? 0) > fromS)
  return judged.filter(i => (demand?.[i] ?? 0) > (given?.[i] ?? 0)).length / judged.length
}

function kills({ timesS, memoryMb }: Trace, run: ReplayRun, fromS: number): number {
  const isKilled = (i: number) => (memoryMb?.[i] ?? 0) > (run.memoryMb?.[i] ?? 0)
  return [...timesS.keys()].filter(i => (timesS[i] ?? 0) > fromS && isKilled(i) && !isKilled(i - 1)).length
}
