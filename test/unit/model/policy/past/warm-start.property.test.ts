import { keptPast, RRD_FORMATS, type Trace } from '@lxc-autoscale/replay'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adaptive } from '../../../../../packages/model/src/policy/policies/adaptive/adaptive.ts'
import { localSample, MONDAY_MS, settings } from '../../../../builders/sizing.ts'

const MINUTES_PER_DAY = 1_440
const MINUTE_MS = 60_000
const LIMITS = { cores: 6, memoryMb: 4_000 }
const { sizing } = settings({})
/** A minute of the past ends with a moment that is still of it. */
const timesOf = (clockMs: number) => ({ timestampMs: clockMs, localTimeMs: clockMs })

interface Job {
  readonly startMinute: number
  readonly everyMinutes: number
  readonly minutes: number
  readonly cores: number
  readonly memoryMb: number
}

interface Workload {
  /** How long it has been there before the cut. */
  readonly pastMinutes: number
  readonly usualCores: number
  readonly usualMb: number
  readonly seed: number
  readonly jobs: readonly Job[]
  /** What it is allowed in the day after the cut, hour by hour. */
  readonly allowed: readonly { readonly cores: number; readonly memoryMb: number }[]
}

const jobs: fc.Arbitrary<Job> = fc.record({
  startMinute: fc.integer({ min: 0, max: 3 * MINUTES_PER_DAY }),
  everyMinutes: fc.constantFrom(97, MINUTES_PER_DAY, 2 * MINUTES_PER_DAY, 7 * MINUTES_PER_DAY, 100 * MINUTES_PER_DAY),
  minutes: fc.integer({ min: 1, max: 200 }),
  cores: fc.double({ min: 0, max: 5, noNaN: true }),
  memoryMb: fc.double({ min: 0, max: 2_500, noNaN: true }),
})
const workloads: fc.Arbitrary<Workload> = fc.record({
  pastMinutes: fc.integer({ min: 90, max: 9 * MINUTES_PER_DAY }),
  usualCores: fc.double({ min: 0.02, max: 3, noNaN: true }),
  usualMb: fc.double({ min: 20, max: 1_500, noNaN: true }),
  seed: fc.integer({ min: 1, max: 1_000 }),
  jobs: fc.array(jobs, { maxLength: 4 }),
  allowed: fc.array(
    fc.record({ cores: fc.double({ min: 0.5, max: 8, noNaN: true }), memoryMb: fc.integer({ min: 64, max: 6_000 }) }),
    { minLength: 24, maxLength: 24 },
  ),
})

/** What is used in a minute, as far as it is allowed. */
function usedIn(minute: number, { usualCores, usualMb, seed, jobs: all }: Workload) {
  const noise = 1 + 0.3 * Math.sin(seed * minute) * Math.cos(minute / (seed + 7))
  const running = all.filter(
    job => minute >= job.startMinute && (minute - job.startMinute) % job.everyMinutes < job.minutes,
  )
  const cores = running.reduce((sum, job) => sum + job.cores, usualCores * noise)
  const memoryMb = running.reduce((sum, job) => sum + job.memoryMb, usualMb * (1 + 0.1 * (noise - 1)))
  return { cores: Math.min(LIMITS.cores, cores), memoryMb: Math.min(LIMITS.memoryMb, memoryMb) }
}

function traceOf(workload: Workload): Trace {
  const minutes = Array.from({ length: workload.pastMinutes }, (_, minute) => usedIn(minute, workload))
  return {
    name: '',
    timesS: Float64Array.from(minutes, (_, minute) => MONDAY_MS / 1_000 + (minute + 1) * 60),
    cpuCores: Float64Array.from(minutes, ({ cores }) => cores),
    memoryMb: Float64Array.from(minutes, ({ memoryMb }) => memoryMb),
    initialCores: LIMITS.cores,
    initialMemoryMb: LIMITS.memoryMb,
    utcOffsetMs: 0,
  }
}

function sampleAt(minute: number, workload: Workload) {
  const { cores, memoryMb } = usedIn(minute, workload)
  return localSample({
    timeMs: MONDAY_MS + (minute + 1) * MINUTE_MS - 1,
    allocation: LIMITS,
    cpuCoresUsed: cores,
    cpuThrottledPercent: undefined,
    cpuPressurePercent: undefined,
    memoryUsedMb: memoryMb,
    memoryFloorMb: undefined,
  })
}

describe.each(RRD_FORMATS)('what was kept as %s', format => {
  test('never leads to less than the same policy would dare that saw each minute, all day', () => {
    fc.assert(
      fc.property(workloads, workload => {
        const { pastMinutes, allowed } = workload
        const watching = adaptive.create(sizing)
        const warmed = adaptive.create(sizing)
        for (let minute = 0; minute < pastMinutes; minute++) {
          const sample = sampleAt(minute, workload)
          watching.observe(sample)
          watching.decide({ timeMs: sample.timestampMs, localTimeMs: sample.localTimeMs, allocation: LIMITS })
        }
        const steps = keptPast(traceOf(workload), MONDAY_MS / 1_000 + pastMinutes * 60, format)
        for (let minute = pastMinutes; minute < pastMinutes + MINUTES_PER_DAY; minute++) {
          const sample = sampleAt(minute, workload)
          for (const policy of [watching, warmed]) policy.observe(sample)
          if (warmed.wantsPast) warmed.learnPast?.({ steps, timesOf })
          // It had these until then, so that neither has more changes to spare than the other.
          const allocation = allowed[Math.floor((minute - pastMinutes) / 60) - 1] ?? LIMITS
          const moment = { timeMs: sample.timestampMs, localTimeMs: sample.localTimeMs, allocation }
          const [dares, has] = [watching.decide(moment), warmed.decide(moment)]
          for (const on of ['cores', 'memoryMb'] as const) {
            const least = Math.min(allocation[on], dares[on] ?? allocation[on])
            if ((has[on] ?? allocation[on]) < least - 1e-6)
              expect.fail(
                `minute ${minute - pastMinutes}: ${on} ${has[on]} of ${allocation[on]}, watched ${dares[on]}: ${JSON.stringify([watching.explain(true), warmed.explain(true)])}`,
              )
          }
        }
      }),
      { numRuns: Number(process.env['RUNS'] ?? 5), endOnFailure: true },
    )
  })
})
