import { MS_PER_DAY, MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'
import { ChangeTokens, ChangeTokensState } from './change-tokens.ts'
import { type BasisParameters, CPU_PARAMETERS, type CpuBasis, type CpuParameters } from './cpu-parameters.ts'
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

const { bases, lifts, margins, loadSteps, jobRise } = CPU_PARAMETERS
const DAY_SLOTS: SlotPeaksOptions = {
  periodMs: MS_PER_DAY,
  slotMs: CPU_PARAMETERS.daySlotMs,
  depth: CPU_PARAMETERS.daysRemembered,
  jobSlots: CPU_PARAMETERS.dayJobSlots,
  jobRise,
}
const WEEK_SLOTS: SlotPeaksOptions = {
  periodMs: 7 * MS_PER_DAY,
  slotMs: CPU_PARAMETERS.weekSlotMs,
  depth: CPU_PARAMETERS.weeksRemembered,
  jobSlots: CPU_PARAMETERS.weekJobSlots,
  jobRise,
}
const SIZERS = bases.length * lifts.length * margins.length
const WINDOWS = 7
const NO_PEAKS: z.output<typeof WindowPeakState> = [[], new Float64Array(0)]

/** What `serialise` gives. */
export const CpuSizerState = z.object({
  stepsPerCore: z.number(),
  sizers: virtualSizersState(SIZERS, loadSteps.length + 1),
  windows: z.array(WindowPeakState).length(WINDOWS),
  day: slotPeaksState(DAY_SLOTS),
  week: slotPeaksState(WEEK_SLOTS),
  histogram: DecayingHistogramState,
  tokens: ChangeTokensState,
  bornMs: z.number().nullable(),
  chosen: z
    .int()
    .min(-1)
    .max(SIZERS - 1),
  shortInARow: z.number(),
})

/**
 * Cores for one container: many virtual sizers, the cheapest by its own recent bill decides, and simple mechanics around
 * it: a jump to a known level when throttled, slow down, a dead band and change tokens. docs/sizing.md tells it in words.
 */
export class CpuSizer {
  readonly #parameters: CpuParameters
  readonly #stepsPerCore: number
  readonly #lowestSteps: number
  readonly #sizers: VirtualSizers
  readonly #next: Float64Array
  readonly #features: Float64Array
  readonly #recent: WindowPeak
  readonly #hour: WindowPeak
  readonly #long: WindowPeak
  readonly #short: WindowPeak
  readonly #young: WindowPeak
  readonly #known: WindowPeak
  readonly #hold: WindowPeak
  readonly #day: SlotPeaks
  readonly #week: SlotPeaks
  readonly #histogram: DecayingHistogram
  readonly #tokens: ChangeTokens
  #bornMs: number | undefined
  #shortInARow = 0
  #shortCountedMs = Number.NEGATIVE_INFINITY
  #percentile = 0
  #percentileDueMs = Number.NEGATIVE_INFINITY
  #chooseDueMs = Number.NEGATIVE_INFINITY
  #chosen = -1
  #stage: Stage = 'unseen'

  constructor(settings: CpuSizerSettings, parameters: CpuParameters = CPU_PARAMETERS) {
    const p = parameters
    this.#parameters = p
    this.#stepsPerCore = Math.round(1 / settings.coresStep)
    this.#lowestSteps = Math.max(1, Math.ceil(settings.minCores * this.#stepsPerCore - ROUNDING))
    const risks = typicalRisks(p)
    this.#sizers = new VirtualSizers(
      {
        risks,
        halfLifeMs: p.billHalfLifeMs,
        priorScale: p.priorScale,
        priorDays: p.priorDays,
        scaleDays: p.scaleDays,
        contextDays: p.contextDays,
        contexts: p.loadSteps.length + 1,
        stick: p.stick,
        changePrice: p.changePrice,
      },
      settings.throttlingPrice,
    )
    this.#next = new Float64Array(risks.length)
    this.#features = new Float64Array(p.bases.length + 1).fill(Number.NaN)
    this.#recent = new WindowPeak(p.recentMs)
    this.#hour = new WindowPeak(MS_PER_HOUR)
    this.#long = new WindowPeak(p.longPeakMs)
    this.#short = new WindowPeak(p.shortWindowMs)
    this.#young = new WindowPeak(p.youngWindowMs)
    this.#known = new WindowPeak(p.knownWindowMs)
    this.#hold = new WindowPeak(p.holdMs)
    this.#day = new SlotPeaks(
      {
        periodMs: MS_PER_DAY,
        slotMs: p.daySlotMs,
        depth: p.daysRemembered,
        jobSlots: p.dayJobSlots,
        jobRise: p.jobRise,
      },
      p.slotRange,
    )
    this.#week = new SlotPeaks(WEEK_SLOTS, p.slotRange)
    this.#histogram = new DecayingHistogram(p.percentileHalfLifeMs)
    this.#tokens = new ChangeTokens(p.tokensPerDay, p.tokensKept)
  }

  observe({ timeMs, localTimeMs, dtMs, usedCores, isShort, allocatedCores }: CpuSample): void {
    const p = this.#parameters
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
    this.#recent.add(timeMs, usedCores)
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
    const p = this.#parameters
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
        return `peak of the last two hours, +${percent(this.#parameters.youngMargin)} %: not known long enough for more`
      case 'throttled':
        return 'throttled: up to a level that it is known to need'
      case 'chosen':
        return this.#describe(this.#chosen)
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
    for (const [i, window] of this.#windows().entries()) window.restore(saved.windows[i] ?? NO_PEAKS)
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
    if (!isShort || (this.#shortInARow > 0 && timeMs - this.#shortCountedMs < this.#parameters.countShortEveryMs))
      return
    this.#shortInARow += 1
    this.#shortCountedMs = timeMs
  }

  #windows(): readonly WindowPeak[] {
    return [this.#recent, this.#hour, this.#long, this.#short, this.#young, this.#known, this.#hold]
  }

  #wanted({ timeMs, localTimeMs, allocatedCores, isAbnormal }: CpuMoment, ageMs: number): number {
    const p = this.#parameters
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
    return Math.max(this.#day.job(localTimeMs), this.#week.job(localTimeMs)) * (1 + this.#parameters.jobMargin)
  }

  /** A small rise can wait while the last minutes' peak still fits. */
  #fitsStill(wanted: number, allocatedCores: number): boolean {
    const p = this.#parameters
    if (this.#shortInARow > 0) return false
    const isSmall = wanted < allocatedCores * (1 + p.smallRise * (1 + p.tokenPressure * this.#tokens.lack))
    return isSmall && this.#short.peak * (1 + p.tightFit) <= allocatedCores
  }

  #choose(timeMs: number): void {
    const isElsewhere = this.#sizers.setContext(this.#loadStep())
    if (!isElsewhere && timeMs < this.#chooseDueMs && this.#chosen >= 0) return
    this.#chooseDueMs = timeMs + this.#parameters.chooseEveryMs
    this.#chosen = this.#sizers.cheapest(this.#chosen)
  }

  /** How busy it is now, compared with the long peak: sizers are billed apart for idle and busy times. */
  #loadStep(): number {
    const long = this.#long.peak
    const load = long > 0 ? this.#short.peak / long : 0
    let step = 0
    for (const limit of this.#parameters.loadSteps) if (load > limit) step++
    return step
  }

  #updateLevels({ timeMs, localTimeMs }: CpuMoment): void {
    const p = this.#parameters
    if (timeMs >= this.#percentileDueMs) {
      this.#percentileDueMs = timeMs + p.percentileEveryMs
      this.#percentile = this.#histogram.quantile(p.percentile)
    }
    let isMoved = this.#feature(0, this.#long.peak)
    for (let i = 0; i < p.bases.length; i++) {
      const basis = p.bases[i]?.basis ?? 'recent'
      if (this.#feature(i + 1, this.#basisPeak(basis, localTimeMs))) isMoved = true
    }
    if (isMoved) this.#fillLevels()
  }

  #feature(at: number, value: number): boolean {
    if (this.#features[at] === value) return false
    this.#features[at] = value
    return true
  }

  #basisPeak(basis: CpuBasis, localTimeMs: number): number {
    switch (basis) {
      case 'recent':
        return this.#recent.peak
      case 'hour':
        return this.#hour.peak
      case 'recentTwice':
        return Math.max(this.#recent.peak, this.#day.second(localTimeMs), this.#week.highest(localTimeMs))
      case 'hourTwice':
        return Math.max(this.#hour.peak, this.#day.second(localTimeMs), this.#week.highest(localTimeMs))
      case 'hourEver':
        return Math.max(this.#hour.peak, this.#day.highest(localTimeMs), this.#week.highest(localTimeMs))
      case 'percentile':
        return this.#percentile
    }
  }

  #fillLevels(): void {
    const { bases, lifts, margins } = this.#parameters
    const long = this.#features[0] ?? 0
    let at = 0
    for (let i = 1; i <= bases.length; i++) {
      const base = this.#features[i] ?? 0
      for (const lift of lifts) {
        const lifted = long > base ? base + lift.share * (long - base) : base
        for (const margin of margins) {
          const steps = Math.ceil(lifted * (1 + margin.share) * this.#stepsPerCore - ROUNDING)
          this.#next[at++] = Math.max(steps, this.#lowestSteps)
        }
      }
    }
    this.#sizers.setLevels(this.#next)
  }

  #describe(sizer: number): string {
    const { bases, lifts, margins } = this.#parameters
    const margin = margins[sizer % margins.length]?.share ?? 0
    const lift = lifts[Math.floor(sizer / margins.length) % lifts.length]?.share ?? 0
    const basis = bases[Math.floor(sizer / (margins.length * lifts.length))]?.text ?? ''
    const lifted = lift === 0 ? '' : `, ${percent(lift)} % of the way to the peak of 3 days`
    const { unused, short } = this.#sizers.billOf(sizer)
    const bill = `too small ${(100 * short).toFixed(2)} % of the time, ${percent(unused)} % unused in the last days`
    return `${basis}${lifted}, +${percent(margin)} %: cheapest of ${this.#next.length} (${bill})`
  }
}

function percent(share: number): number {
  return Math.round(100 * share)
}

function typicalRisks({ bases, lifts, margins, priorRisk }: CpuParameters): Float64Array {
  const all: readonly BasisParameters[] = bases
  return Float64Array.from(
    all.flatMap(basis =>
      lifts.flatMap(lift => margins.map(margin => priorRisk * basis.risk * lift.risk * margin.risk)),
    ),
  )
}
