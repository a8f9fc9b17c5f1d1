import type { NewSample } from '@lxc-autoscale/host'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  FEATURE_NAMES,
  type FeatureName,
  featureColumn,
} from '../../../../packages/model/src/features/feature-definitions.ts'
import { FeatureExtractor } from '../../../../packages/model/src/features/feature-extractor.ts'
import { newSample } from '../../../builders/new-sample.ts'

/** All features of the last of `readings`, straight from their definitions. */
function direct(readings: readonly NewSample[], size: number): Record<string, number> {
  const newest = readings.at(-1) ?? newSample()
  const lastGap = readings.findLastIndex(({ isAfterGap }) => isAfterGap)
  const since = readings.slice(Math.max(0, lastGap))
  const cpu = rolling(
    since.map(({ sample }) => sample.cpuUsagePercent ?? Number.NaN),
    size,
  )
  const memory = rolling(
    since.map(({ sample }) => sample.memoryUsageMb ?? Number.NaN),
    size,
  )
  const { cpuUsagePercent: percent = Number.NaN, memoryUsageMb: mb = Number.NaN, processCount } = newest.sample
  const processes = processCount === undefined || processCount === 0 ? Number.NaN : processCount
  return {
    cpu_usage_percent: percent,
    rolling_mean_cpu: cpu.mean,
    rolling_std_cpu: cpu.std,
    cpu_trend: cpu.trend,
    min_cpu: cpu.min,
    max_cpu: cpu.max,
    cpu_per_process: percent / processes,
    memory_usage_mb: mb,
    rolling_mean_memory: memory.mean,
    rolling_std_memory: memory.std,
    memory_trend: memory.trend,
    min_memory: memory.min,
    max_memory: memory.max,
    memory_per_process: mb / processes,
    swap_usage_mb: newest.sample.swapUsageMb ?? Number.NaN,
    swap_total_mb: newest.sample.swapTotalMb ?? Number.NaN,
    cpu_memory_ratio: Number.isFinite(percent / mb) ? percent / mb : Number.NaN,
    filesystem_usage_gb: newest.sample.filesystemUsageGb ?? Number.NaN,
    filesystem_free_gb: newest.sample.filesystemFreeGb ?? Number.NaN,
    filesystem_total_gb: newest.sample.filesystemTotalGb ?? Number.NaN,
    network_rx_bytes: newest.rates.rxBytes ?? Number.NaN,
    network_tx_bytes: newest.rates.txBytes ?? Number.NaN,
    io_reads: newest.rates.reads ?? Number.NaN,
    io_writes: newest.rates.writes ?? Number.NaN,
    process_count: processCount ?? Number.NaN,
    time_diff: (newest.elapsedMs ?? Number.NaN) / 1_000,
  }
}

function rolling(series: readonly number[], size: number) {
  const means = series.map((_, i) => mean(known(series.slice(Math.max(0, i - size + 1), i + 1))))
  const values = known(series.slice(-size))
  const squares = values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0)
  return {
    mean: mean(values),
    std: values.length < 2 ? Number.NaN : Math.sqrt(squares / (values.length - 1)),
    min: values.length === 0 ? Number.NaN : Math.min(...values),
    max: values.length === 0 ? Number.NaN : Math.max(...values),
    trend: slope(means.slice(-size)),
  }
}

function slope(series: readonly number[]): number {
  const points = series.map((y, x) => ({ x, y })).filter(({ y }) => !Number.isNaN(y))
  if (points.length < 2) return Number.NaN
  const meanX = mean(points.map(({ x }) => x))
  const meanY = mean(points.map(({ y }) => y))
  const sumXy = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0)
  return sumXy / points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
}

function known(values: readonly number[]): readonly number[] {
  return values.filter(value => !Number.isNaN(value))
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length
}

function extractLast(readings: readonly NewSample[], size = 5): Float64Array {
  const extractor = new FeatureExtractor(size)
  for (const each of readings) extractor.push(each)
  return extractor.row(readings.at(-1) ?? newSample())
}

function feature(name: FeatureName, readings: readonly NewSample[], size = 5): number {
  return extractLast(readings, size)[featureColumn(name)] ?? 0
}

