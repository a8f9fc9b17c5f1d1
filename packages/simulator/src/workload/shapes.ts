import { seeded, smoothNoise } from '../kernel/seeded.ts'
import type { Levels, WorkloadTime } from './demand.ts'
import type { ShapeName, Workload } from './workload.ts'

type ShapeFunction = (workload: Workload, time: WorkloadTime) => Levels

/** How busy each built-in shape is at a moment. Pure: the same time and seed give the same levels. */
export const SHAPE_LEVELS: Readonly<Record<ShapeName, ShapeFunction>> = {
  idle: (workload, time) => same(smoothNoise(position(workload, time), workload.seed)),

  steady: (workload, time) => same(smoothNoise(position(workload, time), workload.seed)),

  /** Quiet before dawn, busiest in the afternoon, with a dent at noon. */
  diurnal: (workload, time) => {
    const share = cycleShare(workload, time)
    const day = 0.5 - 0.5 * Math.cos(2 * Math.PI * (share - 0.15))
    const noon = 0.2 * Math.exp(-(((share - 0.52) / 0.03) ** 2))
    return same(clamp(day ** 1.5 - noon))
  },

  /** Grows for four fifths of a period, then everybody leaves. */
  ramp: (workload, time) => {
    const share = cycleShare(workload, time)
    return same(share < 0.8 ? share / 0.8 : 0)
  },

  /** About once in each period, at no fixed time: full load within a minute, then half of it every few minutes. */
  'flash-crowd': (workload, time) => {
    const period = Math.floor(position(workload, time))
    const startShare = 0.2 + 0.5 * seeded(period, workload.seed)
    const seconds = (cycleShare(workload, time) - startShare) * workload.load.periodSeconds
    const halfLife = workload.load.periodSeconds / 30
    const rise = Math.min(60, workload.load.periodSeconds / 60)
    const level = seconds < 0 ? 0 : Math.min(seconds / rise, 0.5 ** (seconds / halfLife))
    return { cpu: level, memory: Math.min(1, level * 1.5), disk: level * 0.3 }
  },

  /** From two to four o'clock all it can get, with much reading and writing. */
  'nightly-batch': (workload, time) => {
    const hour = cycleShare(workload, time) * 24
    return hour >= 2 && hour < 4 ? { cpu: 1, memory: clamp((hour - 2) * 2), disk: 1 } : { cpu: 0, memory: 0, disk: 0 }
  },

  /** Grows from the start of its main process on, until somebody kills it. */
  'memory-leak': (workload, time) => ({
    cpu: smoothNoise(position(workload, time) * 20, workload.seed),
    memory: (time.sinceStartSeconds + workload.load.phaseSeconds) / workload.load.periodSeconds,
    disk: 0,
  }),

  /** The heap fills and is collected; collecting costs CPU. */
  'jvm-sawtooth': (workload, time) => {
    const share = cycleShare(workload, time)
    const isCollecting = share > 0.95
    return { cpu: isCollecting ? 1 : 0.3, memory: isCollecting ? (1 - share) * 20 : share / 0.95, disk: 0 }
  },

  'cache-heavy': (workload, time) => ({
    ...same(smoothNoise(position(workload, time), workload.seed)),
    disk: smoothNoise(position(workload, time) * 3, workload.seed, 1),
  }),

  /** Quiet, until somebody fetches everything: from one o'clock to a quarter past two. */
  crawled: (workload, time) => {
    const hour = cycleShare(workload, time) * 24
    if (hour >= 1 && hour < 2.25) return { cpu: 1, memory: 1, disk: 1, traffic: 1 }
    const level = 0.3 * smoothNoise(time.seconds / 600, workload.seed)
    return { cpu: level, memory: level, disk: smoothNoise(time.seconds / 200, workload.seed, 1) }
  },
}

/** Periods since the beginning. */
function position({ load }: Workload, { seconds }: WorkloadTime): number {
  return (seconds + load.phaseSeconds) / load.periodSeconds
}

/** How much of the present period is over, 0-1. */
function cycleShare(workload: Workload, time: WorkloadTime): number {
  const at = position(workload, time)
  return at - Math.floor(at)
}

function same(level: number): Levels {
  return { cpu: level, memory: level, disk: 0 }
}

function clamp(level: number): number {
  return Math.min(1, Math.max(0, level))
}
