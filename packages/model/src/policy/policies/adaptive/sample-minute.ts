import type { CpuSample } from './cpu-sizer.ts'
import type { MemorySample } from './memory-sizer.ts'

/** A minute, less what clocks jitter. */
const FULL_MS = 57_000
/** So much is worth looking at before it is full. */
const WORTH_MS = 30_000

/** What a sample tells of each resource; one that was not measured is undefined. */
export interface ResourceSamples {
  readonly cpu: CpuSample | undefined
  readonly memory: MemorySample | undefined
}

/**
 * Gathers samples to one that stands for about a minute, so that what is learned does not depend on how often the monitor
 * looks: the parameters are for samples of a minute and more. CPU is the mean (while short the most that got through),
 * memory the highest; that something was short or killed is never lost.
 */
export class SampleMinute {
  #cpu: CpuSample | undefined
  #memory: MemorySample | undefined

  /** Adds a sample; gives what is gathered once that is a minute. */
  add({ cpu, memory }: ResourceSamples): ResourceSamples | undefined {
    if (cpu !== undefined) this.#cpu = this.#cpu === undefined ? cpu : joinedCpu(this.#cpu, cpu)
    if (memory !== undefined) this.#memory = this.#memory === undefined ? memory : joinedMemory(this.#memory, memory)
    return this.#gatheredMs >= FULL_MS ? this.#take() : undefined
  }

  /** What is gathered, if it is worth looking at before the minute is full: half of one, or a shortage. */
  early(): ResourceSamples | undefined {
    const isShort = this.#cpu?.isShort || this.#memory?.wasKilled
    return isShort || this.#gatheredMs >= WORTH_MS ? this.#take() : undefined
  }

  get #gatheredMs(): number {
    return Math.max(this.#cpu?.dtMs ?? 0, this.#memory?.dtMs ?? 0)
  }

  #take(): ResourceSamples {
    const gathered = { cpu: this.#cpu, memory: this.#memory }
    this.#cpu = undefined
    this.#memory = undefined
    return gathered
  }
}

function joinedCpu(before: CpuSample, now: CpuSample): CpuSample {
  const dtMs = before.dtMs + now.dtMs
  const isShort = before.isShort || now.isShort
  const meanCores = (before.usedCores * before.dtMs + now.usedCores * now.dtMs) / dtMs
  const usedCores = isShort ? Math.max(before.usedCores, now.usedCores) : meanCores
  return {
    ...now,
    dtMs,
    isShort,
    usedCores,
    neededCores: isShort ? Math.max(before.neededCores, now.neededCores) : meanCores,
  }
}

function joinedMemory(before: MemorySample, now: MemorySample): MemorySample {
  return {
    ...now,
    dtMs: before.dtMs + now.dtMs,
    neededMb: Math.max(before.neededMb, now.neededMb),
    wasKilled: before.wasKilled || now.wasKilled,
  }
}
