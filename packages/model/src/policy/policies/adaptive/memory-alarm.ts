import { z } from 'zod'
import type { MemoryParameters } from './memory-parameters.ts'
import { WindowPeak, WindowPeakState } from './window-peak.ts'

export interface AlarmSample {
  readonly timeMs: number
  readonly memoryMb: number
  readonly cpuCores: number | undefined
}

/** What `serialise` gives. */
export const MemoryAlarmState = z.object({
  lastMs: z.number().nullable(),
  memory: WindowPeakState,
  cpu: WindowPeakState,
})

/**
 * Notices that something has begun: memory beats the peak of the last two hours by a step, or by less while the CPU beats
 * its own. Faults announce themselves so minutes before they need the memory.
 */
export class MemoryAlarm {
  readonly #parameters: MemoryParameters
  readonly #memory: WindowPeak
  readonly #cpu: WindowPeak
  readonly #delayed: { timeMs: number; cpuCores: number }[] = []
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(parameters: MemoryParameters) {
    this.#parameters = parameters
    this.#memory = new WindowPeak(parameters.stepWindowMs)
    this.#cpu = new WindowPeak(parameters.stepWindowMs)
  }

  observe({ timeMs, memoryMb, cpuCores }: AlarmSample): void {
    if (!this.#memory.isEmpty && this.#isStep(memoryMb, cpuCores)) this.#lastMs = timeMs
    this.#memory.add(timeMs, memoryMb)
    if (cpuCores !== undefined) this.#delayed.push({ timeMs, cpuCores })
    // the burst that belongs to the step must not hide itself
    while ((this.#delayed[0]?.timeMs ?? timeMs) <= timeMs - this.#parameters.stepCpuDelayMs) {
      const past = this.#delayed.shift()
      if (past !== undefined) this.#cpu.add(past.timeMs, past.cpuCores)
    }
  }

  isOn(timeMs: number): boolean {
    return timeMs - this.#lastMs < this.#parameters.stepMs
  }

  get peakMb(): number {
    return this.#memory.peak
  }

  serialise(): z.input<typeof MemoryAlarmState> {
    return {
      lastMs: Number.isFinite(this.#lastMs) ? this.#lastMs : null,
      memory: this.#memory.serialise(),
      cpu: this.#cpu.serialise(),
    }
  }

  restore({ lastMs, memory, cpu }: z.output<typeof MemoryAlarmState>): void {
    this.#lastMs = lastMs ?? Number.NEGATIVE_INFINITY
    this.#memory.restore(memory)
    this.#cpu.restore(cpu)
  }

  #isStep(memoryMb: number, cpuCores: number | undefined): boolean {
    const { stepMb, stepShare, stepShareWithCpu, stepCpuFactor } = this.#parameters
    const peak = this.#memory.peak
    if (memoryMb <= peak + stepMb) return false
    if (memoryMb > peak * (1 + stepShare)) return true
    const isCpuUp = cpuCores !== undefined && !this.#cpu.isEmpty && cpuCores > this.#cpu.peak * stepCpuFactor
    return isCpuUp && memoryMb > peak * (1 + stepShareWithCpu)
  }
}
