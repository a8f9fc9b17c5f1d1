import { BYTES_PER_MB, MS_PER_SECOND, USEC_PER_MS } from '@lxc-autoscale/core/units'
import type { CpuCounters } from '../kernel/cpu-counters.ts'
import { currentBytes, inPages, type MemoryState } from '../kernel/memory-state.ts'
import { advancePressure, type StallShares } from '../kernel/pressure.ts'
import { enforceLimits, type MemoryEvents, type MemoryLimits, reclaimTo, sumOfEvents } from '../kernel/reclaim.ts'
import type { Demand } from '../workload/demand.ts'
import { kernelMb } from '../workload/workload-source.ts'
import type { ContainerState } from './container-state.ts'

/** What a container is allowed at a moment. Cores may be fractions. */
export interface CpuAllowance {
  /** CPUs in its cpuset. */
  readonly cpusetCores: number
  /** `cpu.max` as cores; Infinity when there is no quota. */
  readonly quotaCores: number
  /** What the host has left for it. */
  readonly grantedCores: number
}

export interface StepInputs {
  readonly elapsedMs: number
  readonly demand: Demand
  readonly cpu: CpuAllowance
  readonly limits: MemoryLimits
  readonly innerKills: number
}

/** Time constant with which memory follows what the workload wants. */
const MEMORY_LAG_MS = 1_000
/** How much slower memory grows above `memory.high`, where the kernel makes the task wait. */
const SLOWED_GROWTH = 0.15
const PERIOD_MS = 100
const BYTES_PER_OPERATION = 32_768
const BYTES_PER_PACKET = 900
/** What the disk of the host can do, for the pressure that traffic makes. */
const DISK_MB_PER_SECOND = 250

/** One container's figures `elapsedMs` later. Pure. */
export function stepContainer(state: ContainerState, inputs: StepInputs): ContainerState {
  const memory = stepMemory(state, inputs)
  const disk = diskTraffic(state.memory, inputs)
  const usedCores = usedCpuCores(inputs)
  const seconds = inputs.elapsedMs / MS_PER_SECOND
  return {
    ...memory,
    cpu: stepCpu(state.cpu, inputs, usedCores),
    cpuPressure: advancePressure(state.cpuPressure, cpuStalls(inputs), inputs.elapsedMs),
    pageFaults: state.pageFaults + usedCores * seconds * 400,
    disk: {
      readBytes: state.disk.readBytes + disk.readBytes,
      writtenBytes: state.disk.writtenBytes + disk.writtenBytes,
      reads: state.disk.reads + disk.readBytes / BYTES_PER_OPERATION,
      writes: state.disk.writes + disk.writtenBytes / BYTES_PER_OPERATION,
    },
    diskPressure: advancePressure(state.diskPressure, diskStalls(disk, seconds), inputs.elapsedMs),
    traffic: {
      rxBytes: state.traffic.rxBytes + inputs.demand.rxMbPerSecond * BYTES_PER_MB * seconds,
      rxPackets: state.traffic.rxPackets + (inputs.demand.rxMbPerSecond * BYTES_PER_MB * seconds) / BYTES_PER_PACKET,
      txBytes: state.traffic.txBytes + inputs.demand.txMbPerSecond * BYTES_PER_MB * seconds,
      txPackets: state.traffic.txPackets + (inputs.demand.txMbPerSecond * BYTES_PER_MB * seconds) / BYTES_PER_PACKET,
    },
  }
}

/** Cores a container can use at most, whatever the host has left. */
export function cappedCores(cpu: Pick<CpuAllowance, 'cpusetCores' | 'quotaCores'>): number {
  return Math.min(cpu.cpusetCores, cpu.quotaCores)
}

function usedCpuCores({ demand, cpu }: StepInputs): number {
  return Math.min(demand.cpuCores, cappedCores(cpu), cpu.grantedCores)
}

function stepCpu(counters: CpuCounters, inputs: StepInputs, usedCores: number): CpuCounters {
  const { elapsedMs, cpu, demand } = inputs
  const usedUsec = usedCores * elapsedMs * USEC_PER_MS
  const systemShare = 0.12
  const hasQuota = Number.isFinite(cpu.quotaCores)
  const periods = hasQuota ? elapsedMs / PERIOD_MS : 0
  const runnableCores = Math.min(demand.cpuCores, cpu.cpusetCores)
  const isThrottled = hasQuota && runnableCores > cpu.quotaCores
  return {
    userUsec: counters.userUsec + usedUsec * (1 - systemShare),
    systemUsec: counters.systemUsec + usedUsec * systemShare,
    periods: counters.periods + periods,
    throttledPeriods: counters.throttledPeriods + (isThrottled ? periods : 0),
    throttledUsec:
      counters.throttledUsec + (isThrottled ? (runnableCores - cpu.quotaCores) * elapsedMs * USEC_PER_MS : 0),
  }
}

/**
 * Share of time in which tasks wait for a CPU: a queue grows slowly until all CPUs are busy and quickly after that. With a
 * quota all tasks wait together when it is used up; without one somebody always runs.
 */
function cpuStalls({ demand, cpu }: StepInputs): StallShares {
  const allowed = Math.max(0.01, Math.min(cappedCores(cpu), cpu.grantedCores))
  const load = demand.cpuCores / allowed
  const some = load < 1 ? 0.2 * load ** 6 : 0.2 + 0.78 * (1 - Math.exp(-3 * (load - 1)))
  const isThrottled = cpu.quotaCores < cpu.cpusetCores && load > 1
  return { some, full: isThrottled ? some * 0.8 : 0 }
}

