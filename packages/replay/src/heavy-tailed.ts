import { Random } from '@lxc-autoscale/model'
import { between, logBetween, noisy, pareto, waiting } from './draws.ts'
import type { Trace } from './trace.ts'

/** What a container wants, minute by minute, in multiples of its usual use. */
interface Load {
  readonly minutes: number
  readonly cores: Float64Array
  readonly memory: Float64Array
}

/** Puts one habit of containers on top of `load`. */
type Habit = (load: Load, random: Random) => void

const MINUTES_PER_HOUR = 60
const MINUTES_PER_DAY = 1_440
const MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
const SECONDS_PER_MINUTE = 60
/** No container of a small host is larger. */
const MOST_CORES = 32
const MOST_MEMORY_MB = 65_536

/** Kinds of containers whose largest demand says little about the next one, by the habits they have. */
const KINDS: Readonly<Record<string, readonly Habit[]>> = {
  quiet: [],
  leaps: [leaps],
  waves: [waves],
  jobs: [firstRuns],
  restarts: [restarts],
  growth: [growth],
  mixed: [waves, restarts, firstRuns, leaps],
}

export const HEAVY_TAILED_KINDS: readonly string[] = Object.keys(KINDS)

export interface HeavyTailedOptions {
  readonly seed: number
  readonly days: number
  /** Seconds from sample to sample, whole minutes; a sample is the mean of its minutes. */
  readonly stepS: number
}

/**
 * A trace of a container of the named kind from a Monday 00:00 on; sizes, hours and how heavy the tails are come from the
 * seed. It does not say what the container has.
 * @throws {RangeError} when there is no such kind.
 */
export function heavyTailedTrace(kind: string, { seed, days, stepS }: HeavyTailedOptions): Trace {
  const habits = KINDS[kind]
  if (habits === undefined) throw new RangeError(`no kind ${kind}; there are ${HEAVY_TAILED_KINDS.join(', ')}`)
  const random = new Random(seed, HEAVY_TAILED_KINDS.indexOf(kind))
  const usualCores = logBetween(random, 0.02, 3)
  const usualMb = logBetween(random, 50, 5_000)
  const minutes = Math.round(days * MINUTES_PER_DAY)
  const load = { minutes, cores: new Float64Array(minutes).fill(1), memory: new Float64Array(minutes).fill(1) }
  for (const habit of habits) habit(load, random)
  wobble(load.cores, random, logBetween(random, 0.02, 0.4))
  wobble(load.memory, random, logBetween(random, 0.001, 0.03))
  const stepMinutes = Math.round(stepS / SECONDS_PER_MINUTE)
  const cores = means(load.cores, stepMinutes)
  // the fifth day of 1970 was a Monday
  const startS = 4 * MINUTES_PER_DAY * SECONDS_PER_MINUTE
  return {
    name: `${kind}-${seed}`,
    timesS: cores.map((_, index) => startS + (index + 1) * stepMinutes * SECONDS_PER_MINUTE),
    cpuCores: cores.map(share => Math.min(MOST_CORES, share * usualCores)),
    memoryMb: means(load.memory, stepMinutes).map(share => Math.min(MOST_MEMORY_MB, share * usualMb)),
    initialCores: undefined,
    initialMemoryMb: undefined,
    utcOffsetMs: 0,
  }
}

/** Memory leaps at random times, mostly with the CPU; some come again hours or days later. */
function leaps(load: Load, random: Random): void {
  const exponent = between(random, 0.7, 1.8)
  const least = logBetween(random, 0.05, 0.5)
  for (const first of chanceTimes(load, random, logBetween(random, 1, 10) * MINUTES_PER_DAY)) {
    const share = pareto(random, { least, most: 20, exponent })
    const length = pareto(random, { least: 5, most: MINUTES_PER_DAY, exponent: 1 })
    const rise = random.uniform() < 0.5 ? 1 : between(random, 2, 20)
    const coresShare = random.uniform() < 0.7 ? logBetween(random, 0.2, 3) : 0
    const gap = nextGap(random)
    let chance = 0.4
    for (let start = first; start < load.minutes; start += gap * noisy(random, 0.01)) {
      const size = share * noisy(random, 0.1)
      add(load.memory, { start, length, rise, share: size })
      add(load.cores, { start, length, rise: 1, share: size * coresShare })
      if (random.uniform() > chance) break
      chance = 0.8
    }
  }
}

/** A day rhythm whose height and hours drift, quieter weekends, and peaks whose size is heavy-tailed. */
function waves(load: Load, random: Random): void {
  const peakMinute = between(random, 0, MINUTES_PER_DAY)
  const rest = between(random, 0.05, 0.5)
  const weekend = between(random, 0.2, 1)
  const memoryShare = between(random, 0, 0.4)
  let height = 1
  let shift = 0
  for (let minute = 0; minute < load.minutes; minute++) {
    if (minute % MINUTES_PER_DAY === 0) {
      height *= noisy(random, 0.15)
      shift += between(random, -20, 20)
    }
    const phase = (2 * Math.PI * (minute - peakMinute - shift)) / MINUTES_PER_DAY
    const isWeekend = minute % MINUTES_PER_WEEK >= 5 * MINUTES_PER_DAY
    const wave = ((1 + Math.cos(phase)) / 2) * height * (isWeekend ? weekend : 1)
    multiply(load.cores, minute, rest + wave)
    multiply(load.memory, minute, 1 + memoryShare * wave)
  }
  for (const start of chanceTimes(load, random, logBetween(random, 0.1, 2) * MINUTES_PER_DAY)) {
    const share = pareto(random, { least: 0.3, most: 10, exponent: 1.3 })
    const length = pareto(random, { least: 2, most: 4 * MINUTES_PER_HOUR, exponent: 1.1 })
    add(load.cores, { start, length, rise: 1, share })
    add(load.memory, { start, length, rise: 5, share: share * memoryShare })
  }
}

