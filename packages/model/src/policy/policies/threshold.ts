import type { LocalSample } from '../decision.ts'
import type { Policy, PolicyContext, PolicyState, SizingSettings, Target } from '../policy.ts'

/**
 * The rule of the Python predecessor: above the upper percentage of the allocation one step up, below the lower one step
 * down, by the newest sample. Mended: a step never goes against its direction because of a limit, and a step down that
 * would land above the upper threshold is not taken.
 */
export const threshold: Policy = {
  name: 'threshold',
  create: settings => new ThresholdState(settings),
}

class ThresholdState implements PolicyState {
  /** It learns nothing that could be lost. */
  readonly goesOn = true
  readonly #settings: SizingSettings
  #newest: LocalSample | undefined
  #words = { cores: 'no sample yet', memory: 'no sample yet' }

  constructor(settings: SizingSettings) {
    this.#settings = settings
  }

  observe(sample: LocalSample): void {
    this.#newest = sample
  }

  decide({ allocation }: PolicyContext): Target {
    const { threshold: keys } = this.#settings
    const cores = step({
      used: this.#newest?.cpuCoresUsed,
      allocated: allocation.cores,
      upPercent: keys.cpuUpPercent,
      downPercent: keys.cpuDownPercent,
      size: keys.cpuStepCores,
    })
    const memory = step({
      used: this.#newest?.memoryUsageMb,
      allocated: allocation.memoryMb,
      upPercent: keys.memoryUpPercent,
      downPercent: keys.memoryDownPercent,
      size: keys.memoryStepMb,
    })
    this.#words = { cores: cores.words, memory: memory.words }
    return {
      cores: cores.target,
      memoryMb: memory.target,
      isCoresUrgent: cores.usedPercent >= URGENT_PERCENT,
      isMemoryUrgent: memory.usedPercent >= URGENT_PERCENT || (this.#newest?.memoryEvents?.oomKill ?? 0) > 0,
    }
  }

  explain(): { readonly cores: string; readonly memory: string } {
    return this.#words
  }

  serialise(): unknown {
    return { version: 1 }
  }
}

/** Use of the allocation from which a container counts as short. */
const URGENT_PERCENT = 98

interface StepInput {
  readonly used: number | undefined
  readonly allocated: number | undefined
  readonly upPercent: number
  readonly downPercent: number
  readonly size: number
}

interface Step {
  readonly target: number | undefined
  readonly usedPercent: number
  readonly words: string
}

function step({ used, allocated, upPercent, downPercent, size }: StepInput): Step {
  if (used === undefined || allocated === undefined || allocated <= 0) {
    return { target: undefined, usedPercent: 0, words: 'not known' }
  }
  const usedPercent = (100 * used) / allocated
  const share = `${usedPercent.toFixed(0)} % of the allocation used`
  if (usedPercent > upPercent) {
    return { target: allocated + size, usedPercent, words: `${share}, above ${upPercent} %` }
  }
  const smaller = allocated - size
  const wouldFit = smaller > 0 && (100 * used) / smaller <= upPercent
  if (usedPercent < downPercent && wouldFit) {
    return { target: smaller, usedPercent, words: `${share}, below ${downPercent} %` }
  }
  return { target: undefined, usedPercent, words: `${share}, between ${downPercent} and ${upPercent} %` }
}
