import type { ContainerSample } from '@lxc-autoscale/core'
import { Random } from '../../packages/model/src/forest/random.ts'
import { gaussian } from './matrix.ts'
import { sample } from './snapshot.ts'

/** What a container does at one moment; rates are per second. */
export interface Load {
  readonly cores: number
  readonly memoryMb: number
  readonly processes: number
  readonly rxBytes: number
  readonly txBytes: number
  readonly reads: number
  readonly writes: number
}

/** A load at each second since Monday midnight. */
export type Shape = (seconds: number, random: Random) => Load

const DAY_S = 86_400

/** Does next to nothing. */
export const idle: Shape = (_, random) => ({
  cores: 0.002 + 0.002 * random.uniform(),
  memoryMb: 48 + 0.2 * random.uniform(),
  processes: 12,
  rxBytes: 200 * random.uniform(),
  txBytes: 100 * random.uniform(),
  reads: 0,
  writes: random.uniform() < 0.1 ? 1 : 0,
})

/** The same, to the last digit, each time. */
export const dead: Shape = () => ({ cores: 0, memoryMb: 40, processes: 3, rxBytes: 0, txBytes: 0, reads: 0, writes: 0 })

/** About a core and a GB, with a lot of noise. */
export const noisy: Shape = (_, random) => ({
  cores: Math.max(0, 1 + 0.3 * gaussian(random)),
  memoryMb: 900 + 60 * gaussian(random),
  processes: 40 + Math.round(3 * gaussian(random)),
  rxBytes: 3e5 * Math.exp(gaussian(random) / 2),
  txBytes: 5e5 * Math.exp(gaussian(random) / 2),
  reads: 20 * random.uniform(),
  writes: 40 * random.uniform(),
})

/** Nothing at midnight, two cores and 1.5 GB at noon, with noise. */
export const diurnal: Shape = (seconds, random) => {
  const day = 0.5 - 0.5 * Math.cos((2 * Math.PI * seconds) / DAY_S)
  const level = Math.max(0.02, day * (1 + 0.1 * gaussian(random)))
  return {
    cores: Math.max(0, 0.1 + 2 * level + 0.15 * gaussian(random)),
    memoryMb: 600 + 900 * day + 10 * gaussian(random),
    processes: 30 + Math.round(20 * level),
    rxBytes: 1e6 * level * Math.exp(0.3 * gaussian(random)),
    txBytes: 3e6 * level * Math.exp(0.3 * gaussian(random)),
    reads: 50 * level * random.uniform(),
    writes: 80 * level * random.uniform(),
  }
}

/** A heap that fills within half an hour and is swept, at an even load. */
export const sawtooth: Shape = (seconds, random) => ({
  cores: Math.max(0.05, 0.8 + 0.15 * gaussian(random)),
  memoryMb: 600 + (300 * (seconds % 1_800)) / 1_800 + 5 * gaussian(random),
  processes: 25,
  rxBytes: 2e5 * Math.exp(0.3 * gaussian(random)),
  txBytes: 4e5 * Math.exp(0.3 * gaussian(random)),
  reads: 5 * random.uniform(),
  writes: 10 * random.uniform(),
})

/** A cache that fills slowly, by 60 MB a day, at an even load. */
export const growing: Shape = (seconds, random) => ({
  ...sawtooth(0, random),
  memoryMb: 400 + (60 * seconds) / DAY_S + 3 * gaussian(random),
})

/** From some second on another load. */
export function changedFrom(fromSeconds: number, shape: Shape, change: (load: Load) => Partial<Load>): Shape {
  return (seconds, random) => {
    const load = shape(seconds, random)
    return seconds < fromSeconds ? load : { ...load, ...change(load) }
  }
}

/** 2026-01-05 was a Monday. */
export const MONDAY_MS = Date.UTC(2026, 0, 5)

export interface Allowed {
  readonly cores?: number
  readonly memoryMb?: number
  readonly runId?: number
}

/** The samples of a container with such a load, in order of time. */
export class Workload {
  readonly #shape: Shape
  readonly #random: Random
  #lastSeconds: number | undefined
  #totals = { rxBytes: 0, txBytes: 0, reads: 0, writes: 0 }

  constructor(shape: Shape, seed = 1) {
    this.#shape = shape
    this.#random = new Random(seed, 7)
  }

  at(seconds: number, { cores = 4, memoryMb = 4_096, runId = 1 }: Allowed = {}): ContainerSample {
    const load = this.#shape(seconds, this.#random)
    const elapsed = seconds - (this.#lastSeconds ?? seconds)
    this.#lastSeconds = seconds
    const { rxBytes, txBytes, reads, writes } = this.#totals
    this.#totals = {
      rxBytes: rxBytes + load.rxBytes * elapsed,
      txBytes: txBytes + load.txBytes * elapsed,
      reads: reads + load.reads * elapsed,
      writes: writes + load.writes * elapsed,
    }
    return sample({
      timestampMs: MONDAY_MS + seconds * 1_000,
      runId,
      cpuUsagePercent: (100 * Math.min(load.cores, cores)) / cores,
      cpuCoresUsed: load.cores,
      cpuCores: cores,
      memoryUsageMb: load.memoryMb,
      memoryLimitMb: memoryMb,
      processCount: load.processes,
      networkUsage: { rxBytes: this.#totals.rxBytes, txBytes: this.#totals.txBytes },
      ioStats: { reads: this.#totals.reads, writes: this.#totals.writes },
    })
  }
}