/** Up to three jobs that nobody has seen for days and that need two to five times as much; then again, by the clock or not. */
function firstRuns(load: Load, random: Random): void {
  for (let jobs = 1 + random.below(3); jobs > 0; jobs--) {
    const share = between(random, 1, 4)
    const coresShare = logBetween(random, 0.5, 8)
    const length = logBetween(random, 5, 4 * MINUTES_PER_HOUR)
    const rise = between(random, 1, 15)
    const gap = nextGap(random)
    const isByClock = random.uniform() < 0.6
    let start = between(random, 0.1, 0.7) * load.minutes
    while (start < load.minutes) {
      const size = pareto(random, { least: 0.9, most: 2, exponent: 8 })
      add(load.memory, { start, length: length * size, rise, share: share * size })
      add(load.cores, { start, length: length * size, rise: 1, share: coresShare * noisy(random, 0.1) })
      start += isByClock ? gap + between(random, 0, 5) : length + waiting(random, gap)
    }
  }
}

/** Memory falls to a base and settles again, one time in four higher than before; starting takes CPU. */
function restarts(load: Load, random: Random): void {
  const base = between(random, 0.2, 0.7)
  const settleMinutes = logBetween(random, 5, 12 * MINUTES_PER_HOUR)
  const startShare = logBetween(random, 0.5, 6)
  const times = chanceTimes(load, random, logBetween(random, 1, 10) * MINUTES_PER_DAY)
  let level = 1
  ;[0, ...times].forEach((start, index) => {
    level *= random.uniform() < 0.25 ? 1 + pareto(random, { least: 0.05, most: 1, exponent: 1.5 }) : noisy(random, 0.04)
    const end = Math.min(times[index] ?? load.minutes, load.minutes)
    for (let minute = Math.ceil(start); minute < end; minute++) {
      const settled = 1 - Math.exp((start - minute) / settleMinutes)
      multiply(load.memory, minute, level * (base + (1 - base) * settled))
    }
    add(load.cores, { start, length: between(random, 1, 15), rise: 1, share: startShare })
  })
}

/** A cache that fills quickly, then ever more slowly; now and then it is dropped and begins again. */
function growth(load: Load, random: Random): void {
  const gain = logBetween(random, 0.2, 4)
  const quickMinutes = logBetween(random, MINUTES_PER_HOUR, 10 * MINUTES_PER_DAY)
  const dropped = new Set(chanceTimes(load, random, logBetween(random, 5, 60) * MINUTES_PER_DAY).map(Math.floor))
  let begun = 0
  for (let minute = 0; minute < load.minutes; minute++) {
    if (dropped.has(minute)) begun = minute
    const filled = Math.log1p((minute - begun) / quickMinutes) / Math.log1p((10 * MINUTES_PER_DAY) / quickMinutes)
    multiply(load.memory, minute, 1 + gain * filled)
  }
}

/** Noise of every minute, and a slow one that lasts for hours. */
function wobble(values: Float64Array, random: Random, spread: number): void {
  let slow = 0
  for (let minute = 0; minute < values.length; minute++) {
    slow = 0.995 * slow + 0.07 * (noisy(random, 1) - 1)
    multiply(values, minute, Math.max(0.1, 1 + (spread / 2) * slow) * noisy(random, spread))
  }
}

/** Minutes at which something happens that does not depend on when it last did. */
function chanceTimes({ minutes }: Load, random: Random, mean: number): number[] {
  const times: number[] = []
  for (let at = waiting(random, mean); at < minutes; at += waiting(random, mean)) times.push(at)
  return times
}

/** Minutes from one run to the next: daily, weekly, or anything from hours to days. */
function nextGap(random: Random): number {
  const draw = random.uniform()
  if (draw < 0.35) return MINUTES_PER_DAY
  return draw < 0.45 ? MINUTES_PER_WEEK : logBetween(random, 3 * MINUTES_PER_HOUR, 4 * MINUTES_PER_DAY)
}

interface Burst {
  readonly start: number
  /** Minutes, those of the rise included. */
  readonly length: number
  readonly rise: number
  readonly share: number
}

function add(values: Float64Array, { start, length, rise, share }: Burst): void {
  const first = Math.ceil(start)
  const end = Math.min(values.length, start + length)
  for (let minute = first; minute < end; minute++) {
    values[minute] = (values[minute] ?? 0) + share * Math.min(1, (minute + 1 - first) / rise)
  }
}

function multiply(values: Float64Array, index: number, factor: number): void {
  values[index] = (values[index] ?? 0) * factor
}

function means(values: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: Math.floor(values.length / count) }, (_, index) => {
    const part = values.subarray(index * count, (index + 1) * count)
    return part.reduce((sum, value) => sum + value, 0) / count
  })
}
