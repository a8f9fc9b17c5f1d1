import { Random } from '@lxc-autoscale/model'
import { between, noisy } from './draws.ts'
import type { Trace } from './trace.ts'

/** The demand at one minute. */
interface Demand {
  readonly cores: number
  readonly memoryMb: number
}

/** Minute since the start (Monday 00:00) -> demand. */
type Shape = (minute: number) => Demand

const MINUTES_PER_DAY = 1_440
const MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
const SECONDS_PER_MINUTE = 60

/** Workload shapes that everybody can make again: by name, a seeded demand. Sizes and hours are drawn from the seed. */
const SHAPES: Readonly<Record<string, (random: Random) => Shape>> = {
  idle: random => {
    const memoryMb = between(random, 60, 120)
    return () => ({ cores: 0.02 * noisy(random, 0.5), memoryMb: memoryMb * noisy(random, 0.02) })
  },
  steady: random => {
    const cores = between(random, 1, 2)
    const memoryMb = between(random, 800, 1_500)
    return () => ({ cores: cores * noisy(random, 0.08), memoryMb: memoryMb * noisy(random, 0.01) })
  },
  office_hours: random => {
    const cores = between(random, 1.5, 3)
    const memoryMb = between(random, 700, 1_200)
    return minute => {
      const load = (1 + Math.cos((2 * Math.PI * ((minute % MINUTES_PER_DAY) - 840)) / MINUTES_PER_DAY)) / 2
      return {
        cores: cores * (0.1 + 0.9 * load) * noisy(random, 0.1),
        memoryMb: memoryMb * (0.8 + 0.2 * load) * noisy(random, 0.01),
      }
    }
  },
  nightly_batch: random => {
    const cores = between(random, 2, 3)
    const memoryMb = between(random, 800, 1_200)
    const jobs = jobTimes(random, { everyMinutes: MINUTES_PER_DAY, firstMinute: between(random, 60, 240), jitter: 8 })
    return minute => {
      const isRunning = jobs.isRunning(minute, 50)
      return {
        cores: (isRunning ? cores : 0.2) * noisy(random, 0.08),
        memoryMb: (isRunning ? 400 + memoryMb : 400) * noisy(random, 0.01),
      }
    }
  },
  weekly_backup: random => {
    const cores = between(random, 2.5, 3.5)
    const memoryMb = between(random, 1_500, 2_500)
    const sunday = 6 * MINUTES_PER_DAY
    const jobs = jobTimes(random, {
      everyMinutes: MINUTES_PER_WEEK,
      firstMinute: sunday + between(random, 60, 240),
      jitter: 6,
    })
    return minute => {
      const isRunning = jobs.isRunning(minute, 100)
      return {
        cores: (isRunning ? cores : 0.4) * noisy(random, 0.08),
        memoryMb: (isRunning ? 700 + memoryMb : 700) * noisy(random, 0.01),
      }
    }
  },
  bursts: random => {
    const cores = between(random, 1.5, 3)
    let left = 0
    return () => {
      if (left === 0 && random.uniform() < 1 / 200) left = Math.ceil(between(random, 2, 25))
      left = Math.max(0, left - 1)
      return {
        cores: (left > 0 ? cores : 0.25) * noisy(random, 0.15),
        memoryMb: (left > 0 ? 620 : 500) * noisy(random, 0.01),
      }
    }
  },
  leak: random => {
    const mbPerMinute = between(random, 0.3, 0.6)
    const limitMb = between(random, 1_400, 2_000)
    let leakedMb = 0
    return () => {
      leakedMb = leakedMb > limitMb ? 0 : leakedMb + mbPerMinute * (0.5 + random.uniform())
      return { cores: 0.5 * noisy(random, 0.1), memoryMb: (350 + leakedMb) * noisy(random, 0.003) }
    }
  },
  heap: random => {
    const liveMb = between(random, 500, 700)
    const youngMb = between(random, 250, 400)
    let garbageMb = 0
    return () => {
      garbageMb = garbageMb > youngMb ? 0 : garbageMb + (youngMb / 12) * noisy(random, 0.3)
      return { cores: 0.8 * noisy(random, 0.2), memoryMb: liveMb + garbageMb }
    }
  },
  ramp: random => {
    const cores = between(random, 2, 3)
    return minute => {
      const share = minute / (2 * MINUTES_PER_WEEK)
      return {
        cores: (0.4 + cores * share) * noisy(random, 0.06),
        memoryMb: (400 + 900 * share) * noisy(random, 0.005),
      }
    }
  },
}

export const SHAPE_NAMES: readonly string[] = Object.keys(SHAPES)

export interface ShapeOptions {
  readonly seed: number
  readonly days: number
}

/**
 * A trace of the named shape, a sample a minute, from a Monday 00:00 on; the container has 4 cores and 4096 MB.
 * @throws {RangeError} when there is no such shape.
 */
export function shapeTrace(name: string, { seed, days }: ShapeOptions): Trace {
  const index = SHAPE_NAMES.indexOf(name)
  const make = SHAPES[name]
  if (make === undefined) throw new RangeError(`no shape ${name}; there are ${SHAPE_NAMES.join(', ')}`)
  const shape = make(new Random(seed, index))
  const demand = Array.from({ length: days * MINUTES_PER_DAY }, (_, minute) => shape(minute))
  // the fifth day of 1970 was a Monday
  const startS = 4 * MINUTES_PER_DAY * SECONDS_PER_MINUTE
  return {
    name,
    timesS: Float64Array.from(demand, (_, minute) => startS + (minute + 1) * SECONDS_PER_MINUTE),
    cpuCores: Float64Array.from(demand, ({ cores }) => rounded(cores, 1e4)),
    memoryMb: Float64Array.from(demand, ({ memoryMb }) => rounded(memoryMb, 10)),
    initialCores: 4,
    initialMemoryMb: 4_096,
    utcOffsetMs: 0,
  }
}

interface JobOptions {
  readonly everyMinutes: number
  readonly firstMinute: number
  /** Each run begins up to so many minutes later. */
  readonly jitter: number
}

function jobTimes(random: Random, { everyMinutes, firstMinute, jitter }: JobOptions) {
  const delays: number[] = []
  return {
    isRunning(minute: number, lengthMinutes: number): boolean {
      const run = Math.floor((minute - firstMinute) / everyMinutes)
      if (run < 0) return false
      while (delays.length <= run) delays.push(between(random, 0, jitter))
      const since = minute - firstMinute - run * everyMinutes - (delays[run] ?? 0)
      return since >= 0 && since < lengthMinutes
    },
  }
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts
}
