import { MS_PER_DAY } from '@lxc-autoscale/core'
import { z } from 'zod'
import { ChangeTokens, ChangeTokensState } from './change-tokens.ts'
import { MemoryAlarm, MemoryAlarmState } from './memory-alarm.ts'
import { MEMORY_PARAMETERS } from './memory-parameters.ts'
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

const p = MEMORY_PARAMETERS
const DAY_SLOTS: SlotPeaksOptions = {
  periodMs: MS_PER_DAY,
  slotMs: p.daySlotMs,
  depth: p.daysRemembered,
  jobSlots: 1,
  jobRise: 2,
}
const WEEK_SLOTS: SlotPeaksOptions = {
  periodMs: 7 * MS_PER_DAY,
  slotMs: p.weekSlotMs,
  depth: p.weeksRemembered,
  jobSlots: 1,
  jobRise: 2,
}

/** What `serialise` gives. */
export const MemorySizerState = z.object({
  sizers: virtualSizersState(p.windows.length),
  /** Those of the parameters, and four more. */
  windows: z.array(WindowPeakState).length(p.windows.length + 4),
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
    .max(p.windows.length - 1),
})

/**
 * Memory for one container: peaks with margins that follow the surprises of the last week, what this time of day or week
 * needed before, growth that goes on, and room when something begins. Which window: the cheapest by its own bill.
 */
export class MemorySizer {
  readonly #minMemoryMb: number
  readonly #sizers = new VirtualSizers({
    count: p.windows.length,
    halfLifeMs: p.billHalfLifeMs,
    eventMs: MS_PER_DAY,
    price: p.killPrice,
    changePrice: 0,
    stick: p.stick,
  })
  readonly #peaks = p.windows.map(({ spanMs }) => new WindowPeak(spanMs))
  readonly #surpriseWindow = new WindowPeak(p.surpriseWindowMs)
  readonly #surprises = new WindowPeak(p.surpriseMemoryMs)
  readonly #rises = new WindowPeak(p.riseWindowMs)
  readonly #hold = new WindowPeak(p.holdMs)
  readonly #day = new SlotPeaks(DAY_SLOTS, p.slotRange)
  readonly #week = new SlotPeaks(WEEK_SLOTS, p.slotRange)
  readonly #alarm = new MemoryAlarm(p)
  readonly #tokens = new ChangeTokens(p.tokensPerDay, p.tokensKept)
  #bornMs: number | undefined
  #usedMb = 0
  #beforeMb = 0
  #killsInARow = 0
  #chooseDueMs = Number.NEGATIVE_INFINITY
  #chosen: number = p.firstWindow
  #stage: Stage = 'unseen'

  constructor(settings: { readonly minMemoryMb: number }) {
    this.#minMemoryMb = settings.minMemoryMb
  }

  observe(sample: MemorySample): void {
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
    const peakMb = usedMb * peakFactor(sample)
    for (const window of this.#peaks) window.add(timeMs, peakMb)
    this.#surpriseWindow.add(timeMs, peakMb)
    this.#day.add(localTimeMs, peakMb)
    this.#week.add(localTimeMs, peakMb)
    this.#alarm.observe({ timeMs, memoryMb: peakMb, cpuCores: sample.cpuCores })
  }

  /** Memory it should have from now on, MB, not rounded; undefined = leave as it is. */
  decide(moment: MemoryMoment): number | undefined {
    if (this.#bornMs === undefined) return undefined
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
    switch (this.#stage) {
      case 'unseen':
        return 'nothing has been observed yet'
      case 'killed':
        return 'killed for lack of memory: more than it had'
      case 'alarm':
        return `memory rises suddenly: room for ${p.stepRoomMb} MB more`
      case 'growth':
        return 'it grows: room for the steepest rise of the last two hours'
      case 'slot':
        return `what this time of day or week needed before, +${Math.round(100 * p.slotMargin)} %`
      case 'first':
        return `${this.#describe()}: not known long enough for more`
      case 'chosen':
        return `${this.#describe()}: cheapest of ${p.windows.length}`
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
    for (const [i, window] of saved.windows.entries()) this.#windows()[i]?.restore(window)
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
    if (timeMs - (this.#bornMs ?? timeMs) <= p.surpriseAfterMs) return
    const peak = this.#surpriseWindow.peak
    if (peak > 0 && demandMb > peak) this.#surprises.add(timeMs, demandMb / peak - 1)
  }

  /** What is needed whatever sizer is chosen, and the levels of all of them. */
  #needs({ timeMs, localTimeMs }: MemoryMoment): { readonly slotMb: number; readonly growthMb: number } {
    this.#rises.expire(timeMs)
    this.#surprises.expire(timeMs)
    const slotMb = Math.max(this.#day.highest(localTimeMs), this.#week.highest(localTimeMs)) * (1 + p.slotMargin)
    const growthMb = Math.max(this.#usedMb, this.#beforeMb) + p.risesAhead * this.#rises.peak
    const least = Math.max(slotMb, growthMb, this.#minMemoryMb)
    this.#sizers.setLevels(this.#peaks.map(({ peak }) => Math.max(peak * (1 + this.#margin), least)))
    return { slotMb, growthMb }
  }

  #choose(timeMs: number, ageMs: number): void {
    if (ageMs <= p.chooseAfterMs || timeMs < this.#chooseDueMs) return
    this.#chooseDueMs = timeMs + p.chooseEveryMs
    this.#chosen = this.#sizers.cheapest(this.#chosen)
  }

  #wanted(moment: MemoryMoment, { slotMb, growthMb }: { readonly slotMb: number; readonly growthMb: number }): number {
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
    const alarmMb = this.#alarm.isOn(timeMs) ? this.#alarm.peakMb + p.stepRoomMb : 0
    return isAbnormal ? Math.max(alarmMb, this.#usedMb + p.abnormalRoomMb) : alarmMb
  }

  /** A rise can wait while everything that has been seen still fits. */
  #fitsStill(
    { slotMb, growthMb }: { readonly slotMb: number; readonly growthMb: number },
    moment: MemoryMoment,
  ): boolean {
    const { timeMs, allocatedMb, isAbnormal } = moment
    if (isAbnormal || this.isUrgent(timeMs)) return false
    const peak = this.#peaks[this.#chosen]?.peak ?? 0
    const isPeakIn = peak * (1 + p.tightFit) <= allocatedMb
    return isPeakIn && slotMb <= allocatedMb * (1 + p.slotFit) && growthMb <= allocatedMb
  }

  get #margin(): number {
    return Math.min(p.largestMargin, Math.max(p.smallestMargin, this.#surprises.peak))
  }

  #describe(): string {
    const window = p.windows[this.#chosen]?.text ?? ''
    return `${window}, +${Math.round(100 * this.#margin)} % (the largest surprise of the week)`
  }
}

function peakFactor({ wasKilled, wasPressed }: MemorySample): number {
  if (wasKilled) return p.killPeak
  return wasPressed ? p.highPeak : 1
}
