import { z } from 'zod'
import type { LocalSample } from '../../decision.ts'
import { memoryNeedMb } from '../../memory-need.ts'
import type { Policy, PolicyContext, PolicyState, SizingSettings, Target } from '../../policy.ts'
import { CPU_PARAMETERS, type CpuParameters } from './cpu-parameters.ts'
import { type CpuDesign, CpuSizer, cpuDesign } from './cpu-sizer.ts'
import { MEMORY_PARAMETERS, type MemoryParameters } from './memory-parameters.ts'
import { MemorySizer, MemorySizerState } from './memory-sizer.ts'
import { SampleClock, SampleClockState } from './sample-clock.ts'
import { type ResourceSamples, SampleMinute } from './sample-minute.ts'

const VERSION = 3
/** Throttled in so many of the scheduling periods, a container counts as short of cores, percent. */
const SHORT_THROTTLED_PERCENT = 5
/** With whole cores nothing counts throttling: one that uses all it is allowed, while something waits for it, is short. */
const SHORT_USED_SHARE = 0.98
/** Tasks waiting for the CPU, percent of time (PSI), that are more than noise. */
const SHORT_WAITING_PERCENT = 5

/** Every number of the policy. */
export interface AdaptiveParameters {
  readonly cpu: CpuParameters
  readonly memory: MemoryParameters
}

export const ADAPTIVE_PARAMETERS: AdaptiveParameters = { cpu: CPU_PARAMETERS, memory: MEMORY_PARAMETERS }

/** What the parameters stand for, made once for all containers. */
interface Design {
  readonly cpu: CpuDesign
  readonly memory: MemoryParameters
  /** What `serialise` gives. */
  readonly state: ReturnType<typeof adaptiveState>
}

/**
 * Learns each container: for cores the cheapest of some simple sizers by its own recent bill, for memory the peak of two weeks
 * and room for a leap.
 */
export function adaptiveWith({ cpu: cpuParameters, memory }: AdaptiveParameters): Policy {
  const cpu = cpuDesign(cpuParameters)
  const design = { cpu, memory, state: adaptiveState(cpu) }
  return { name: 'adaptive', create: (settings, saved) => new AdaptiveState(settings, saved, design) }
}

export const adaptive: Policy = adaptiveWith(ADAPTIVE_PARAMETERS)

function adaptiveState(cpu: CpuDesign) {
  return z.object({
    version: z.literal(VERSION),
    clock: SampleClockState,
    cpu: cpu.state,
    memory: MemorySizerState,
  })
}

class AdaptiveState implements PolicyState {
  readonly goesOn: boolean
  readonly #cpu: CpuSizer
  readonly #memory: MemorySizer
  readonly #clock = new SampleClock()
  readonly #minute = new SampleMinute()

  constructor(settings: SizingSettings, saved: unknown, design: Design) {
    const { coresStep, minCores, adaptive: keys } = settings
    const minChange = keys.minChangePercent / 100
    this.#cpu = new CpuSizer({ coresStep, minCores, minChange, throttlingPrice: keys.throttlingPrice }, design.cpu)
    this.#memory = new MemorySizer({ minChange, safety: keys.memorySafety }, design.memory)
    const { data } = design.state.safeParse(saved)
    this.goesOn = data !== undefined
    if (data === undefined) return
    this.#clock.restore(data.clock)
    this.#cpu.restore(data.cpu)
    this.#memory.restore(data.memory)
  }

  observe(sample: LocalSample): void {
    const dtMs = this.#clock.advance(sample.timestampMs)
    if (dtMs > 0) this.#learn(this.#minute.add(byResource(sample, this.#clock.ownMs, dtMs)))
  }

  decide({ timeMs: wallMs, localTimeMs, allocation }: PolicyContext): Target {
    this.#learn(this.#minute.early())
    const timeMs = this.#clock.ownTimeOf(wallMs)
    const { cores: allocatedCores, memoryMb: allocatedMb } = allocation
    return {
      cores: allocatedCores === undefined ? undefined : this.#cpu.decide({ timeMs, localTimeMs, allocatedCores }),
      memoryMb: allocatedMb === undefined ? undefined : this.#memory.decide({ timeMs, allocatedMb }),
      isCoresUrgent: this.#cpu.isShort,
      isMemoryUrgent: this.#memory.isUrgent,
    }
  }

  explain(withNext: boolean): { readonly cores: string; readonly memory: string } {
    return { cores: this.#cpu.explain(withNext), memory: this.#memory.explain(withNext) }
  }

  serialise(): z.input<ReturnType<typeof adaptiveState>> {
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
  const { localTimeMs, cpuCoresUsed, cpuCores, memoryLimitMb, memoryEvents } = sample
  const isShort = isShortOfCores(sample)
  const wasKilled = (memoryEvents?.oomKill ?? 0) > 0
  const needMb = memoryNeedMb(sample)
  // What is left after a kill says nothing of what was needed: all that it was allowed.
  const neededMb = needMb !== undefined && wasKilled ? Math.max(needMb, memoryLimitMb ?? 0) : needMb
  return {
    cpu:
      cpuCoresUsed === undefined
        ? undefined
        : {
            timeMs,
            localTimeMs,
            dtMs,
            usedCores: cpuCoresUsed,
            isShort,
            neededCores: isShort ? cpuCoresUsed * (1 + waitingShare(sample)) : cpuCoresUsed,
            allocatedCores: cpuCores ?? cpuCoresUsed,
          },
    memory: neededMb === undefined ? undefined : { timeMs, dtMs, neededMb, wasKilled },
  }
}

/** Share of the time in which something waited for the CPU (PSI some): so much more would run with more cores, about. */
function waitingShare({ pressure }: LocalSample): number {
  return (pressure?.cpuSomePercent ?? 0) / 100
}

function isShortOfCores({ cpuCoresUsed, cpuThrottledPercent, cpuCores, pressure }: LocalSample): boolean {
  if ((cpuThrottledPercent ?? 0) >= SHORT_THROTTLED_PERCENT) return true
  const isUsedUp = cpuCoresUsed !== undefined && cpuCores !== undefined && cpuCoresUsed >= cpuCores * SHORT_USED_SHARE
  return isUsedUp && (pressure?.cpuSomePercent ?? SHORT_WAITING_PERCENT) >= SHORT_WAITING_PERCENT
}
