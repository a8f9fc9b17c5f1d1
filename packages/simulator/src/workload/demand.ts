import { smoothNoise } from '../kernel/seeded.ts'
import type { Workload } from './workload.ts'

/** What a workload would use at a moment if nothing limited it. */
export interface Demand {
  readonly cpuCores: number
  readonly anonMb: number
  readonly shmemMb: number
  readonly cacheMb: number
  /** Megabytes per real second. */
  readonly readMbPerSecond: number
  readonly writeMbPerSecond: number
  readonly rxMbPerSecond: number
  readonly txMbPerSecond: number
}

/** Time of a workload: since the host's first day, and since its own main process started. Seconds. */
export interface WorkloadTime {
  readonly seconds: number
  readonly sinceStartSeconds: number
}

/** What a shape decides: how busy (0 = base, 1 = peak) the CPU and the memory are. */
export interface Levels {
  readonly cpu: number
  readonly memory: number
  /** Disk traffic beyond the usual, 0-1. */
  readonly disk: number
  /** Network traffic beyond the usual, 0-1. */
  readonly traffic?: number
}

const NOISE_SECONDS = 45
/** At the most so many times the usual traffic comes on top of it. */
const MOST_TRAFFIC = 60

/** Demand at the given levels. Every figure varies a little, and the same way each time. */
export function demandAt(workload: Workload, time: WorkloadTime, levels: Levels): Demand {
  const { load, seed } = workload
  const vary = (channel: number, amount: number) =>
    1 + amount * (2 * smoothNoise(time.seconds / NOISE_SECONDS, seed, channel) - 1)
  const cpuCores = between(load.baseCores, load.peakCores, levels.cpu) * vary(1, 0.12)
  const memoryMb = between(load.baseMemoryMb, load.peakMemoryMb, levels.memory) * vary(2, 0.015)
  const traffic = (0.02 + 0.4 * cpuCores) * (1 + MOST_TRAFFIC * (levels.traffic ?? 0))
  return {
    cpuCores: Math.max(0, cpuCores),
    anonMb: Math.max(2, memoryMb - load.shmemMb),
    shmemMb: load.shmemMb,
    cacheMb: load.cacheMb,
    readMbPerSecond: (0.05 + load.cacheMb / 120) * (1 + 4 * levels.disk),
    writeMbPerSecond: (0.02 + 0.3 * cpuCores) * (1 + 8 * levels.disk) * vary(3, 0.3),
    rxMbPerSecond: traffic * vary(4, 0.3),
    txMbPerSecond: 2.5 * traffic * vary(5, 0.3),
  }
}

function between(base: number, peak: number, level: number): number {
  return base + (peak - base) * level
}
