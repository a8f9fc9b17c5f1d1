import { MS_PER_HOUR, MS_PER_MINUTE, type PastStep } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { LocalSample } from '../../decision.ts'
import { memoryNeedMb } from '../../memory-need.ts'
import { pastSamples, type TimesOf } from '../../past/past-samples.ts'
import type { KeptPast, Policy, PolicyContext, PolicyState, SizingSettings, Target } from '../../policy.ts'
import { CPU_PARAMETERS, type CpuParameters } from './cpu-parameters.ts'
import { type CpuDesign, CpuSizer, cpuDesign } from './cpu-sizer.ts'
import { MEMORY_PARAMETERS, type MemoryParameters } from './memory-parameters.ts'
import { MemorySizer, MemorySizerState } from './memory-sizer.ts'
import { OwnMinutes } from './own-minutes.ts'
import { SampleClock, SampleClockState } from './sample-clock.ts'
import { type ResourceSamples, SampleMinute } from './sample-minute.ts'

const VERSION = 3
/** It is known for long enough to do without. */
const LONGEST_WAIT_MS = 12 * MS_PER_HOUR
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
  return { name: 'adaptive', create: (...known) => new AdaptiveState(design, ...known) }
}

export const adaptive: Policy = adaptiveWith(ADAPTIVE_PARAMETERS)

function adaptiveState(cpu: CpuDesign) {
  return z.object({
    version: z.literal(VERSION),
    awaitsPast: z.boolean().default(false),
    clock: SampleClockState,
    cpu: cpu.state,
    memory: MemorySizerState,
  })
}

class AdaptiveState implements PolicyState {
  readonly goesOn: boolean
  readonly #settings: SizingSettings
  readonly #design: Design
  #cpu: CpuSizer
  #memory: MemorySizer
  readonly #clock = new SampleClock()
  readonly #minute = new SampleMinute()
  /** Its newest minutes, while it may begin once more with what was before them; undefined when it will not. */
  #own: OwnMinutes | undefined

  constructor(design: Design, settings: SizingSettings, saved: unknown, former?: PolicyState) {
    this.#settings = settings
    this.#design = design
    this.#cpu = newCpuSizer(settings, design)
    this.#memory = newMemorySizer(settings, design)
    const { data } = design.state.safeParse(saved)
    this.goesOn = data !== undefined
    if (data?.awaitsPast !== false) this.#own = former instanceof AdaptiveState ? former.#own : new OwnMinutes()
    if (data === undefined) return
    this.#clock.restore(data.clock)
    this.#cpu.restore(data.cpu)
    this.#memory.restore(data.memory)
  }

  /** Not before its first minute: that tells how much of its memory Proxmox does not count. */
  get wantsPast(): boolean {
    return this.#isYoung && this.#own !== undefined && !this.#own.isEmpty
  }

  get #isYoung(): boolean {
    return this.#cpu.ageMs(this.#clock.ownMs) < LONGEST_WAIT_MS
  }

  learnPast({ steps, timesOf }: KeptPast): readonly PastStep[] {
    const own = this.#own?.all() ?? []
    this.#own = undefined
    const beginMs = Math.min(...own.map(beganMs))
    const past = steps.filter(({ startMs }) => timesOf(startMs).timestampMs < beginMs)
    const [first] = past
    if (first === undefined) return []
    this.#cpu = newCpuSizer(this.#settings, this.#design)
    this.#memory = newMemorySizer(this.#settings, this.#design).withKillsOf(this.#memory)
    const uncountedMb = uncountedMemoryMb(own, steps, timesOf)
    past.forEach((step, at) => {
      // Of a step at which finer ones begin only the rest is there, with the figures of the whole: it was as long as that before it.
      const wholeMs = Math.max(step.stepMs, past[at - 1]?.stepMs ?? 0)
      this.#learnStep(step, { timesOf, beginMs, uncountedMb, wholeMs })
    })
    const fromMs = timesOf(first.startMs).timestampMs
    this.#cpu.endPast(fromMs, beginMs)
    this.#memory.endPast(fromMs)
    for (const samples of own) this.#relearn(samples)
    return uncountedMb === undefined ? past.map(step => ({ ...step, memoryUsedMb: undefined })) : past
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
      awaitsPast: this.#own !== undefined,
      clock: this.#clock.serialise(),
      cpu: this.#cpu.serialise(),
      memory: this.#memory.serialise(),
    }
  }

  #learnStep(step: PastStep, { timesOf, beginMs, uncountedMb, wholeMs }: PastFacts): void {
    if (step.stepMs <= MS_PER_MINUTE) {
      const [sample] = pastSamples([step], clockMs => timesOf(clockMs - 1))
      if (sample === undefined) return
      const memoryUsageMb = sum(sample.memoryUsageMb, uncountedMb)
      this.#relearn(byResource({ ...sample, memoryUsageMb }, sample.timestampMs, step.stepMs))
      return
    }
    const { startMs, stepMs, coresUsed, memoryUsedMb: used } = step
    const [begin, end] = [timesOf(startMs), timesOf(startMs + stepMs - 1)]
    const endMs = Math.min(end.timestampMs, beginMs)
    if (coresUsed !== undefined) {
      this.#cpu.learnStep({
        endMs,
        localFromMs: begin.localTimeMs,
        localToMs: end.localTimeMs,
        peakCores: coresUsed.peak,
        isShort: wasShort(step, coresUsed.peak),
      })
    }
    if (used !== undefined && uncountedMb !== undefined) {
      const [meanMb, peakMb] = [used.mean + uncountedMb, used.peak + uncountedMb]
      this.#memory.learnStep({ endMs, hours: Math.ceil(wholeMs / MS_PER_HOUR), meanMb, peakMb })
    }
  }

  /** Learns what is over, and notes what would have been wanted then. */
  #relearn(samples: ResourceSamples): void {
    this.#learn(samples)
    const { cpu, memory } = samples
    if (cpu !== undefined) this.#cpu.review(cpu.timeMs, cpu.localTimeMs)
    if (memory !== undefined) this.#memory.review(memory.timeMs)
  }

  #learn(samples: ResourceSamples | undefined): void {
    if (samples !== undefined && this.#own !== undefined) this.#keepOwn(this.#own, samples)
    if (samples?.cpu !== undefined) this.#cpu.observe(samples.cpu)
    if (samples?.memory !== undefined) this.#memory.observe(samples.memory)
  }

  #keepOwn(own: OwnMinutes, samples: ResourceSamples): void {
    if (this.#isYoung) own.add(samples)
    else this.#own = undefined
  }
}

