import { containerSettings, MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { expect, test } from 'vitest'
import { pastMinutes } from '../../../packages/replay/src/past-minutes.ts'
import { type PreviewJob, previewContainer } from '../../../packages/replay/src/preview-container.ts'
import { shortMoments } from '../../../packages/replay/src/short-moments.ts'
import { PAST_START_MS, pastSteps } from '../../builders/past-steps.ts'

const HOURS = 12
/** A container that is idle but at eight, when it wants nearly all that it has. */
const morning = pastSteps(HOURS, minute => ({ cores: minute >= 480 && minute < 484 ? 3.5 : 0.2, memoryMb: 300 }))

function job(changes: Partial<PreviewJob> = {}): PreviewJob {
  const { scaling } = MODEL_CONFIG_RULES.schema.parse({})
  const input = { vmid: 101, name: undefined, tags: [], scaling, tiers: {}, schedules: {}, ignoreLxc: [] }
  return {
    vmid: 101,
    settings: containerSettings({ ...input, host: { cores: 8, memoryMb: 16_384 } }),
    steps: morning,
    isSized: { cores: true, memory: true },
    intervalS: 60,
    utcOffsetMs: 0,
    swapMb: 512,
    memoryMargin: { mb: 32, percent: 5 },
    ...changes,
  }
}

test('the minutes of a step have its mean and its peak, and those of which nothing is known are left out', () => {
  const [first] = morning
  if (first === undefined) throw new Error('no step')
  const unknown = { ...first, startMs: first.startMs + 1_800_000, coresUsed: undefined, memoryUsedMb: undefined }
  const { timesS, cores } = pastMinutes([{ ...first, coresUsed: { mean: 1, peak: 3 } }, unknown])
  expect(timesS).toHaveLength(30)
  expect(timesS[0]).toBe(PAST_START_MS / 1_000 + 60)
  expect(Math.max(...cores)).toBe(3)
  expect(cores.reduce((sum, value) => sum + value, 0) / 30).toBeCloseTo(1)
})

const shares: number[] = []
const told = previewContainer(job(), share => shares.push(share))

test('tells what would have been given and freed, and when that would have been too little: at the first run of a job', () => {
  expect(told?.known).toEqual([
    { step_seconds: 1_800, seconds: 39_600 },
    { step_seconds: 60, seconds: 3_600 },
  ])
  expect(told?.cores).toMatchObject({ is_sized: true, used_peak: 3.5, had_mean: 4 })
  expect(told?.cores.used_mean).toBeCloseTo(0.2 + (3.3 * 4) / (HOURS * 60))
  const { would_mean: would, freed_hours: freed, short, short_seconds: shortSeconds } = told?.cores ?? {}
  expect(would).toBeGreaterThanOrEqual(1)
  expect(would).toBeLessThan(3)
  expect(freed).toBeCloseTo((4 - (would ?? 0)) * HOURS)
  expect(short?.[0]).toMatchObject({
    since: '2026-01-05T08:00:00.000Z',
    until: '2026-01-05T08:30:00.000Z',
    used: 3.5,
    would: 1,
  })
  expect(shortSeconds).toBeGreaterThanOrEqual(60)
  expect(told?.memory_mb).toMatchObject({ used_mean: 300, used_peak: 300, had_mean: 4_096, short: [] })
  expect(told?.memory_mb.would_mean).toBeLessThan(2_048)
  expect(told?.kills).toBe(0)
  expect(told?.changes).toBeGreaterThan(1)
  expect(shares.at(-1)).toBe(1)
})

test('its curves have one length, whatever is known, and begin with the first step', () => {
  const { since, step_seconds: stepS, ...columns } = told?.curves ?? { since: '', step_seconds: 0 }
  expect([since, stepS]).toEqual(['2026-01-05T00:00:00.000Z', 60])
  expect(new Set(Object.values(columns).map(column => column.length))).toEqual(new Set([720]))
})

test('what is not sized has what it had, and is never too small', () => {
  const { cores } = previewContainer(job({ isSized: { cores: false, memory: true } }), () => undefined) ?? {}
  expect(cores).toMatchObject({ is_sized: false, had_mean: 4, would_mean: 4, freed_hours: 0, short: [] })
})

test('nothing is told of a container of which nothing is known', () => {
  expect(previewContainer(job({ steps: [] }), () => undefined)).toBeUndefined()
})

test('being short in steps that adjoin is one moment, after a pause another', () => {
  const steps = morning.slice(0, 4)
  const minutes = [5, 35, 36, 95]
  const timesS = Float64Array.from(minutes, minute => PAST_START_MS / 1_000 + (minute + 1) * 60)
  const used = Float64Array.from([2, 3, 1, 2])
  const moments = shortMoments(steps, { timesS, used, would: used.map(() => 1) })
  expect(moments).toEqual([
    { since: '2026-01-05T00:00:00.000Z', until: '2026-01-05T01:00:00.000Z', seconds: 120, used: 3, would: 1 },
    { since: '2026-01-05T01:30:00.000Z', until: '2026-01-05T02:00:00.000Z', seconds: 60, used: 2, would: 1 },
  ])
})