type MemoryPart = Pick<ContainerState, 'memory' | 'memoryEvents' | 'innerEvents' | 'memoryPressure' | 'peakBytes'>

function stepMemory(state: ContainerState, inputs: StepInputs): MemoryPart {
  const { limits, elapsedMs, innerKills } = inputs
  const wanted = grow(state.memory, inputs, 1)
  const kept = currentBytes(reclaimTo(wanted, limits.high, limits.swapMax))
  const isHeld = kept > limits.high
  const grown = isHeld ? grow(state.memory, inputs, SLOWED_GROWTH) : wanted
  const outcome = enforceLimits(grown, limits)
  return {
    memory: outcome.state,
    memoryEvents: sumOfEvents(state.memoryEvents, outcome.events),
    innerEvents: innerKills === 0 ? state.innerEvents : sumOfEvents(state.innerEvents, eventsOfKills(innerKills)),
    memoryPressure: advancePressure(
      state.memoryPressure,
      memoryStalls(
        { isHeld, swappedShare: swappedShare(outcome.state, limits.high) },
        outcome.reclaimedBytes,
        elapsedMs,
      ),
      elapsedMs,
    ),
    peakBytes: Math.max(state.peakBytes, currentBytes(outcome.state)),
  }
}

/** Reclaim fails some rounds before each kill. */
function eventsOfKills(kills: number): MemoryEvents {
  return { high: 0, max: 12 * kills, oom: kills, oomKill: kills }
}

/** Memory as the workload would have it `elapsedMs` later; `speed` below 1 slows growth, never release. */
function grow(memory: MemoryState, { demand, elapsedMs, limits }: StepInputs, speed: number): MemoryState {
  const share = 1 - Math.exp(-elapsedMs / MEMORY_LAG_MS)
  const follow = (now: number, target: number) => now + (target - now) * share * (target > now ? speed : 1)
  const heldBytes = memory.anon + memory.swap
  const targetBytes = follow(heldBytes, demand.anonMb * BYTES_PER_MB)
  const swap = swappedBytes(memory, targetBytes / Math.max(1, heldBytes), limits.high, elapsedMs)
  const anon = Math.max(0, targetBytes - swap)
  const readBytes = (demand.readMbPerSecond * BYTES_PER_MB * elapsedMs) / MS_PER_SECOND
  const cache = memory.cache + Math.min(readBytes, Math.max(0, demand.cacheMb * BYTES_PER_MB - memory.cache))
  return inPages({
    anon,
    swap,
    cache,
    shmem: follow(memory.shmem, demand.shmemMb * BYTES_PER_MB),
    slabReclaimable: BYTES_PER_MB / 4 + cache * 0.01,
    kernel: kernelMb(anon / BYTES_PER_MB) * BYTES_PER_MB,
  })
}

/** Swapped memory is freed with the rest, and comes back slowly when there is room. */
function swappedBytes(memory: MemoryState, kept: number, highBytes: number, elapsedMs: number): number {
  const left = memory.swap * Math.min(1, kept)
  return hasRoom(memory, highBytes) ? Math.max(0, left - 20 * BYTES_PER_MB * (elapsedMs / MS_PER_SECOND)) : left
}

function hasRoom(memory: MemoryState, highBytes: number): boolean {
  return currentBytes(memory) < highBytes * 0.9
}

/** How much of what a workload touches all the time is swapped out, and pushes something else out when it is taken back. */
function swappedShare(memory: MemoryState, highBytes: number): number {
  return hasRoom(memory, highBytes) ? 0 : memory.swap / Math.max(1, memory.anon + memory.swap)
}

interface ShortOfMemory {
  /** Held at its soft limit, with nothing left to reclaim. */
  readonly isHeld: boolean
  readonly swappedShare: number
}

function memoryStalls(short: ShortOfMemory, reclaimedBytes: number, elapsedMs: number): StallShares {
  const reclaimedMbPerSecond = reclaimedBytes / BYTES_PER_MB / (elapsedMs / MS_PER_SECOND)
  const reclaiming = elapsedMs > 0 ? Math.min(0.3, reclaimedMbPerSecond / 6_000) : 0
  const some = (short.isHeld ? 0.6 : Math.min(0.6, short.swappedShare)) + reclaiming
  return { some, full: some * 0.8 }
}

interface DiskTraffic {
  readonly readBytes: number
  readonly writtenBytes: number
}

/** What the page cache holds need not be read. */
function diskTraffic(memory: MemoryState, { demand, elapsedMs }: StepInputs): DiskTraffic {
  const seconds = elapsedMs / MS_PER_SECOND
  const wantedBytes = Math.max(1, demand.cacheMb * BYTES_PER_MB)
  const missed = 1 - Math.min(1, memory.cache / wantedBytes)
  return {
    readBytes: demand.readMbPerSecond * BYTES_PER_MB * seconds * (0.02 + 0.98 * missed),
    writtenBytes: demand.writeMbPerSecond * BYTES_PER_MB * seconds,
  }
}

function diskStalls({ readBytes, writtenBytes }: DiskTraffic, seconds: number): StallShares {
  const busy = seconds > 0 ? (readBytes + writtenBytes * 0.5) / BYTES_PER_MB / seconds / DISK_MB_PER_SECOND : 0
  const some = Math.min(0.9, busy)
  return { some, full: some * 0.7 }
}
