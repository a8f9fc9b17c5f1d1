import { MS_PER_DAY } from '@lxc-autoscale/core'
import { z } from 'zod'
import { ChangeTokens, ChangeTokensState } from './change-tokens.ts'
import { MemoryAlarm, MemoryAlarmState } from './memory-alarm.ts'
import { MEMORY_PARAMETERS, type MemoryParameters } from './memory-parameters.ts'
import { SlotPeaks, type SlotPeaksOptions, slotPeaksState } from './slot-peaks.ts'
import { VirtualSizers, virtualSizersState } from './virtual-sizers.ts'
import { WindowPeak, WindowPeakState } from './window-peak.ts'

/** One sample of the memory. */
export interface MemorySample {
  readonly timeMs: number
  readonly localTimeMs: number
  readonly dtMs: number
  /** At a kill: what it was allowed. */
  readonly usedMb: number
  readonly wasKilled: boolean
  /** The kernel throttled it near its limit (`memory.events` high or max). */
  readonly wasPressed: boolean
  readonly cpuCores: number | undefined
  readonly allocatedMb: number
}

export interface MemoryMoment {
  readonly timeMs: number
  readonly localTimeMs: number
  readonly allocatedMb: number
  readonly isAbnormal: boolean
}

/** What decided the last size. */
type Stage = 'unseen' | 'first' | 'chosen' | 'slot' | 'growth' | 'alarm' | 'killed'

const { windows, margins } = MEMORY_PARAMETERS
const DAY_SLOTS: SlotPeaksOptions = {
  periodMs: MS_PER_DAY,
  slotMs: MEMORY_PARAMETERS.daySlotMs,
  depth: MEMORY_PARAMETERS.daysRemembered,
  jobSlots: 1,
  jobRise: 2,
}
const WEEK_SLOTS: SlotPeaksOptions = {
  periodMs: 7 * MS_PER_DAY,
  slotMs: MEMORY_PARAMETERS.weekSlotMs,
  depth: MEMORY_PARAMETERS.weeksRemembered,
  jobSlots: 1,
  jobRise: 2,
}
const SIZERS = windows.length * margins.length
const NO_PEAKS: z.output<typeof WindowPeakState> = [[], new Float64Array(0)]

/** What `serialise` gives. */
export const MemorySizerState = z.object({
  sizers: virtualSizersState(SIZERS, 1),
  /** Those of the parameters, and four more. */
  windows: z.array(WindowPeakState).length(windows.length + 4),
  day: slotPeaksState(DAY_SLOTS),
  week: slotPeaksState(WEEK_SLOTS),
  alarm: MemoryAlarmState,
  tokens: ChangeTokensState,
  bornMs: z.number().nullable(),
  usedMb: z.number(),
  beforeMb: z.number().default(0),
  killsInARow: z.number(),
  chosen: z
    .int()
    .min(0)
    .max(SIZERS - 1),
})

/**
 * Memory for one container: peaks with margins that follow the surprises of the last week, what this time of day or week
 * needed before, growth that goes on, and room when something begins. Which window and margin: the cheapest by its own bill.
 */
export class MemorySizer {
  readonly #parameters: MemoryParameters
  readonly #minMemoryMb: number
  readonly #sizers: VirtualSizers
  readonly #next: Float64Array
  readonly #peaks: readonly WindowPeak[]
  readonly #surpriseWindow: WindowPeak
  readonly #surprises: WindowPeak
  readonly #rises: WindowPeak
  readonly #hold: WindowPeak
  readonly #day: SlotPeaks
  readonly #week: SlotPeaks
  readonly #alarm: MemoryAlarm
  readonly #tokens: ChangeTokens
  #bornMs: number | undefined
  #usedMb = 0
  #beforeMb = 0
  #killsInARow = 0
  #chooseDueMs = Number.NEGATIVE_INFINITY
  #chosen: number
  #stage: Stage = 'unseen'

