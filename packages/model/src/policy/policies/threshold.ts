import { beside } from '@lxc-autoscale/core'
import type { LocalSample } from '../decision.ts'
import type { Policy, PolicyContext, PolicyState, SizingSettings, Target } from '../policy.ts'
import { coresText, mbText } from '../wording.ts'

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
      print: coresText,
    })
    const memory = step({
      used: this.#newest?.memoryUsageMb,
      allocated: allocation.memoryMb,
      upPercent: keys.memoryUpPercent,
      downPercent: keys.memoryDownPercent,
      size: keys.memoryStepMb,
      print: mbText,
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
  readonly print: (size: number) => string
}

interface Step {
  readonly target: number | undefined
  readonly usedPercent: number
  readonly words: string
}

function step({ used, allocated, upPercent, downPercent, size, print }: StepInput): Step {
  if (used === undefined || allocated === undefined || allocated <= 0) {
    return { target: undefined, usedPercent: 0, words: 'its use is not known' }
  }
  const usedPercent = (100 * used) / allocated
  const share = `${beside(usedPercent, [downPercent, upPercent])} % of the allocation used`
  const said = (target: number | undefined, words: string) => ({ target, usedPercent, words: `${share}, ${words}` })
  if (usedPercent > upPercent) return said(allocated + size, `above ${upPercent} %`)
  if (usedPercent >= downPercent) return said(undefined, `between ${downPercent} and ${upPercent} %`)
  const smaller = allocated - size
  const below = `below ${downPercent} %`
  if (smaller <= 0) return said(undefined, `${below}, but ${print(size)} less would leave nothing`)
  const thenPercent = (100 * used) / smaller
  if (thenPercent <= upPercent) return said(smaller, below)
  const then = beside(thenPercent, [upPercent])
  return said(undefined, `${below}, but with ${print(size)} less it would be ${then} %, above ${upPercent} %`)
}
