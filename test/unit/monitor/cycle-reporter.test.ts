import { AutoscaleError } from '@lxc-autoscale/core'
import type { FailureReason } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import type { CycleOutcome } from '../../../packages/monitor/src/cycle.ts'
import { CycleReporter } from '../../../packages/monitor/src/cycle-reporter.ts'
import { MonitorMetrics } from '../../../packages/monitor/src/exposition/monitor-metrics.ts'
import { summary } from '../../builders/snapshot.ts'
import { recordingLog } from '../../fakes/recording-log.ts'

const INTERVAL_MS = 10_000

function setUp() {
  const metrics = new MonitorMetrics()
  const { log, lines, messages } = recordingLog()
  const reporter = new CycleReporter(metrics, log)
  /** Reports a cycle that gives or throws `outcome`. */
  const report = (outcome: Partial<CycleOutcome> | Error) =>
    reporter.run(
      {
        stuckFilesystems: 0,
        nameOf: () => undefined,
        runCycle: async () => {
          if (outcome instanceof Error) throw outcome
          return {
            line: Buffer.from('{}'),
            summary: summary(),
            isStored: true,
            bytesWritten: 100,
            partMs: new Map([['cpu', 2]]),
            errors: [],
            memoryEvents: new Map(),
            ...outcome,
          }
        },
      },
      INTERVAL_MS,
    )
  return { metrics, report, lines, messages }
}

const failing = (collector: string, reason: FailureReason = 'unreadable') => ({
  errors: [{ collector, reason, count: 3, example: { path: '/x/memory.stat', reason, code: 'EIO' } }],
})

describe('CycleReporter', () => {
  test('logs one line per cycle', async () => {
    const { report, lines } = setUp()
    await report({})
    expect(lines).toEqual([
      { level: 'info', message: 'cycle done', fields: { containers: 1, failed: 0, stored: true, ms: 2 } },
    ])
  })

  test('says of a slow cycle what was slow', async () => {
    const { report, lines } = setUp()
    await report({
      partMs: new Map([
        ['cpu', 100],
        ['store', 6_000],
      ]),
    })
    expect(lines[1]).toEqual({
      level: 'warn',
      message: 'slow cycle',
      fields: { ms: 6_100, interval_ms: INTERVAL_MS, parts_ms: { store: 6_000, cpu: 100 } },
    })
  })

  test('says once that a collector fails, with an example, and once that it works again', async () => {
    const { report, lines, messages } = setUp()
    for (const outcome of [failing('memory'), failing('memory'), {}, {}]) await report(outcome)
    expect(messages().filter(message => message !== 'cycle done')).toEqual([
      'figures could not be read; they are null',
      'all figures could be read again',
    ])
    expect(lines[1]?.fields).toEqual({
      collector: 'memory',
      reason: 'unreadable',
      figures: 3,
      example: { path: '/x/memory.stat', reason: 'unreadable', code: 'EIO' },
    })
  })

  test('says so when the same collector lacks figures for another reason', async () => {
    const { report, messages } = setUp()
    for (const outcome of [failing('memory'), failing('memory', 'implausible'), {}]) await report(outcome)
    expect(messages().filter(message => message !== 'cycle done')).toEqual([
      'figures could not be read; they are null',
      'figures cannot be true; they are null',
      'all figures could be read again',
    ])
  })

  test('counts what is not known, by collector and reason', async () => {
    const { metrics, report } = setUp()
    await report(failing('memory'))
    await report(failing('memory'))
    await report(failing('memory', 'implausible'))
    const text = await metrics.metrics()
    expect(text).toContain('lxc_monitor_collect_errors_total{collector="memory",reason="unreadable"} 6')
    expect(text).toContain('lxc_monitor_collect_errors_total{collector="memory",reason="implausible"} 3')
  })

  test('counts cycles that were lost, and keeps the time of the last one that was not', async () => {
    const { metrics, report } = setUp()
    await report({ summary: summary({ collectionEndMs: 5_000 }) })
    await report({ summary: summary({ collectionEndMs: 9_000 }), isStored: false })
    const text = await metrics.metrics()
    expect(text).toContain('lxc_monitor_last_success_timestamp_seconds 5')
    expect(text).toContain('lxc_monitor_lost_cycles_total 1')
  })

  test('reports a host that cannot be read once, and goes on', async () => {
    const { metrics, report, messages } = setUp()
    const unreadable = new AutoscaleError('HOST_UNREADABLE', '/sys/fs/cgroup: no cgroup tree there')
    expect(await report(unreadable)).toBeUndefined()
    expect(await report(unreadable)).toBeUndefined()
    await report({})
    await report(unreadable)
    expect(messages('error')).toEqual(Array(2).fill('/sys/fs/cgroup: no cgroup tree there'))
    expect(await metrics.metrics()).toContain('lxc_monitor_cycle_failures_total{code="HOST_UNREADABLE"} 3')
  })

  test('lets a bug pass', async () => {
    await expect(setUp().report(new TypeError('bug'))).rejects.toThrow('bug')
  })
})