const maybe = (top: number) => fc.option(fc.double({ min: 0, max: top, noNaN: true }), { nil: undefined, freq: 4 })
const anyReading = fc
  .record({
    cpu: maybe(100),
    memory: maybe(1e6),
    processes: fc.option(fc.nat(500), { nil: undefined }),
    gap: fc.nat(20),
  })
  .map(({ cpu, memory, processes, gap }) =>
    newSample({ isAfterGap: gap === 0 }, { cpuUsagePercent: cpu, memoryUsageMb: memory, processCount: processes }),
  )

describe('features', () => {
  test('equal their definitions to 1e-9, after any readings, gaps and missing values', () => {
    const anyReadings = fc.array(anyReading, { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(anyReadings, fc.integer({ min: 1, max: 12 }), (readings, size) => {
        const row = extractLast(readings, size)
        const expected = direct(readings, size)
        FEATURE_NAMES.forEach((name, column) => {
          const value = expected[name] ?? Number.NaN
          const isNear = Math.abs((row[column] ?? 0) - value) <= 1e-9 * Math.max(1, Math.abs(value))
          expect(
            Number.isNaN(value) ? Number.isNaN(row[column]) : isNear,
            `${name}: ${row[column]} is not ${value}`,
          ).toBe(true)
        })
      }),
    )
  })

  test('do not drift in a million readings with jumps over nine orders of magnitude', () => {
    const extractor = new FeatureExtractor(5)
    const memoryMb = (i: number) => (i % 17 === 0 ? 1e9 : 1 + (i % 3) / 10)
    const recent: NewSample[] = []
    const withMemory = Array.from({ length: 51 }, (_, i) => newSample({}, { memoryUsageMb: memoryMb(i) }))
    for (let i = 0; i < 1_000_000; i++) {
      const next = withMemory[i % 51] ?? newSample()
      extractor.push(next)
      if (i >= 999_980) recent.push(next)
    }
    const expected = direct(recent, 5)
    const row = extractor.row(recent.at(-1) ?? newSample())
    for (const name of ['rolling_mean_memory', 'rolling_std_memory', 'memory_trend'] as const) {
      expect(Math.abs((row[featureColumn(name)] ?? 0) - (expected[name] ?? 0))).toBeLessThanOrEqual(
        1e-9 * Math.max(1, Math.abs(expected[name] ?? 0)),
      )
    }
  })

  test('have the 26 names, in their order', () => {
    expect(FEATURE_NAMES.join(' ')).toBe(
      'cpu_usage_percent rolling_mean_cpu rolling_std_cpu cpu_trend min_cpu max_cpu cpu_per_process memory_usage_mb ' +
        'rolling_mean_memory rolling_std_memory memory_trend min_memory max_memory memory_per_process swap_usage_mb ' +
        'swap_total_mb cpu_memory_ratio filesystem_usage_gb filesystem_free_gb filesystem_total_gb network_rx_bytes ' +
        'network_tx_bytes io_reads io_writes process_count time_diff',
    )
  })

  test('the trend is the slope of the rolling mean, per reading, over the window alone', () => {
    const rising = [1_000, 0, 0, 0, 0, 10, 20, 30, 40, 50, 60, 70].map(percent =>
      newSample({}, { cpuUsagePercent: percent }),
    )
    expect(feature('cpu_trend', rising, 3)).toBeCloseTo(10, 9)
  })

  test('counters are rates, and a first reading has none', () => {
    expect(feature('network_rx_bytes', [newSample()])).toBe(100)
    const none = { rxBytes: undefined, txBytes: undefined, reads: undefined, writes: undefined }
    expect(feature('io_writes', [newSample({ rates: none })])).toBeNaN()
  })

  test('what cannot be known is not known: a ratio to nothing, a deviation and a trend of one value', () => {
    const single = [newSample({}, { processCount: 0, memoryUsageMb: 0 })]
    for (const name of ['cpu_per_process', 'cpu_memory_ratio', 'rolling_std_cpu', 'memory_trend'] as const) {
      expect(feature(name, single)).toBeNaN()
    }
    expect(feature('memory_usage_mb', single)).toBe(0)
  })

  test('a measured zero stays a zero, and a missing value does not become one', () => {
    expect(feature('swap_usage_mb', [newSample({}, { swapUsageMb: 0 })])).toBe(0)
    expect(feature('swap_usage_mb', [newSample({}, { swapUsageMb: undefined })])).toBeNaN()
  })
})
