import { type WhatIfJob, WhatIfResult } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { whatIf } from '../../../packages/replay/src/what-if.ts'

const START_S = Date.UTC(2026, 0, 5) / 1_000
const SAMPLES = 1_440

/** A day of a container that wants little, has much, and was given less CPU at noon; nothing is known of its first ten minutes. */
function job(settings: WhatIfJob['settings'] = {}): WhatIfJob {
  const minutes = Array.from({ length: SAMPLES }, (_, index) => index)
  return {
    vmid: 101,
    settings,
    samples: {
      timesS: minutes.map(minute => START_S + minute * 60),
      coresUsed: minutes.map(minute => (minute < 10 ? null : 0.4)),
      coresGiven: minutes.map(minute => (minute < 720 ? 4 : 2)),
      throttledPercent: minutes.map(minute => (minute < 10 ? null : 5)),
      memoryUsedMb: minutes.map(minute => (minute < 10 ? null : 300)),
      memoryGivenMb: minutes.map(() => 4_096),
    },
    utcOffsetMs: 0,
    swapMb: 0,
    memoryMargin: { mb: 32, percent: 5 },
    host: { cores: 8, memoryMb: 32_768 },
  }
}

test('says what would have been given, beside what was, in steps that a screen can show', () => {
  const shares: number[] = []
  const result = whatIf(job(), share => shares.push(share))
  expect(() => WhatIfResult.parse(result)).not.toThrow()
  expect(result).toMatchObject({ since: '2026-01-05T00:00:00.000Z', step_seconds: 180, settings: {} })
  expect(result.cores_used).toHaveLength(SAMPLES / 3)
  expect([result.cores_used[0], result.cores_used[20]]).toEqual([null, expect.closeTo(0.4)])
  expect([result.cores_given[0], result.cores_given.at(-1)]).toEqual([4, 2])
  expect(result.memory_would_mb.at(-1)).toBeLessThan(4_096)
  expect(result.had).toMatchObject({ memory_mb: 4_096, cores: expect.closeTo(3), short_percent: 5, changes: 1 })
  expect(result.would.memory_mb).toBeLessThan(4_096)
  expect(result.would).toMatchObject({ short_percent: 0, kills: 0, changes: expect.any(Number) })
  expect(shares.at(-1)).toBe(1)
})

test('goes by the settings that are asked for, and names those that are not built in', () => {
  const { settings, would, memory_would_mb } = whatIf(job({ mode: 'grow_only', min_ram_mb: 128 }), () => undefined)
  expect(settings).toEqual({ mode: 'grow_only' })
  expect(would.changes).toBe(0)
  expect(memory_would_mb.at(-1)).toBe(4_096)
})
