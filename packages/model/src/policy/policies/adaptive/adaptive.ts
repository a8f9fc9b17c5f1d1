import type { Observation } from '../../decision.ts'
import type { Policy, PolicyContext, PolicyState, SizingSettings, Target } from '../../policy.ts'
import { CpuSizer } from './cpu-sizer.ts'
import { MemorySizer } from './memory-sizer.ts'

const VERSION = 1
/** Throttled in so many of the scheduling periods, a container counts as short of cores, percent. */
const SHORT_THROTTLED_PERCENT = 5
/** With whole cores nothing counts throttling: one that uses all it is allowed, while something waits for it, is short. */
const SHORT_USED_SHARE = 0.98
/** Tasks waiting for the CPU, percent of time (PSI), that are more than noise. */
const SHORT_WAITING_PERCENT = 5
/** Stalls for memory, percent of time, with which meeting the limit is more than a full page cache. */
const PRESSED_STALL_PERCENT = 0.5
const FIRST_STEP_MS = 60_000
const MOST_STEPS_IN_A_GAP = 3

/** Learns each container: the cheapest of many simple sizers by its own recent bill, for cores and for memory. */
export const adaptive: Policy = {
  name: 'adaptive',
  create: (settings, saved) => new AdaptiveState(settings, saved),
}

class AdaptiveState implements PolicyState {
  #cpu: CpuSizer
  #memory: MemorySizer
  #newestMs: number | undefined
  #stepMs: number | undefined

  constructor(settings: SizingSettings, saved: unknown) {
    this.#cpu = newCpuSizer(settings)
    this.#memory = new MemorySizer({ minMemoryMb: settings.minMemoryMb })
    if (!this.#restore(saved)) {
      this.#cpu = newCpuSizer(settings)
      this.#memory = new MemorySizer({ minMemoryMb: settings.minMemoryMb })
      this.#newestMs = undefined
      this.#stepMs = undefined
    }
  }

  observe(observation: Observation): void {
    const { timeMs, localTimeMs, cpuCoresUsed, memoryUsedMb, allocation } = observation
    const dtMs = this.#elapsedMs(timeMs)
    if (dtMs <= 0) return
    if (cpuCoresUsed !== undefined) {
      this.#cpu.observe({
        timeMs,
        localTimeMs,
        dtMs,
        usedCores: cpuCoresUsed,
        isShort: isShortOfCores(observation),
        allocatedCores: allocation.cores ?? cpuCoresUsed,
      })
    }
    if (memoryUsedMb !== undefined) {
      this.#memory.observe({
        timeMs,
        localTimeMs,
        dtMs,
        usedMb: memoryUsedMb,
        wasKilled: (observation.oomKills ?? 0) > 0,
        wasPressed: wasPressed(observation),
        cpuCores: cpuCoresUsed,
        allocatedMb: allocation.memoryMb ?? memoryUsedMb,
      })
    }
  }

  decide({ timeMs, localTimeMs, allocation, isAbnormal }: PolicyContext): Target {
    const { cores: allocatedCores, memoryMb: allocatedMb } = allocation
    return {
      cores:
        allocatedCores === undefined
          ? undefined
          : this.#cpu.decide({ timeMs, localTimeMs, allocatedCores, isAbnormal }),
      memoryMb:
        allocatedMb === undefined ? undefined : this.#memory.decide({ timeMs, localTimeMs, allocatedMb, isAbnormal }),
      isCoresUrgent: this.#cpu.isShort,
      isMemoryUrgent: this.#memory.isUrgent(timeMs),
    }
  }

  explain(): { readonly cores: string; readonly memory: string } {
    return { cores: this.#cpu.explain(), memory: this.#memory.explain() }
  }

  serialise(): unknown {
    return {
      version: VERSION,
      newestMs: this.#newestMs ?? null,
      stepMs: this.#stepMs ?? null,
      cpu: this.#cpu.serialise(),
      memory: this.#memory.serialise(),
    }
  }

  #restore(saved: unknown): boolean {
    if (typeof saved !== 'object' || saved === null || !('version' in saved) || saved.version !== VERSION) return false
    const from: Readonly<Record<string, unknown>> = { ...saved }
    const { newestMs, stepMs } = from
    this.#newestMs = typeof newestMs === 'number' ? newestMs : undefined
    this.#stepMs = typeof stepMs === 'number' && stepMs > 0 ? stepMs : undefined
    return this.#cpu.restore(from['cpu']) && this.#memory.restore(from['memory'])
  }

  /** The time that a sample stands for: since the one before it, but no more than a few usual steps, so that a gap is no measurement. */
  #elapsedMs(timeMs: number): number {
    const sinceMs = this.#newestMs === undefined ? (this.#stepMs ?? FIRST_STEP_MS) : timeMs - this.#newestMs
    if (sinceMs <= 0) return 0
    const isFirst = this.#newestMs === undefined
    this.#newestMs = timeMs
    if (isFirst) return sinceMs
    const elapsedMs = Math.min(sinceMs, MOST_STEPS_IN_A_GAP * (this.#stepMs ?? sinceMs))
    this.#stepMs = this.#stepMs === undefined ? sinceMs : 0.9 * this.#stepMs + 0.1 * elapsedMs
    return elapsedMs
  }
}

function newCpuSizer({ coresStep, minCores, adaptive: { throttlingPrice } }: SizingSettings): CpuSizer {
  return new CpuSizer({ coresStep, minCores, throttlingPrice })
}

function isShortOfCores({
  cpuCoresUsed,
  cpuThrottledPercent,
  cpuPressurePercent,
  allocation: { cores },
}: Observation): boolean {
  if ((cpuThrottledPercent ?? 0) >= SHORT_THROTTLED_PERCENT) return true
  const isUsedUp = cpuCoresUsed !== undefined && cores !== undefined && cpuCoresUsed >= cores * SHORT_USED_SHARE
  return isUsedUp && (cpuPressurePercent === undefined || cpuPressurePercent >= SHORT_WAITING_PERCENT)
}

function wasPressed({ memoryHighEvents, memoryMaxEvents, memoryPressurePercent }: Observation): boolean {
  const events = (memoryHighEvents ?? 0) + (memoryMaxEvents ?? 0)
  return events > 0 && (memoryPressurePercent ?? 0) >= PRESSED_STALL_PERCENT
}
