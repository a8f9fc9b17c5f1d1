import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MetricsCycle, MetricsFileSource } from '@lxc-autoscale/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MetricsFile } from '../../packages/monitor/src/store/metrics-file.ts'
import { HostTree } from '../builders/host-tree.ts'
import { monitorCycle } from '../builders/monitor-cycle.ts'
import { recordingLog } from '../fakes/recording-log.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

/** A monitor that writes a file and a model that follows it. */
function setUp({ maxCycles = 1_000, before }: { maxCycles?: number; before?: string } = {}) {
  const path = join(temporaryDirectory(), 'lxc_metrics.json')
  if (before !== undefined) writeFileSync(path, before)
  const tree = new HostTree(temporaryDirectory())
  for (const vmid of [101, 102]) {
    tree.configure(vmid, ['net0: name=eth0'])
    tree.start(vmid)
  }
  const { log } = recordingLog()
  const store = new MetricsFile({ path, maxCycles, nowMs: () => 0, log })
  const { cycle, clock, close } = monitorCycle({ host: tree.host, parts: { store } })
  onTestFinished(async () => {
    close()
    await store.close()
  })
  const source = new MetricsFileSource({ path })
  const seen: MetricsCycle[] = []
  return {
    path,
    tree,
    seen,
    async measure(times = 1) {
      for (let count = 0; count < times; count++) {
        await cycle.run()
        clock.passMs(10_000)
      }
    },
    follow: () => source.follow(each => void seen.push(each)),
    times: () => seen.map(({ summary }) => summary?.collectionStartMs),
  }
}

const START_MS = Date.UTC(2026, 0, 5)
const timesOf = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => START_MS + (from + at) * 10_000)

describe('what the monitor writes, the model reads', () => {
  test('with the same figures', async () => {
    const { measure, follow, seen, tree } = setUp()
    await measure()
    tree.set(101, { usageUsec: 1_000_000 + 4_000_000, oomKills: 1 })
    await measure()
    expect(await follow()).toMatchObject({ kind: 'appended', cycles: 2, badLines: 0 })
    const [first, second] = seen.map(({ containers }) => containers.get(101))
    expect(first).toMatchObject({ timestampMs: START_MS, cpuCoresUsed: undefined, memoryUsageMb: 120 })
    expect(second).toMatchObject({
      timestampMs: START_MS + 10_000,
      cpuCoresUsed: 0.4,
      cpuUsagePercent: 20,
      cpuCores: 2,
      memoryLimitMb: 512,
      memoryFloorMb: 120,
      processCount: 3,
      memoryEvents: { high: 0, max: 0, oomKill: 1 },
      networkUsage: { rxBytes: 1_000, txBytes: 2_000 },
    })
    expect(second?.runId).toBe(first?.runId)
    expect(seen[1]?.summary).toMatchObject({ totalContainers: 2, hostCores: 4, hostMemoryMb: 8_192 })
  })

  test('cycle by cycle, across the rewrites of a full file, each exactly once', async () => {
    const { measure, follow, times } = setUp({ maxCycles: 20 })
    for (let count = 0; count < 60; count++) {
      await measure()
      await follow()
    }
    expect(times()).toEqual(timesOf(0, 60))
  })

  test('after a while without looking, as far as the file reaches back', async () => {
    const { measure, follow, times } = setUp({ maxCycles: 20 })
    await measure(5)
    await follow()
    await measure(50)
    await follow()
    const found = times()
    expect(found.slice(0, 5)).toEqual(timesOf(0, 5))
    expect(found.at(-1)).toBe(START_MS + 54 * 10_000)
    expect(found.length).toBeGreaterThanOrEqual(5 + 18)
  })

  test('and so does any reader of JSON, after each cycle', async () => {
    const { measure, path } = setUp({ maxCycles: 10 })
    for (let count = 1; count <= 25; count++) {
      await measure()
      const entries = JSON.parse(readFileSync(path, 'utf8'))
      expect(entries.at(-1)).toHaveProperty('102.cpu_cores', 2)
      expect(entries.length).toBeLessThanOrEqual(10)
    }
  })

  test('also when the file was deleted in between', async () => {
    const { measure, follow, times, path } = setUp()
    await measure(2)
    await follow()
    rmSync(path)
    await measure(2)
    await follow()
    expect(times()).toEqual(timesOf(0, 4))
  })
})

/** As the Python predecessor wrote it; the newest version compact, the older one indented and sorted. */
const PREDECESSOR = [10, 11].map(minute => ({
  '101': {
    timestamp: `2025-03-01T10:${minute}:00.000000+00:00`,
    cpu_usage_percent: 3.5,
    memory_usage_mb: 210.4,
    swap_usage_mb: 0,
    swap_total_mb: 512,
    process_count: 21,
    io_stats: { reads: 10, writes: 20 },
    network_usage: { rx_bytes: 1, tx_bytes: 2 },
    filesystem_usage_gb: 1.5,
    filesystem_total_gb: 8,
    filesystem_free_gb: 6.5,
  },
  summary: {
    collection_start_time: `2025-03-01T10:${minute}:00+00:00`,
    collection_end_time: `2025-03-01T10:${minute}:05+00:00`,
  },
}))

describe.each([
  ['compact', JSON.stringify(PREDECESSOR)],
  ['indented', JSON.stringify(PREDECESSOR, null, 4)],
])('a file of the predecessor, %s', (_, before) => {
  test('is continued, and the model goes on in it without reading anything twice', async () => {
    const { measure, follow, times } = setUp({ before })
    const old = [Date.UTC(2025, 2, 1, 10, 10), Date.UTC(2025, 2, 1, 10, 11)]
    await measure(2)
    await follow()
    expect(times()).toEqual([...old, ...timesOf(0, 2)])
  })
})
