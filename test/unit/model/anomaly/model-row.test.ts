import { describe, expect, test } from 'vitest'
import { MODEL_COLUMNS, MODEL_FEATURES, modelRow } from '../../../../packages/model/src/anomaly/model-row.ts'
import {
  FEATURE_NAMES,
  type FeatureName,
  featureColumn,
} from '../../../../packages/model/src/features/feature-definitions.ts'

function row(features: Partial<Record<FeatureName, number>>, cores?: number): (name: FeatureName) => number {
  const all = new Float64Array(FEATURE_NAMES.length).fill(Number.NaN)
  for (const [key, value] of Object.entries(features)) {
    const name = MODEL_FEATURES.find(known => known === key)
    if (name !== undefined) all[featureColumn(name)] = value
  }
  const steps = modelRow(all, cores)
  return name => steps[MODEL_FEATURES.indexOf(name)] ?? 0
}

describe('modelRow', () => {
  test('leaves out what our own changes move', () => {
    expect(MODEL_COLUMNS).toBe(22)
    for (const name of ['swap_total_mb', 'filesystem_total_gb', 'filesystem_free_gb', 'time_diff'] as const) {
      expect(MODEL_FEATURES).not.toContain(name)
    }
  })

  test('sees the same cores as the same, whatever is allowed', () => {
    const cpu = ['cpu_usage_percent', 'rolling_mean_cpu', 'max_cpu', 'cpu_per_process', 'cpu_memory_ratio'] as const
    for (const name of cpu) expect(row({ [name]: 80 }, 1)(name)).toBe(row({ [name]: 20 }, 4)(name))
    expect(row({ memory_usage_mb: 500 }, 1)('memory_usage_mb')).toBe(
      row({ memory_usage_mb: 500 }, 4)('memory_usage_mb'),
    )
  })

  test('sees no difference where there is none that matters, and one where there is', () => {
    const memory = (mb: number) => row({ memory_usage_mb: mb })('memory_usage_mb')
    expect(memory(48)).toBe(memory(49))
    expect(memory(8_000)).toBe(memory(8_050))
    expect(memory(4_000) - memory(2_000)).toBeGreaterThan(10)
    expect(memory(80) - memory(48)).toBeGreaterThan(2)
  })

  test('counts down below zero as it counts up above', () => {
    const trend = (value: number) => row({ memory_trend: value })('memory_trend')
    expect(trend(-300)).toBe(-trend(300))
    expect(trend(0)).toBe(0)
  })

  test('leaves unknown what is', () => {
    expect(row({})('io_reads')).toBeNaN()
  })
})