interface PastFacts {
  readonly timesOf: TimesOf
  /** When its own samples begin. */
  readonly beginMs: number
  /** What Proxmox does not count of the memory; undefined: nobody knows. */
  readonly uncountedMb: number | undefined
  /** How long the step was of which the figures are. */
  readonly wholeMs: number
}

function newCpuSizer({ coresStep, minCores, adaptive: keys }: SizingSettings, { cpu }: Design): CpuSizer {
  const minChange = keys.minChangePercent / 100
  return new CpuSizer({ coresStep, minCores, minChange, throttlingPrice: keys.throttlingPrice }, cpu)
}

function newMemorySizer({ adaptive: keys }: SizingSettings, { memory }: Design): MemorySizer {
  return new MemorySizer({ minChange: keys.minChangePercent / 100, safety: keys.memorySafety }, memory)
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other
}

function beganMs({ cpu, memory }: ResourceSamples): number {
  const sample = cpu ?? memory
  return sample === undefined ? Number.POSITIVE_INFINITY : sample.timeMs - sample.dtMs
}

/**
 * How much more a container needs than Proxmox counts (shared memory, tmpfs, swap, and what rises and falls within a minute):
 * the most by which its own minutes are above those that Proxmox kept, or the first of them above the last step. Undefined
 * while its own memory is not known; then the past of its memory is none to go by.
 */
function uncountedMemoryMb(
  own: readonly ResourceSamples[],
  steps: readonly PastStep[],
  timesOf: TimesOf,
): number | undefined {
  const known = steps.flatMap(({ startMs, stepMs, memoryUsedMb }) =>
    memoryUsedMb === undefined ? [] : [{ fromMs: timesOf(startMs).timestampMs, stepMs, mb: memoryUsedMb.mean }],
  )
  const minutes = known.filter(({ stepMs }) => stepMs <= MS_PER_MINUTE)
  const needs = own.flatMap(({ memory }) => memory ?? [])
  const more = needs.flatMap(({ timeMs, neededMb }) => {
    const same = minutes.findLast(({ fromMs, stepMs }) => fromMs < timeMs && timeMs <= fromMs + stepMs)
    return same === undefined ? [] : [neededMb - same.mb]
  })
  const [newest, first] = [known.at(-1), needs[0]]
  if (first === undefined) return undefined
  if (more.length === 0 && newest !== undefined) more.push(first.neededMb - newest.mb)
  return Math.max(0, ...more)
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
  return isUsedUp(cpuCoresUsed, cpuCores, pressure?.cpuSomePercent)
}

/** The minute in which most was used of a step. */
function wasShort({ cores, cpuWaitingPercent }: PastStep, peakCores: number): boolean {
  return isUsedUp(peakCores, cores, cpuWaitingPercent)
}

function isUsedUp(used: number | undefined, allowed: number | undefined, waitingPercent = SHORT_WAITING_PERCENT) {
  const isAll = used !== undefined && allowed !== undefined && used >= allowed * SHORT_USED_SHARE
  return isAll && waitingPercent >= SHORT_WAITING_PERCENT
}
