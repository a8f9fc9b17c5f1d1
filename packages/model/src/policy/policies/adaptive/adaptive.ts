import { z } from 'zod'
import type { LocalSample } from '../../decision.ts'
import type { Policy, PolicyContext, PolicyState, SizingSettings, Target } from '../../policy.ts'
import { CpuSizer, CpuSizerState } from './cpu-sizer.ts'
import { MemorySizer, MemorySizerState } from './memory-sizer.ts'
import { SampleClock, SampleClockState } from './sample-clock.ts'
import { type ResourceSamples, SampleMinute } from './sample-minute.ts'

const VERSION = 2
/** Throttled in so many of the scheduling periods, a container counts as short of cores, percent. */
const SHORT_THROTTLED_PERCENT = 5
/** With whole cores nothing counts throttling: one that uses all it is allowed, while something waits for it, is short. */
const SHORT_USED_SHARE = 0.98
/** Tasks waiting for the CPU, percent of time (PSI), that are more than noise. */
const SHORT_WAITING_PERCENT = 5
/** Stalls for memory, percent of time, with which meeting the limit is more than a full page cache. */
const PRESSED_STALL_PERCENT = 0.5

/** Learns each container: the cheapest of many simple sizers by its own recent bill, for cores and for memory. */
export const adaptive: Policy = {
  name: 'adaptive',
  create: (settings, saved) => new AdaptiveState(settings, saved),
}

/** What `serialise` gives. */
const AdaptivePolicyState = z.object({
  version: z.literal(VERSION),
  clock: SampleClockState,
  cpu: CpuSizerState,
  memory: MemorySizerState,
})

class AdaptiveState implements PolicyState {
  readonly #cpu: CpuSizer
  readonly #memory: MemorySizer
  readonly #clock = new SampleClock()
  readonly #minute = new SampleMinute()

  constructor(settings: SizingSettings, saved: unknown) {
    const { coresStep, minCores, minMemoryMb, adaptive: keys } = settings
    this.#cpu = new CpuSizer({ coresStep, minCores, throttlingPrice: keys.throttlingPrice })
    this.#memory = new MemorySizer({ minMemoryMb })
    const { data } = AdaptivePolicyState.safeParse(saved)
    if (data === undefined) return
    this.#clock.restore(data.clock)
    this.#cpu.restore(data.cpu)
    this.#memory.restore(data.memory)
  }

  observe(sample: LocalSample): void {
    const dtMs = this.#clock.advance(sample.timestampMs)
    if (dtMs > 0) this.#learn(this.#minute.add(byResource(sample, this.#clock.ownMs, dtMs)))
  }

  decide({ timeMs: wallMs, localTimeMs, allocation, isAbnormal }: PolicyContext): Target {
    this.#learn(this.#minute.early())
    const timeMs = this.#clock.ownTimeOf(wallMs)
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

  serialise(): z.input<typeof AdaptivePolicyState> {
    return {
      version: VERSION,
      clock: this.#clock.serialise(),
      cpu: this.#cpu.serialise(),
      memory: this.#memory.serialise(),
    }
  }

  #learn(samples: ResourceSamples | undefined): void {
    if (samples?.cpu !== undefined) this.#cpu.observe(samples.cpu)
    if (samples?.memory !== undefined) this.#memory.observe(samples.memory)
  }
}

function byResource(sample: LocalSample, timeMs: number, dtMs: number): ResourceSamples {
  const { localTimeMs, cpuCoresUsed, cpuCores, memoryUsageMb, memoryLimitMb, memoryEvents } = sample
  const moment = { timeMs, localTimeMs, dtMs }
  return {
    cpu:
      cpuCoresUsed === undefined
        ? undefined
        : {
            ...moment,
            usedCores: cpuCoresUsed,
            isShort: isShortOfCores(sample),
            allocatedCores: cpuCores ?? cpuCoresUsed,
          },
    memory:
      memoryUsageMb === undefined
        ? undefined
        : {
            ...moment,
            usedMb: memoryUsageMb,
            wasKilled: (memoryEvents?.oomKill ?? 0) > 0,
            wasPressed: wasPressed(sample),
            cpuCores: cpuCoresUsed,
            allocatedMb: memoryLimitMb ?? memoryUsageMb,
          },
  }
}

function isShortOfCores({ cpuCoresUsed, cpuThrottledPercent, cpuCores, pressure }: LocalSample): boolean {
  if ((cpuThrottledPercent ?? 0) >= SHORT_THROTTLED_PERCENT) return true
  const isUsedUp = cpuCoresUsed !== undefined && cpuCores !== undefined && cpuCoresUsed >= cpuCores * SHORT_USED_SHARE
  return isUsedUp && (pressure?.cpuSomePercent ?? SHORT_WAITING_PERCENT) >= SHORT_WAITING_PERCENT
}

function wasPressed({ memoryEvents, pressure }: LocalSample): boolean {
  const events = (memoryEvents?.high ?? 0) + (memoryEvents?.max ?? 0)
  return events > 0 && (pressure?.memorySomePercent ?? 0) >= PRESSED_STALL_PERCENT
}
