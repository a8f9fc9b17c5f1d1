import { MS_PER_DAY, MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'
import { ChangeTokens, ChangeTokensState } from './change-tokens.ts'
import { CPU_PARAMETERS } from './cpu-parameters.ts'
import { DecayingHistogram, DecayingHistogramState } from './decaying-histogram.ts'
import { SlotPeaks, type SlotPeaksOptions, slotPeaksState } from './slot-peaks.ts'
import { VirtualSizers, virtualSizersState } from './virtual-sizers.ts'
import { WindowPeak, WindowPeakState } from './window-peak.ts'

/** A level that is a whole step but for rounding is not rounded up to the next. */
const ROUNDING = 1e-6

/** What the last decision was based on. */
type Stage = 'unseen' | 'young' | 'chosen' | 'throttled'

export interface CpuSizerSettings {
  /** 1 (whole cores) or 0.1. */
  readonly coresStep: number
  readonly minCores: number
  readonly throttlingPrice: number
}

/** One sample of the CPU. */
export interface CpuSample {
  readonly timeMs: number
  readonly localTimeMs: number
  /** Length of the interval the sample stands for. */
  readonly dtMs: number
  readonly usedCores: number
  /** It wanted more than it was allowed. */
  readonly isShort: boolean
  readonly allocatedCores: number
}

export interface CpuMoment {
  readonly timeMs: number
  readonly localTimeMs: number
  readonly allocatedCores: number
  readonly isAbnormal: boolean
}

const p = CPU_PARAMETERS
const DAY_SLOTS: SlotPeaksOptions = {
  periodMs: MS_PER_DAY,
  slotMs: p.daySlotMs,
  depth: p.daysRemembered,
  jobSlots: p.dayJobSlots,
  jobRise: p.jobRise,
}
const WEEK_SLOTS: SlotPeaksOptions = {
  periodMs: 7 * MS_PER_DAY,
  slotMs: p.weekSlotMs,
  depth: p.weeksRemembered,
  jobSlots: p.weekJobSlots,
  jobRise: p.jobRise,
}
/** The virtual sizers: each basis with each lift and each margin. */
const SIZERS = p.bases.flatMap(({ text, risk }, basis) =>
  p.lifts.flatMap(lift =>
    p.margins.map(margin => ({
      basis,
      text,
      lift: lift.share,
      margin: margin.share,
      risk: risk * lift.risk * margin.risk,
    })),
  ),
)
const WINDOWS = 6

/** What `serialise` gives. */
export const CpuSizerState = z.object({
  stepsPerCore: z.number(),
  sizers: virtualSizersState(SIZERS.length),
  windows: z.array(WindowPeakState).length(WINDOWS),
  day: slotPeaksState(DAY_SLOTS),
  week: slotPeaksState(WEEK_SLOTS),
  histogram: DecayingHistogramState,
  tokens: ChangeTokensState,
  bornMs: z.number().nullable(),
  chosen: z
    .int()
    .min(-1)
    .max(SIZERS.length - 1),
  shortInARow: z.number(),
})

/**
 * Cores for one container: many virtual sizers, the cheapest by its own recent bill decides, and simple mechanics around
 * it: a jump to a known level when throttled, slow down, a dead band and change tokens. docs/sizing.md tells it in words.
 */
export class CpuSizer {
  readonly #stepsPerCore: number
  readonly #lowestSteps: number
  readonly #sizers: VirtualSizers
  readonly #hour = new WindowPeak(MS_PER_HOUR)
  readonly #long = new WindowPeak(p.longPeakMs)
  readonly #short = new WindowPeak(p.shortWindowMs)
  readonly #young = new WindowPeak(p.youngWindowMs)
  readonly #known = new WindowPeak(p.knownWindowMs)
  readonly #hold = new WindowPeak(p.holdMs)
  readonly #day = new SlotPeaks(DAY_SLOTS, p.slotRange)
  readonly #week = new SlotPeaks(WEEK_SLOTS, p.slotRange)
  readonly #histogram = new DecayingHistogram(p.percentileHalfLifeMs)
  readonly #tokens = new ChangeTokens(p.tokensPerDay, p.tokensKept)
  #bornMs: number | undefined
  #shortInARow = 0
  #shortCountedMs = Number.NEGATIVE_INFINITY
  #percentile = 0
  #percentileDueMs = Number.NEGATIVE_INFINITY
  #chooseDueMs = Number.NEGATIVE_INFINITY
  #chosen = -1
  #stage: Stage = 'unseen'

  constructor({ coresStep, minCores, throttlingPrice }: CpuSizerSettings) {
    this.#stepsPerCore = Math.round(1 / coresStep)
    this.#lowestSteps = Math.max(1, Math.ceil(minCores * this.#stepsPerCore - ROUNDING))
    this.#sizers = new VirtualSizers({
      count: SIZERS.length,
      halfLifeMs: p.billHalfLifeMs,
      typical: { risks: SIZERS.map(({ risk }) => risk), days: p.typicalDays },
      price: throttlingPrice,
      changePrice: p.changePrice,
      stick: p.stick,
    })
  }

  observe({ timeMs, localTimeMs, dtMs, usedCores, isShort, allocatedCores }: CpuSample): void {
    this.#bornMs ??= timeMs
    this.#sizers.bill({
      timeMs,
      dtMs,
      used: usedCores * this.#stepsPerCore,
      demand: (isShort ? usedCores * p.shortBill : usedCores) * this.#stepsPerCore,
      allocation: allocatedCores * this.#stepsPerCore,
    })
    const peak = isShort ? usedCores * p.shortPeak.factor + p.shortPeak.plusCores : usedCores
    const slot = isShort ? usedCores * p.shortSlot.factor + p.shortSlot.plusCores : usedCores
    this.#hour.add(timeMs, usedCores)
    this.#short.add(timeMs, usedCores)
    this.#young.add(timeMs, usedCores)
    this.#long.add(timeMs, peak)
    this.#known.add(timeMs, peak)
    this.#day.add(localTimeMs, slot)
    this.#week.add(localTimeMs, slot)
    this.#histogram.add(timeMs, usedCores, dtMs)
    this.#countShort(timeMs, isShort)
  }

  /** Cores it should have from now on, not rounded; undefined = leave as it is. */
  decide(moment: CpuMoment): number | undefined {
    if (this.#bornMs === undefined) return undefined
    const { timeMs, allocatedCores } = moment
    this.#updateLevels(moment)
    const wanted = this.#wanted(moment, timeMs - this.#bornMs)
    this.#tokens.look(timeMs, allocatedCores)
    this.#hold.add(timeMs, wanted)
    if (wanted > allocatedCores) return this.#fitsStill(wanted, allocatedCores) ? undefined : wanted
    if (timeMs - this.#bornMs < p.noShrinkMs || this.#tokens.isExhausted) return undefined
    const held = this.#hold.peak
    const band = Math.min(p.deadBandLimit, p.deadBand * (1 + p.tokenPressure * this.#tokens.lack))
    if (held >= allocatedCores * (1 - band)) return undefined
    return Math.ceil(held * this.#stepsPerCore - ROUNDING) < allocatedCores * this.#stepsPerCore - ROUNDING
      ? held
      : undefined
  }

  get isShort(): boolean {
    return this.#shortInARow > 0
  }

  explain(): string {
    switch (this.#stage) {
      case 'unseen':
        return 'nothing has been observed yet'
      case 'young':
        return `peak of the last two hours, +${percent(p.youngMargin)} %: not known long enough for more`
      case 'throttled':
        return 'throttled: up to a level that it is known to need'
      case 'chosen':
        return this.#describe()
    }
  }

  serialise(): z.input<typeof CpuSizerState> {
    return {
      stepsPerCore: this.#stepsPerCore,
      sizers: this.#sizers.serialise(),
      windows: this.#windows().map(window => window.serialise()),
      day: this.#day.serialise(),
      week: this.#week.serialise(),
      histogram: this.#histogram.serialise(),
      tokens: this.#tokens.serialise(),
      bornMs: this.#bornMs ?? null,
      chosen: this.#chosen,
      shortInARow: this.#shortInARow,
    }
  }

  restore(saved: z.output<typeof CpuSizerState>): void {
    // Bills are in steps: those of whole cores say nothing about tenths.
    if (saved.stepsPerCore === this.#stepsPerCore) this.#sizers.restore(saved.sizers)
    for (const [i, window] of saved.windows.entries()) this.#windows()[i]?.restore(window)
    this.#day.restore(saved.day)
    this.#week.restore(saved.week)
    this.#histogram.restore(saved.histogram)
    this.#tokens.restore(saved.tokens)
    this.#bornMs = saved.bornMs ?? undefined
    this.#chosen = saved.chosen
    this.#shortInARow = saved.shortInARow
  }

  /** Each count is a stronger jump, so samples that follow each other closely count once: the change needs time to show. */
  #countShort(timeMs: number, isShort: boolean): void {
    if (!isShort) this.#shortInARow = 0
    if (!isShort || (this.#shortInARow > 0 && timeMs - this.#shortCountedMs < p.countShortEveryMs)) return
    this.#shortInARow += 1
    this.#shortCountedMs = timeMs
  }

  #windows(): readonly WindowPeak[] {
    return [this.#hour, this.#long, this.#short, this.#young, this.#known, this.#hold]
  }

  #wanted({ timeMs, localTimeMs, allocatedCores, isAbnormal }: CpuMoment, ageMs: number): number {
    let wanted: number
    if (ageMs < p.youngMs) {
      wanted = this.#young.peak * (1 + p.youngMargin)
      this.#stage = 'young'
    } else {
      this.#choose(timeMs)
      wanted = this.#sizers.level(this.#chosen) / this.#stepsPerCore
      this.#stage = 'chosen'
    }
    if (isAbnormal) wanted *= 1 + p.abnormalMargin
    wanted = Math.max(wanted, this.#short.peak * (1 + p.shortMargin), this.#jobCores(localTimeMs))
    if (this.#shortInARow === 0) return wanted
    this.#stage = 'throttled'
    const jump = allocatedCores * p.jump ** Math.min(this.#shortInARow, p.longestJump)
    return Math.max(wanted, jump, this.#known.peak * (1 + p.knownMargin))
  }

  /** A job that ran at this time yesterday, or this time last week, is provided for before it runs. */
  #jobCores(localTimeMs: number): number {
    return Math.max(this.#day.job(localTimeMs), this.#week.job(localTimeMs)) * (1 + p.jobMargin)
  }

  /** A small rise can wait while the last minutes' peak still fits. */
  #fitsStill(wanted: number, allocatedCores: number): boolean {
    if (this.#shortInARow > 0) return false
    const isSmall = wanted < allocatedCores * (1 + p.smallRise * (1 + p.tokenPressure * this.#tokens.lack))
    return isSmall && this.#short.peak * (1 + p.tightFit) <= allocatedCores
  }

  #choose(timeMs: number): void {
    if (timeMs < this.#chooseDueMs) return
    this.#chooseDueMs = timeMs + p.chooseEveryMs
    this.#chosen = this.#sizers.cheapest(this.#chosen)
  }

  #updateLevels({ timeMs, localTimeMs }: CpuMoment): void {
    if (timeMs >= this.#percentileDueMs) {
      this.#percentileDueMs = timeMs + p.percentileEveryMs
      this.#percentile = this.#histogram.quantile(p.percentile)
    }
    const habit = Math.max(this.#day.second(localTimeMs), this.#week.highest(localTimeMs))
    const bases = [Math.max(this.#hour.peak, habit), this.#percentile]
    const levels = SIZERS.map(({ basis, lift, margin }) => {
      const base = bases[basis] ?? 0
      const lifted = base + lift * Math.max(0, this.#long.peak - base)
      return Math.max(this.#lowestSteps, Math.ceil(lifted * (1 + margin) * this.#stepsPerCore - ROUNDING))
    })
    this.#sizers.setLevels(levels)
  }

  #describe(): string {
    const { text = '', lift = 0, margin = 0 } = SIZERS[this.#chosen] ?? {}
    const lifted = lift === 0 ? '' : `, ${percent(lift)} % of the way to the peak of 3 days`
    const { unused, short } = this.#sizers.billOf(this.#chosen)
    const bill = `too small ${(100 * short).toFixed(2)} % of the time, ${percent(unused)} % unused in the last days`
    return `${text}${lifted}, +${percent(margin)} %: cheapest of ${SIZERS.length} (${bill})`
  }
}

function percent(share: number): number {
  return Math.round(100 * share)
}
