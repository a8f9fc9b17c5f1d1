import { describe, expect, test } from 'vitest'
import type { Allocation, Circumstances, Decision, LocalSample } from '../../../packages/model/src/policy/decision.ts'
import { directionOf } from '../../../packages/model/src/policy/decision.ts'
import { bill, staticRun } from '../../../packages/replay/src/bill.ts'
import { type ReplaySizer, replay } from '../../../packages/replay/src/closed-loop.ts'
import { decisionsCsv } from '../../../packages/replay/src/decisions-csv.ts'
import { parseTraceCsv, TRACE_HEADER } from '../../../packages/replay/src/trace.ts'
import { UNHELD } from '../../builders/sizing.ts'

/** Gives what `size` says, and keeps what it was shown. */
class RecordingSizer implements ReplaySizer {
  readonly seen: LocalSample[] = []
  readonly #size: (sample: LocalSample) => Allocation

  constructor(size: (sample: LocalSample) => Allocation) {
    this.#size = size
  }

  observe(sample: LocalSample): void {
    this.seen.push(sample)
  }

  decide({ nowMs, allocation }: Circumstances): Decision {
    const newest = this.seen.at(-1)
    const to = newest === undefined ? allocation : this.#size(newest)
    return {
      vmid: 101,
      timeMs: nowMs,
      from: allocation,
      to,
      wanted: to,
      cores: directionOf(allocation.cores, to.cores),
      memory: directionOf(allocation.memoryMb, to.memoryMb),
      isToBeApplied: true,
      isInNeed: false,
      reasons: [],
      policy: 'recording',
      ...UNHELD,
    }
  }

  applied(): void {}
}

const trace = parseTraceCsv('web', `${TRACE_HEADER}\n60,0.5,2,100,200\n120,3,,100,\n180,3,,250,\n240,0.5,,100,\n`)
const options = { intervalS: 60, fallback: { cores: 1, memoryMb: 64 }, memoryMargin: { mb: 32, percent: 5 } }
const keep = () => new RecordingSizer(({ cpuCores, memoryLimitMb }) => ({ cores: cpuCores, memoryMb: memoryLimitMb }))

describe('replay', () => {
  test('shows a policy no more of a demand than its allocation lets through', () => {
    const sizer = keep()
    replay(trace, sizer, options)
    expect(sizer.seen.map(({ cpuCoresUsed, cpuThrottledPercent }) => [cpuCoresUsed, cpuThrottledPercent])).toEqual([
      [0.5, 0],
      [2, 100],
      [2, 100],
      [0.5, 0],
    ])
    expect(sizer.seen.map(({ memoryUsageMb, memoryEvents }) => [memoryUsageMb, memoryEvents?.oomKill])).toEqual([
      [100, 0],
      [100, 0],
      [200, 1],
      [100, 0],
    ])
  })

  test('shows an excess that the swap takes up as swap and stalls, and one beyond it as a kill', () => {
    const load = parseTraceCsv('db', `${TRACE_HEADER}\n60,,,150,200\n120,,,260,\n180,,,301,\n`)
    const sizer = keep()
    replay(load, sizer, { ...options, swapMb: 100 })
    const seen = sizer.seen.map(({ memoryUsageMb, swapUsageMb, pressure, memoryEvents }) => [
      memoryUsageMb,
      swapUsageMb,
      pressure?.memorySomePercent,
      memoryEvents?.max,
      memoryEvents?.oomKill,
    ])
    expect(seen).toEqual([
      [150, 0, 0, 0, 0],
      [200, 60, 20, 1, 0],
      [200, 100, 20, 1, 1],
    ])
  })

  test('lets a decision take effect on the next sample only', () => {
    const sizer = new RecordingSizer(({ cpuThrottledPercent }) => ({
      cores: cpuThrottledPercent ? 4 : 2,
      memoryMb: 200,
    }))
    const { cores } = replay(trace, sizer, options)
    expect([...(cores ?? [])]).toEqual([2, 2, 4, 2])
  })

  test('shows the same past whatever the future of the trace is', () => {
    const half = parseTraceCsv('web', `${TRACE_HEADER}\n60,0.5,2,100,200\n120,3,,100,\n`)
    const whole = keep()
    const first = keep()
    replay(trace, whole, options)
    replay(half, first, options)
    expect(whole.seen.slice(0, 2)).toEqual(first.seen)
  })

  test('writes one row for each change', () => {
    const sizer = new RecordingSizer(({ cpuThrottledPercent }) => ({
      cores: cpuThrottledPercent ? 4 : 2,
      memoryMb: 200,
    }))
    expect(decisionsCsv(replay(trace, sizer, options))).toBe('t_seconds,cpu_cores,mem_mb\n120,4,200\n180,2,200\n')
  })

  test('leaves a resource out that the trace says nothing of', () => {
    const cpuOnly = parseTraceCsv('web', `${TRACE_HEADER}\n60,0.5,2,,\n120,0.7,,,\n`)
    const sizer = keep()
    const run = replay(cpuOnly, sizer, options)
    expect(run.memoryMb).toBeUndefined()
    expect(sizer.seen[0]).toMatchObject({ memoryUsageMb: undefined, memoryEvents: { oomKill: undefined } })
  })
})

describe('bill', () => {
  test('adds up what was unused and what was short', () => {
    const { cpu, memory } = bill(trace, staticRun(trace, 2, 200))
    expect(cpu).toMatchObject({ slackPercent: 37.5, shortPercent: 50, shortEpisodes: 1, changes: 0 })
    expect(cpu?.allocatedHours).toBeCloseTo((2 * 240) / 3_600)
    expect(memory).toMatchObject({ shortPercent: 25, shortEpisodes: 1, swapped: 0, kills: 1 })
  })

  test.each([
    { swapMb: 0, shortEpisodes: 3, swapped: 0, kills: 3 },
    { swapMb: 100, shortEpisodes: 3, swapped: 2, kills: 2 },
    { swapMb: 512, shortEpisodes: 3, swapped: 3, kills: 0 },
  ])('with $swapMb MB of swap tells what it took up from what went beyond it', ({ swapMb, ...expected }) => {
    const rows = [150, 260, 150, 350, 250, 310, 150, 280].map((mb, index) => `${60 * (index + 1)},,,${mb},`)
    const load = parseTraceCsv('db', `${TRACE_HEADER}\n${rows.join('\n')}\n`)
    expect(bill(load, staticRun(load, undefined, 200), swapMb).memory).toMatchObject(expected)
  })
})

describe('parseTraceCsv', () => {
  test.each([
    ['another header', 'a,b\n1,2\n', 'line 1'],
    ['no sample', `${TRACE_HEADER}\n`, 'line 2'],
    ['a word for a number', `${TRACE_HEADER}\n60,many,2,,\n`, 'line 2 has "many"'],
    ['a negative number', `${TRACE_HEADER}\n60,-1,2,,\n`, 'line 2 has "-1"'],
    ['a field too few', `${TRACE_HEADER}\n60,1,2,\n`, 'line 2 has 4 fields'],
    ['a time that goes back', `${TRACE_HEADER}\n60,1,2,,\n60,1,2,,\n`, 'line 3 has the time 60'],
  ])('refuses %s and names the line', (_, text, message) => {
    expect(() => parseTraceCsv('x.csv', text)).toThrow(message)
  })

  test('keeps an empty field apart from zero', () => {
    const { cpuCores } = parseTraceCsv('x', `${TRACE_HEADER}\n60,0,2,,\n120,,2,,\n`)
    expect([...(cpuCores ?? [])]).toEqual([0, Number.NaN])
  })
})
