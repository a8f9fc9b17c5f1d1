import { MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'
import { tidy } from '../../rounding.ts'
import { mbText } from '../../wording.ts'
import type { MemoryParameters } from './memory-parameters.ts'
import { WINDOW_EXCESS, WindowPeak, WindowPeakState } from './window-peak.ts'
import { lastText, lengthText, percent, smallText, spanText } from './wording.ts'

/** One sample of the memory. */
export interface MemorySample {
  readonly timeMs: number
  readonly dtMs: number
  /** What it uses and what it has swapped out. At a kill: what it was allowed. */
  readonly neededMb: number
  readonly wasKilled: boolean
}

/** A step of the past that is longer than a minute. */
export interface MemoryStep {
  readonly endMs: number
  readonly hours: number
  readonly meanMb: number
  /** The highest of its minutes. */
  readonly peakMb: number
}

export interface MemoryMoment {
  readonly timeMs: number
  readonly allocatedMb: number
}

export interface MemorySizerSettings {
  readonly safety: keyof MemoryParameters['safety']
  /** A change that is not out of need is at least this share of what it has. */
  readonly minChange: number
}

/** What `serialise` gives. */
export const MemorySizerState = z.object({
  /** Peaks, leaps, kills, rises, what was wanted. */
  windows: z.array(WindowPeakState).length(5),
  hour: z.object({ number: z.number().nullable(), peakMb: z.number(), beforeMb: z.number().nullable() }),
  bornMs: z.number().nullable(),
  pastMs: z.number().nullable().default(null),
  neededMb: z.number(),
  beforeMb: z.number(),
  killsInARow: z.number(),
})

/** What speaks for a size, MB; 0 = nothing. */
interface Wishes {
  /** The peak, or what it was killed for, and the margin. */
  readonly peak: number
  readonly killed: number
  readonly growth: number
  /** More than it has, since it was killed just now. */
  readonly jump: number
}
type WishName = keyof Wishes
/** What became of what is wanted. */
type Outcome = 'as-wanted' | 'raised' | 'held' | 'small-growth' | 'small-shrink' | 'coarse'
const WISHES: readonly WishName[] = ['peak', 'killed', 'growth', 'jump']

/**
 * Memory for one container. Too little kills, so nothing is forgotten for two weeks: its peak, and room for half of its largest
 * leap. What grows has room to go on.
 */
export class MemorySizer {
  readonly #parameters: MemoryParameters
  readonly #safety: MemoryParameters['safety']['safe']
  readonly #minChange: number
  readonly #peaks: WindowPeak
  readonly #leaps: WindowPeak
  #kills: WindowPeak
  readonly #rises: WindowPeak
  readonly #hold: WindowPeak
  /** The hour that is running, its peak, and the peak of the hour before. */
  #hour: number | undefined
  #hourMb = 0
  #hourBeforeMb: number | undefined
  #bornMs: number | undefined
  /** Since when it is known from what Proxmox has kept. */
  #pastMs: number | undefined
  #neededMb = 0
  #beforeMb = 0
  #killsInARow = 0
  #isUrgent = false
  #wishes: Wishes | undefined
  #outcome: Outcome = 'as-wanted'
  #decidedMs = 0
  #allocatedMb = 0

  constructor({ safety, minChange }: MemorySizerSettings, parameters: MemoryParameters) {
    this.#parameters = parameters
    this.#safety = parameters.safety[safety]
    this.#minChange = minChange
    this.#peaks = new WindowPeak(this.#safety.rememberMs)
    this.#leaps = new WindowPeak(this.#safety.rememberMs)
    this.#kills = new WindowPeak(parameters.rememberKillMs)
    this.#rises = new WindowPeak(parameters.riseMs)
    this.#hold = new WindowPeak(parameters.holdMs)
  }

  observe({ timeMs, neededMb, wasKilled }: MemorySample): void {
    const peakMb = wasKilled ? neededMb * this.#parameters.killFactor : neededMb
    // From the higher of two samples, so that one low one makes no rise of what was there all along.
    if (this.#bornMs !== undefined)
      this.#rises.add(timeMs, Math.max(0, neededMb - Math.max(this.#neededMb, this.#beforeMb)))
    this.#bornMs ??= timeMs
    this.#beforeMb = this.#neededMb
    this.#neededMb = neededMb
    this.#killsInARow = wasKilled ? Math.min(this.#killsInARow + 1, this.#parameters.killsInARow) : 0
    if (wasKilled) this.#kills.add(timeMs, peakMb)
    this.#peaks.add(timeMs, neededMb)
    this.#noteLeap(timeMs, peakMb)
  }

  /** Takes the kills from the one in whose place it comes: nothing else tells of them. */
  withKillsOf(former: MemorySizer): this {
    this.#kills = former.#kills
    return this
  }

  /**
   * Learns a step of which only mean and peak are known: the leap is the largest that fits with them. An hour had at least what
   * is left of the mean when all others had the peak.
   */
  learnStep({ endMs, hours, meanMb, peakMb }: MemoryStep): void {
    this.#peaks.add(endMs, peakMb)
    if (hours > 1) {
      const lowMb = Math.max(0, hours * meanMb - (hours - 1) * peakMb)
      const beforeMb = this.#hour === undefined ? lowMb : this.#hourMb
      this.#leaps.add(endMs, peakMb - Math.min(lowMb, beforeMb))
      this.#hour = Math.floor(endMs / this.#parameters.leapMs)
      this.#hourMb = lowMb
    } else this.#noteLeap(endMs, peakMb)
  }

  /** What was learned until now stems from what Proxmox has kept since then. */
  endPast(fromMs: number): void {
    this.#pastMs = fromMs
  }

  /** Notes what would have been wanted at a moment of the past, at which nothing is decided. */
  review(timeMs: number): void {
    if (this.#bornMs === undefined) return
    this.#expire(timeMs)
    const { peak, growth, killed } = this.#wanted(0)
    this.#hold.add(timeMs, Math.max(peak, growth, killed))
  }

  /** Memory it should have from now on, MB, not rounded; undefined = leave as it is. */
  decide({ timeMs, allocatedMb }: MemoryMoment): number | undefined {
    if (this.#bornMs === undefined) return undefined
    this.#expire(timeMs)
    this.#wishes = this.#wanted(allocatedMb)
    const { peak, growth, killed, jump } = this.#wishes
    this.#decidedMs = timeMs
    this.#allocatedMb = allocatedMb
    const wantedMb = Math.max(peak, growth, killed, jump)
    this.#hold.add(timeMs, wantedMb)
    const least = 1 + this.#minChange
    const isFull = wantedMb > allocatedMb && Math.max(this.#neededMb * least, growth) > allocatedMb
    this.#isUrgent = this.#killsInARow > 0 || isFull
    if (wantedMb > allocatedMb) {
      const fits = this.#mostMb * least <= allocatedMb
      const canWait = fits && !isFull && wantedMb < allocatedMb * least
      this.#outcome = wantedMb < allocatedMb * least ? 'raised' : 'as-wanted'
      if (canWait) this.#outcome = 'small-growth'
      return canWait ? undefined : Math.max(wantedMb, allocatedMb * least)
    }
    if (this.#isCoarse(timeMs)) {
      this.#outcome = 'coarse'
      return undefined
    }
    const heldMb = this.#hold.peak
    this.#outcome = Math.round(heldMb) > Math.round(wantedMb) ? 'held' : 'as-wanted'
    if (heldMb < allocatedMb * (1 - this.#minChange)) return heldMb
    if (heldMb < allocatedMb) this.#outcome = 'small-shrink'
    return undefined
  }

  /** It was killed in the last sample, or should grow and has less room than the least change. */
  get isUrgent(): boolean {
    return this.#isUrgent
  }

  /** Why the last decision came out so, from the numbers that decided. */
  explain(withNext = true): string {
    const wishes = this.#wishes
    if (wishes === undefined) return 'nothing has been observed yet'
    const [won = 'peak', next = 'growth'] = WISHES.toSorted((a, b) => wishes[b] - wishes[a])
    const wonMb = wishes[won]
    const text = withNext && wishes[next] > 0 ? `${this.#text(won)}; next: ${this.#text(next)}` : this.#text(won)
    switch (this.#outcome) {
      case 'as-wanted':
        return text
      case 'raised':
        return `wants ${mbText(wonMb)}, and grows by ${tidy(100 * this.#minChange)} % at least: ${text}`
      case 'held':
        return `most wanted in ${lastText(this.#parameters.holdMs, this.#knownMs)}, ${mbText(this.#hold.peak)}; now ${mbText(wonMb)}: ${text}`
      case 'coarse':
        return `not known minute by minute for ${lengthText(this.#coarseMs)} yet, so that it is not shrunk: ${text}`
      case 'small-growth':
        return `${smallText(mbText(wonMb), this.#minChange)}: ${text}`
      case 'small-shrink':
        return `${smallText(mbText(this.#hold.peak), this.#minChange)}: ${text}`
    }
  }

  get #knownMs(): number {
    return this.#decidedMs - (this.#pastMs ?? this.#bornMs ?? this.#decidedMs)
  }

  serialise(): z.input<typeof MemorySizerState> {
    return {
      windows: this.#windows().map(window => window.serialise()),
      hour: { number: this.#hour ?? null, peakMb: this.#hourMb, beforeMb: this.#hourBeforeMb ?? null },
      bornMs: this.#bornMs ?? null,
      pastMs: this.#pastMs ?? null,
      neededMb: this.#neededMb,
      beforeMb: this.#beforeMb,
      killsInARow: this.#killsInARow,
    }
  }

  restore({ windows, hour, bornMs, pastMs, neededMb, beforeMb, killsInARow }: z.output<typeof MemorySizerState>): void {
    for (const [i, window] of windows.entries()) this.#windows()[i]?.restore(window)
    this.#hour = hour.number ?? undefined
    this.#hourMb = hour.peakMb
    this.#hourBeforeMb = hour.beforeMb ?? undefined
    this.#bornMs = bornMs ?? undefined
    this.#pastMs = pastMs ?? undefined
    this.#neededMb = neededMb
    this.#beforeMb = beforeMb
    this.#killsInARow = killsInARow
  }

  #expire(timeMs: number): void {
    for (const window of [this.#peaks, this.#leaps, this.#kills, this.#rises]) window.expire(timeMs)
  }

  /** What Proxmox has kept does not tell how steeply it rose in the time that still counts. */
  #isCoarse(timeMs: number): boolean {
    return this.#pastMs !== undefined && timeMs - (this.#bornMs ?? timeMs) < this.#coarseMs
  }

  get #coarseMs(): number {
    return (this.#parameters.riseMs + this.#parameters.holdMs) * (1 + WINDOW_EXCESS)
  }

  #windows(): readonly WindowPeak[] {
    return [this.#peaks, this.#leaps, this.#kills, this.#rises, this.#hold]
  }

  /** By how much the peak of this hour beats that of the hour before. */
  #noteLeap(timeMs: number, peakMb: number): void {
    const hour = Math.floor(timeMs / this.#parameters.leapMs)
    if (hour !== this.#hour) {
      this.#hourBeforeMb = this.#hour === undefined ? undefined : this.#hourMb
      this.#hour = hour
      this.#hourMb = 0
    }
    this.#hourMb = Math.max(this.#hourMb, peakMb)
    if (this.#hourBeforeMb !== undefined) this.#leaps.add(timeMs, Math.max(0, this.#hourMb - this.#hourBeforeMb))
  }

  #wanted(allocatedMb: number): Wishes {
    const killedMb = this.#kills.peak
    return {
      peak: this.#peaks.peak + this.#marginMb,
      killed: killedMb > this.#peaks.peak ? killedMb + this.#marginMb : 0,
      growth: Math.max(this.#neededMb, this.#beforeMb) + this.#rises.peak,
      jump: this.#killsInARow > 0 ? allocatedMb * this.#jumpFactor : 0,
    }
  }

  /** A leap may come on top of the highest that it is known to need. */
  get #marginMb(): number {
    return Math.max(this.#parameters.smallestMargin * this.#mostMb, this.#safety.leapShare * this.#leaps.peak)
  }

  get #mostMb(): number {
    return Math.max(this.#peaks.peak, this.#kills.peak)
  }

  #text(wish: WishName): string {
    switch (wish) {
      case 'peak': {
        const span = spanText(this.#safety.rememberMs, this.#knownMs)
        return `peak of ${span}, ${mbText(this.#peaks.peak)}${this.#when(this.#peaks)}, ${this.#marginText()}`
      }
      case 'killed': {
        const { killFactor } = this.#parameters
        const [had, counts] = [this.#kills.peak / killFactor, this.#kills.peak].map(mbText)
        return `killed with ${had}${this.#when(this.#kills)}, which counts as ${counts}, ${this.#marginText()}`
      }
      case 'growth': {
        const used = mbText(Math.max(this.#neededMb, this.#beforeMb))
        const span = spanText(this.#parameters.riseMs, this.#knownMs)
        return `uses ${used} and rose by up to ${mbText(this.#rises.peak)} at once in ${span}`
      }
      case 'jump':
        return `killed for lack of memory with ${mbText(this.#allocatedMb)}: ${tidy(this.#jumpFactor)} times that`
    }
  }

  get #jumpFactor(): number {
    return this.#parameters.killFactor ** this.#killsInARow
  }

  /** When the peak of a window was, as far as that is more than how long the container is known. */
  #when(window: WindowPeak): string {
    return this.#knownMs < RECENTLY_MS ? '' : ` (${agoText(this.#decidedMs - window.peakMs)})`
  }

  #marginText(): string {
    const { leapShare } = this.#safety
    const isLeast = this.#marginMb > leapShare * this.#leaps.peak
    const share = isLeast
      ? `${percent(this.#parameters.smallestMargin)} %, the least;`
      : `${percent(leapShare)} % of the`
    return `and ${mbText(this.#marginMb)} (${share} largest leap in an hour ${mbText(this.#leaps.peak)})`
  }
}

/** A window of weeks tells no closer. */
const RECENTLY_MS = 8 * MS_PER_HOUR

function agoText(agoMs: number): string {
  const hours = Math.max(0, agoMs) / MS_PER_HOUR
  if (agoMs < RECENTLY_MS) return 'in the last hours'
  return hours < 48 ? `${Math.round(hours)} hours ago` : `${Math.round(hours / 24)} days ago`
}