  constructor(settings: { readonly minMemoryMb: number }, parameters: MemoryParameters = MEMORY_PARAMETERS) {
    const p = parameters
    this.#parameters = p
    this.#minMemoryMb = settings.minMemoryMb
    const risks = Float64Array.from(p.windows.flatMap(window => p.margins.map(margin => window.risk * margin.risk)))
    this.#sizers = new VirtualSizers(
      {
        risks,
        eventMs: MS_PER_DAY,
        halfLifeMs: p.billHalfLifeMs,
        priorScale: 1,
        priorDays: p.priorDays,
        scaleDays: p.scaleDays,
        contextDays: 0,
        contexts: 1,
        stick: p.stick,
        changePrice: 0,
      },
      p.killPrice,
    )
    this.#next = new Float64Array(risks.length)
    this.#chosen = p.firstSizer
    this.#peaks = p.windows.map(window => new WindowPeak(window.spanMs))
    this.#surpriseWindow = new WindowPeak(p.surpriseWindowMs)
    this.#surprises = new WindowPeak(p.surpriseMemoryMs)
    this.#rises = new WindowPeak(p.riseWindowMs)
    this.#hold = new WindowPeak(p.holdMs)
    this.#day = new SlotPeaks(DAY_SLOTS, p.slotRange)
    this.#week = new SlotPeaks(WEEK_SLOTS, p.slotRange)
    this.#alarm = new MemoryAlarm(p)
    this.#tokens = new ChangeTokens(p.tokensPerDay, p.tokensKept)
  }

  observe(sample: MemorySample): void {
    const p = this.#parameters
    const { timeMs, localTimeMs, dtMs, usedMb, wasKilled, allocatedMb } = sample
    const demandMb = wasKilled ? usedMb * p.killBill : usedMb
    this.#sizers.bill({ timeMs, dtMs, used: usedMb, demand: demandMb, allocation: allocatedMb })
    if (this.#bornMs === undefined) this.#bornMs = timeMs
    else {
      // From the higher of two samples, so that one low one makes no rise of what was there all along.
      this.#rises.add(timeMs, Math.max(0, usedMb - Math.max(this.#usedMb, this.#beforeMb)))
      this.#noteSurprise(timeMs, demandMb)
    }
    this.#beforeMb = this.#usedMb
    this.#usedMb = usedMb
    this.#killsInARow = wasKilled ? this.#killsInARow + 1 : 0
    const peakMb = usedMb * peakFactor(sample, p)
    for (const window of this.#peaks) window.add(timeMs, peakMb)
    this.#surpriseWindow.add(timeMs, peakMb)
    this.#day.add(localTimeMs, peakMb)
    this.#week.add(localTimeMs, peakMb)
    this.#alarm.observe({ timeMs, memoryMb: peakMb, cpuCores: sample.cpuCores })
  }

  /** Memory it should have from now on, MB, not rounded; undefined = leave as it is. */
  decide(moment: MemoryMoment): number | undefined {
    if (this.#bornMs === undefined) return undefined
    const p = this.#parameters
    const { timeMs, allocatedMb } = moment
    const ageMs = timeMs - this.#bornMs
    const needs = this.#needs(moment)
    this.#choose(timeMs, ageMs)
    const wanted = this.#wanted(moment, needs)
    this.#tokens.look(timeMs, allocatedMb)
    this.#hold.add(timeMs, wanted)
    if (wanted > allocatedMb) return this.#fitsStill(needs, moment) ? undefined : wanted
    if (ageMs < p.noShrinkMs || this.#tokens.isExhausted) return undefined
    const held = this.#hold.peak
    const band = Math.min(p.deadBandLimit, p.deadBand * (1 + p.tokenPressure * this.#tokens.lack))
    return held < allocatedMb * (1 - band) ? held : undefined
  }

  /** It was killed in the last sample, or something has begun. */
  isUrgent(timeMs: number): boolean {
    return this.#killsInARow > 0 || this.#alarm.isOn(timeMs)
  }

  explain(): string {
    const { slotMargin, stepRoomMb } = this.#parameters
    switch (this.#stage) {
      case 'unseen':
        return 'nothing has been observed yet'
      case 'killed':
        return 'killed for lack of memory: more than it had'
      case 'alarm':
        return `memory rises suddenly: room for ${stepRoomMb} MB more`
      case 'growth':
        return 'it grows: room for the steepest rise of the last two hours'
      case 'slot':
        return `what this time of day or week needed before, +${Math.round(100 * slotMargin)} %`
      case 'first':
        return `${this.#describe(this.#chosen)}: not known long enough for more`
      case 'chosen':
        return `${this.#describe(this.#chosen)}: cheapest of ${this.#next.length}`
    }
  }

  serialise(): z.input<typeof MemorySizerState> {
    return {
      sizers: this.#sizers.serialise(),
      windows: this.#windows().map(window => window.serialise()),
      day: this.#day.serialise(),
      week: this.#week.serialise(),
      alarm: this.#alarm.serialise(),
      tokens: this.#tokens.serialise(),
      bornMs: this.#bornMs ?? null,
      usedMb: this.#usedMb,
      beforeMb: this.#beforeMb,
      killsInARow: this.#killsInARow,
      chosen: this.#chosen,
    }
  }

  restore(saved: z.output<typeof MemorySizerState>): void {
    this.#sizers.restore(saved.sizers)
    for (const [i, window] of this.#windows().entries()) window.restore(saved.windows[i] ?? NO_PEAKS)
    this.#day.restore(saved.day)
    this.#week.restore(saved.week)
    this.#alarm.restore(saved.alarm)
    this.#tokens.restore(saved.tokens)
    this.#bornMs = saved.bornMs ?? undefined
    this.#usedMb = saved.usedMb
    this.#beforeMb = saved.beforeMb
    this.#killsInARow = saved.killsInARow
    this.#chosen = saved.chosen
  }

  #windows(): readonly WindowPeak[] {
    return [...this.#peaks, this.#surpriseWindow, this.#surprises, this.#rises, this.#hold]
  }

  /** By how much a sample beats the peak of a day. */
  #noteSurprise(timeMs: number, demandMb: number): void {
    if (timeMs - (this.#bornMs ?? timeMs) <= this.#parameters.surpriseAfterMs) return
    const peak = this.#surpriseWindow.peak
    if (peak > 0 && demandMb > peak) this.#surprises.add(timeMs, demandMb / peak - 1)
  }

  /** What is needed whatever sizer is chosen, and the levels of all of them. */
  #needs({ timeMs, localTimeMs }: MemoryMoment): { readonly slotMb: number; readonly growthMb: number } {
    const p = this.#parameters
    this.#rises.expire(timeMs)
    this.#surprises.expire(timeMs)
    const slotMb = Math.max(this.#day.highest(localTimeMs), this.#week.highest(localTimeMs)) * (1 + p.slotMargin)
    const growthMb = Math.max(this.#usedMb, this.#beforeMb) + p.risesAhead * this.#rises.peak
    const least = Math.max(slotMb, growthMb, this.#minMemoryMb)
    const surprise = Math.max(p.smallestMargin, this.#surprises.peak)
    let at = 0
    for (const window of this.#peaks) {
      for (const { share } of p.margins)
        this.#next[at++] = Math.max(window.peak * (1 + Math.min(share, surprise)), least)
    }
    this.#sizers.setLevels(this.#next)
    return { slotMb, growthMb }
  }

  #choose(timeMs: number, ageMs: number): void {
    if (ageMs <= this.#parameters.chooseAfterMs || timeMs < this.#chooseDueMs) return
    this.#chooseDueMs = timeMs + this.#parameters.chooseEveryMs
    this.#chosen = this.#sizers.cheapest(this.#chosen)
  }

  #wanted(moment: MemoryMoment, { slotMb, growthMb }: { readonly slotMb: number; readonly growthMb: number }): number {
    const p = this.#parameters
    let wanted = this.#sizers.level(this.#chosen)
    const isFirst = moment.timeMs - (this.#bornMs ?? 0) <= p.chooseAfterMs
    this.#stage = isFirst ? 'first' : 'chosen'
    if (wanted === slotMb) this.#stage = 'slot'
    if (wanted === growthMb) this.#stage = 'growth'
    const roomMb = this.#roomMb(moment)
    if (roomMb > wanted) {
      wanted = roomMb
      this.#stage = 'alarm'
    }
    if (this.#killsInARow === 0) return wanted
    this.#stage = 'killed'
    return Math.max(wanted, moment.allocatedMb * p.jump ** Math.min(this.#killsInARow, p.longestJump))
  }

  #roomMb({ timeMs, isAbnormal }: MemoryMoment): number {
    const p = this.#parameters
    const alarmMb = this.#alarm.isOn(timeMs) ? this.#alarm.peakMb + p.stepRoomMb : 0
    return isAbnormal ? Math.max(alarmMb, this.#usedMb + p.abnormalRoomMb) : alarmMb
  }

  /** A rise can wait while everything that has been seen still fits. */
  #fitsStill(
    { slotMb, growthMb }: { readonly slotMb: number; readonly growthMb: number },
    moment: MemoryMoment,
  ): boolean {
    const p = this.#parameters
    const { timeMs, allocatedMb, isAbnormal } = moment
    if (isAbnormal || this.isUrgent(timeMs)) return false
    const peak = this.#peaks[Math.floor(this.#chosen / p.margins.length)]?.peak ?? 0
    const isPeakIn = peak * (1 + p.tightFit) <= allocatedMb
    return isPeakIn && slotMb <= allocatedMb * (1 + p.slotFit) && growthMb <= allocatedMb
  }

  #describe(sizer: number): string {
    const p = this.#parameters
    const window = p.windows[Math.floor(sizer / p.margins.length)]?.text ?? ''
    const share = p.margins[sizer % p.margins.length]?.share ?? 0
    const margin = Math.min(share, Math.max(p.smallestMargin, this.#surprises.peak))
    return `${window}, +${Math.round(100 * margin)} % (the largest surprise of the week)`
  }
}

function peakFactor({ wasKilled, wasPressed }: MemorySample, p: MemoryParameters): number {
  if (wasKilled) return p.killPeak
  return wasPressed ? p.highPeak : 1
}
