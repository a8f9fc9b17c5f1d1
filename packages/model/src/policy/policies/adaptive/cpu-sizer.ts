import { MS_PER_DAY, MS_PER_MINUTE } from '@lxc-autoscale/core'
import { z } from 'zod'
import { tidy } from '../../rounding.ts'
import { coresText } from '../../wording.ts'
import { ChangeTokens, ChangeTokensState } from './change-tokens.ts'
import type { CpuParameters } from './cpu-parameters.ts'
import { HabitPeaks, habitPeaksState } from './habit-peaks.ts'
import { VirtualSizers, virtualSizersState } from './virtual-sizers.ts'
import { WindowPeak, WindowPeakState } from './window-peak.ts'
import { lastText, percent, smallText, spanText } from './wording.ts'

/** A level that is a whole step but for rounding is not rounded up to the next. */
const ROUNDING = 1e-6
const MINUTES_PER_WEEK = (7 * MS_PER_DAY) / MS_PER_MINUTE

export interface CpuSizerSettings {
  /** 1 (whole cores) or 0.1. */
  readonly coresStep: number
  readonly minCores: number
  readonly throttlingPrice: number
  /** A change that is not out of need is at least this share of what it has. */
  readonly minChange: number
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
  /** While it is short: what it would use if what waits for the CPU ran too. Otherwise what it uses. */
  readonly neededCores: number
  readonly allocatedCores: number
}

/** A step of the past that is longer than a minute. */
export interface CpuStep {
  readonly endMs: number
  /** When it began, and a moment before its end. */
  readonly localFromMs: number
  readonly localToMs: number
  /** The highest of its minutes. */
  readonly peakCores: number
  readonly isShort: boolean
}

export interface CpuMoment {
  readonly timeMs: number
  readonly localTimeMs: number
  readonly allocatedCores: number
}

/** One way to answer: which peak, how far towards the long peak, which margin, and how risky that is. */
interface Rule {
  readonly isHour: boolean
  readonly lift: number
  readonly margin: number
  readonly risk: number
}

/** The virtual sizers that the parameters stand for: both answers with each lift and each margin. */
function rulesOf(p: CpuParameters): readonly Rule[] {
  return [false, true].flatMap(isHour =>
    p.lifts.flatMap(lift =>
      p.margins.map(margin => {
        const risk = (isHour ? p.hourRisk : p.recentRisk) / (1 + p.liftRisk * lift) / (1 + p.marginRisk * margin)
        return { isHour, lift, margin, risk }
      }),
    ),
  )
}

/** What the parameters stand for, made once for all containers. */
export interface CpuDesign {
  readonly parameters: CpuParameters
  readonly rules: readonly Rule[]
  /** What `serialise` gives. */
  readonly state: ReturnType<typeof cpuSizerState>
}

export function cpuDesign(parameters: CpuParameters): CpuDesign {
  const rules = rulesOf(parameters)
  return { parameters, rules, state: cpuSizerState(rules.length, parameters) }
}

const WINDOWS = 5

function cpuSizerState(rules: number, { habits }: CpuParameters) {
  return z.object({
    stepsPerCore: z.number(),
    sizers: virtualSizersState(rules),
    windows: z.array(WindowPeakState).length(WINDOWS),
    habits: habitPeaksState(habits),
    tokens: ChangeTokensState,
    bornMs: z.number().nullable(),
    past: z.object({ fromMs: z.number(), toMs: z.number() }).nullable().default(null),
    mostNeededCores: z.number(),
    chosen: z
      .int()
      .min(-1)
      .max(rules - 1),
    shortLooks: z.number(),
  })
}

/** What the last decision was based on, with the numbers that decided. */
type Ground =
  | { readonly kind: 'unseen' }
  | { readonly kind: 'young' | 'soon' | 'usual' | 'known' | 'stranger'; readonly cores: number }
  | { readonly kind: 'jump'; readonly cores: number; readonly factor: number }
  | { readonly kind: 'chosen' | 'least' }

/** What became of what is wanted. */
type Outcome =
  | { readonly kind: 'as-wanted' | 'held' | 'raised' | 'spent' }
  | { readonly kind: 'small'; readonly leastShare: number; readonly cores: number }

/** A size, and why it is wanted. */
interface Aim {
  readonly cores: number
  readonly ground: Ground
}

/**
 * Cores for one container: the cheapest of some virtual sizers by its own recent bill, and simple mechanics around it: a jump
 * to a known level when throttled, slow down, a least change and change tokens. docs/sizing.md tells it in words.
 */
export class CpuSizer {
  readonly #parameters: CpuParameters
  readonly #rules: readonly Rule[]
  readonly #minChange: number
  readonly #stepsPerCore: number
  readonly #lowestSteps: number
  readonly #sizers: VirtualSizers
  readonly #recent: WindowPeak
  readonly #hour: WindowPeak
  readonly #long: WindowPeak
  readonly #soon: WindowPeak
  readonly #hold: WindowPeak
  readonly #habits: HabitPeaks
  readonly #tokens: ChangeTokens
  #bornMs: number | undefined
  /** The time that it knows from what Proxmox has kept. */
  #past: { readonly fromMs: number; readonly toMs: number } | undefined
  /** The most it was ever known to need, for the first hour. */
  #mostNeededCores = 0
  #shortLooks = 0
  #shortCountedMs = Number.NEGATIVE_INFINITY
  /** What the last look came to, however often it is decided before the next one. */
  #look: Aim | undefined
  #chooseDueMs = Number.NEGATIVE_INFINITY
  #chosen = -1
  #ground: Ground = { kind: 'unseen' }
  #outcome: Outcome = { kind: 'as-wanted' }
  /** The peaks that the sizers go by. */
  #bases = { recent: 0, hour: 0, long: 0 }
  /** What is usual at this time. */
  #usual = 0
  #wantedCores = 0
  #decidedMs = 0

  constructor({ coresStep, minCores, throttlingPrice, minChange }: CpuSizerSettings, design: CpuDesign) {
    const { parameters: p, rules } = design
    this.#parameters = p
    this.#rules = rules
    this.#minChange = minChange
    this.#stepsPerCore = Math.round(1 / coresStep)
    this.#lowestSteps = Math.max(1, Math.ceil(minCores * this.#stepsPerCore - ROUNDING))
    this.#sizers = new VirtualSizers({
      risks: rules.map(({ risk }) => risk),
      typicalDays: p.typicalDays,
      halfLifeMs: p.billHalfLifeMs,
      price: throttlingPrice,
      changePrice: p.changePrice,
      stick: p.stick,
    })
    this.#recent = new WindowPeak(p.recentMs)
    this.#hour = new WindowPeak(p.hourMs)
    this.#long = new WindowPeak(p.longMs)
    this.#soon = new WindowPeak(p.soonMs)
    this.#hold = new WindowPeak(p.holdMs)
    this.#habits = new HabitPeaks(p.habits)
    this.#tokens = new ChangeTokens(p.tokensPerDay, p.tokensKept)
  }

  observe({ timeMs, localTimeMs, dtMs, usedCores, isShort, neededCores, allocatedCores }: CpuSample): void {
    this.#bornMs ??= timeMs
    const wantedCores = isShort ? usedCores * this.#parameters.shortFactor : usedCores
    this.#sizers.bill({
      timeMs,
      dtMs,
      used: usedCores * this.#stepsPerCore,
      demand: wantedCores * this.#stepsPerCore,
      allocation: allocatedCores * this.#stepsPerCore,
    })
    this.#recent.add(timeMs, usedCores)
    this.#hour.add(timeMs, usedCores)
    this.#soon.add(timeMs, usedCores)
    this.#long.add(timeMs, wantedCores)
    this.#habits.add(localTimeMs, wantedCores)
    this.#mostNeededCores = Math.max(this.#mostNeededCores, neededCores)
    if (isShort) this.#countLook(timeMs)
    else this.#shortLooks = 0
  }

  /** For how long it is known sample by sample. */
  ageMs(timeMs: number): number {
    return timeMs - (this.#bornMs ?? timeMs)
  }

  /** Learns a step whose peak may have been at any time of it. How long it lasted is not known, so nothing is billed. */
  learnStep({ endMs, localFromMs, localToMs, peakCores, isShort }: CpuStep): void {
    const wantedCores = isShort ? peakCores * this.#parameters.shortFactor : peakCores
    for (const window of [this.#recent, this.#hour, this.#soon]) window.add(endMs, peakCores)
    this.#long.add(endMs, wantedCores)
    const { slotMs } = this.#parameters.habits
    for (let atMs = localFromMs; atMs < localToMs; atMs += slotMs) this.#habits.add(atMs, wantedCores)
    this.#habits.add(localToMs, wantedCores)
    this.#mostNeededCores = Math.max(this.#mostNeededCores, wantedCores)
  }

  /** What was learned until now stems from what Proxmox has kept of this time. */
  endPast(fromMs: number, toMs: number): void {
    this.#past = { fromMs, toMs }
  }

  /** The sizers look at a moment of the past, at which nothing is decided. */
  review(timeMs: number, localTimeMs: number): void {
    this.#updateLevels(localTimeMs)
    this.#hold.add(timeMs, this.#highest)
  }

  /** Cores it should have from now on, not rounded; undefined = leave as it is. */
  decide(moment: CpuMoment): number | undefined {
    if (this.#bornMs === undefined) return undefined
    const { timeMs, allocatedCores } = moment
    this.#decidedMs = timeMs
    this.#updateLevels(moment.localTimeMs)
    this.#wantedCores = this.#wanted(moment, this.ageMs(timeMs))
    this.#tokens.look(timeMs, allocatedCores)
    this.#hold.add(timeMs, this.#isCareful(timeMs) ? Math.max(this.#wantedCores, this.#highest) : this.#wantedCores)
    const leastChange = this.#minChange * (1 + this.#parameters.tokenPressure * this.#tokens.lack)
    if (this.#wantedCores > allocatedCores) {
      const isSmall = this.#wantedCores < allocatedCores * (1 + leastChange)
      const fits = this.#shortLooks === 0 && this.#soon.peak * (1 + this.#minChange) <= allocatedCores
      if (isSmall && fits) return this.#keep({ leastShare: leastChange, cores: this.#wantedCores })
      const raised = allocatedCores * (1 + this.#minChange)
      this.#outcome = { kind: this.#steps(raised) > this.#steps(this.#wantedCores) ? 'raised' : 'as-wanted' }
      return Math.max(this.#wantedCores, raised)
    }
    const held = this.#hold.peak
    const isLess = this.#steps(held) < allocatedCores * this.#stepsPerCore - ROUNDING
    this.#outcome = { kind: isShownAlike(held, this.#wantedCores) ? 'as-wanted' : 'held' }
    if (!isLess) return undefined
    if (this.#tokens.isExhausted) {
      this.#outcome = { kind: 'spent' }
      return undefined
    }
    const isSmall = held >= allocatedCores * (1 - leastChange)
    return isSmall ? this.#keep({ leastShare: leastChange, cores: held }) : held
  }

  #keep(small: Omit<Outcome & { kind: 'small' }, 'kind'>): undefined {
    this.#outcome = { kind: 'small', ...small }
  }

  get isShort(): boolean {
    return this.#shortLooks > 0
  }

  /** Why the last decision came out so, from the numbers that decided. */
  explain(withNext = true): string {
    const text = this.#groundText(withNext)
    const wanted = coresText(this.#wantedCores)
    switch (this.#outcome.kind) {
      case 'as-wanted':
        return text
      case 'raised':
        return `wants ${wanted}, and grows by ${tidy(100 * this.#minChange)} % at least: ${text}`
      case 'held': {
        const last = lastText(this.#parameters.holdMs, this.#knownMs)
        const held = coresText(this.#hold.peak)
        if (!this.#isCareful(this.#decidedMs)) return `most wanted in ${last}, ${held}; now ${wanted}: ${text}`
        return `the most that any rule came to in ${last}, ${held}, for a day, since Proxmox does not tell how long peaks lasted; now ${wanted}: ${text}`
      }
      case 'spent':
        return `changed too often lately to shrink; wants ${wanted}: ${text}`
      case 'small': {
        const { cores, leastShare } = this.#outcome
        return `${smallText(coresText(cores), leastShare)}: ${text}`
      }
    }
  }

  get #knownMs(): number {
    return this.#decidedMs - (this.#past?.fromMs ?? this.#bornMs ?? this.#decidedMs)
  }

  serialise(): z.input<ReturnType<typeof cpuSizerState>> {
    return {
      stepsPerCore: this.#stepsPerCore,
      sizers: this.#sizers.serialise(),
      windows: this.#windows().map(window => window.serialise()),
      habits: this.#habits.serialise(),
      tokens: this.#tokens.serialise(),
      bornMs: this.#bornMs ?? null,
      past: this.#past ?? null,
      mostNeededCores: this.#mostNeededCores,
      chosen: this.#chosen,
      shortLooks: this.#shortLooks,
    }
  }

  restore(saved: z.output<ReturnType<typeof cpuSizerState>>): void {
    // Bills are in steps: those of whole cores say nothing about tenths.
    if (saved.stepsPerCore === this.#stepsPerCore) this.#sizers.restore(saved.sizers)
    for (const [i, window] of saved.windows.entries()) this.#windows()[i]?.restore(window)
    this.#habits.restore(saved.habits)
    this.#tokens.restore(saved.tokens)
    this.#bornMs = saved.bornMs ?? undefined
    this.#past = saved.past ?? undefined
    this.#mostNeededCores = saved.mostNeededCores
    this.#chosen = saved.chosen
    this.#shortLooks = saved.shortLooks
  }

  /** Each look is a stronger jump, so samples that follow each other closely count once: the change needs time to show. */
  #countLook(timeMs: number): void {
    if (this.#shortLooks > 0 && timeMs - this.#shortCountedMs < this.#parameters.oneLookMs) return
    this.#shortLooks += 1
    this.#shortCountedMs = timeMs
    this.#look = undefined
  }

  #windows(): readonly WindowPeak[] {
    return [this.#recent, this.#hour, this.#long, this.#soon, this.#hold]
  }

  #wanted({ timeMs, allocatedCores }: CpuMoment, ageMs: number): number {
    const soon = this.#soon.peak
    const usual = this.#isCareful(timeMs) ? this.#usual : 0
    const aim = highest([
      this.#calm(timeMs, ageMs),
      { cores: usual, ground: { kind: 'usual', cores: usual } },
      { cores: soon, ground: { kind: 'soon', cores: soon } },
    ])
    if (this.#shortLooks > 0) this.#look ??= this.#throttled(aim, allocatedCores, ageMs)
    else this.#look = undefined
    const { cores, ground } = this.#look ?? aim
    this.#ground = ground
    return this.#look === undefined ? cores : Math.max(cores, allocatedCores)
  }

  /** What it should have while nothing is short. */
  #calm(timeMs: number, ageMs: number): Aim {
    const p = this.#parameters
    const long = this.#long.peak
    if (ageMs < p.youngMs && this.#past === undefined)
      return { cores: long * (1 + p.youngMargin), ground: { kind: 'young', cores: long } }
    if (timeMs >= this.#chooseDueMs) {
      this.#chooseDueMs = timeMs + p.chooseEveryMs
      this.#chosen = this.#sizers.cheapest(this.#chosen)
    }
    const isLeast = this.#steps(this.#sizeBy(this.#rules[this.#chosen])) < this.#lowestSteps
    const cores = this.#sizers.level(this.#chosen) / this.#stepsPerCore
    return { cores, ground: { kind: isLeast ? 'least' : 'chosen' } }
  }

  /** Up to a level that it is known to need, or a step further than it has; a stranger is trusted less. */
  #throttled(calm: Aim, allocatedCores: number, ageMs: number): Aim {
    const { jump, jumpsInARow, strangerMs, strangerFactor } = this.#parameters
    const isStranger = ageMs < strangerMs
    const factor = jump ** (isStranger ? 1 : Math.min(this.#shortLooks, jumpsInARow))
    const aims: readonly [Aim, ...Aim[]] = [
      { cores: allocatedCores * factor, ground: { kind: 'jump', cores: allocatedCores, factor } },
      { cores: this.#long.peak, ground: { kind: 'known', cores: this.#long.peak } },
      calm,
    ]
    const aim = highest(aims)
    const most = Math.max(allocatedCores, strangerFactor * this.#mostNeededCores)
    if (!isStranger || aim.cores <= most) return aim
    return { cores: most, ground: { kind: 'stranger', cores: this.#mostNeededCores } }
  }

  #isCareful(timeMs: number): boolean {
    return this.#past !== undefined && timeMs < this.#past.toMs + this.#parameters.carefulMs
  }

  /** The most that any sizer wants. */
  get #highest(): number {
    return this.#sizers.highestLevel / this.#stepsPerCore
  }

  #updateLevels(localTimeMs: number): void {
    this.#usual = this.#habits.at(localTimeMs)
    const hour = Math.max(this.#hour.peak, this.#usual)
    this.#bases = { recent: this.#recent.peak, hour, long: this.#long.peak }
    const levels: number[] = []
    for (const rule of this.#rules) levels.push(Math.max(this.#lowestSteps, this.#steps(this.#sizeBy(rule))))
    this.#sizers.setLevels(levels)
  }

  /** Cores that a rule comes to, not rounded and whatever the least is. */
  #sizeBy(rule: Rule | undefined): number {
    if (rule === undefined) return 0
    const { recent, hour, long } = this.#bases
    const base = rule.isHour ? hour : recent
    return (base + rule.lift * Math.max(0, long - base)) * (1 + rule.margin)
  }

  #steps(cores: number): number {
    return Math.ceil(cores * this.#stepsPerCore - ROUNDING)
  }

  #groundText(withNext: boolean): string {
    const { youngMargin, soonMs, strangerFactor } = this.#parameters
    switch (this.#ground.kind) {
      case 'unseen':
        return 'nothing has been observed yet'
      case 'young':
        return `the most it wanted so far is ${coresText(this.#ground.cores)}, and ${percent(youngMargin)} % more: not known long enough for more`
      case 'soon':
        return `it used ${coresText(this.#ground.cores)} in the last ${soonMs / MS_PER_MINUTE} minutes`
      case 'usual':
        return `it usually uses ${coresText(this.#ground.cores)} at this time, by what Proxmox kept`
      case 'known':
        return `short of cores: up to the ${coresText(this.#ground.cores)} of the peak of ${this.#longText()}`
      case 'jump':
        return `short of cores with ${coresText(this.#ground.cores)}: ${this.#ground.factor} times that`
      case 'stranger':
        return `short of cores, and known for less than an hour: no more than ${strangerFactor} times the ${coresText(this.#ground.cores)} that it has needed so far`
      case 'least':
        return `${coresText(this.#lowestSteps / this.#stepsPerCore)} is the least it may have; less by ${this.#ruleText(this.#chosen)}`
      case 'chosen':
        return this.#chosenText(withNext)
    }
  }

  /** The rule that won, and by what it beats the next one that wants another size. */
  #chosenText(withNext: boolean): string {
    const rival = withNext ? this.#sizers.runnerUp(this.#chosen) : undefined
    const won = this.#ruleText(this.#chosen)
    const text = `${won}: ${this.#billText(this.#chosen)}`
    if (rival === undefined) return text
    const [rivalText, cores] = [this.#ruleText(rival), coresText(this.#sizers.level(rival) / this.#stepsPerCore)]
    return `${text}; next: ${rivalText} (${cores}): ${this.#billText(rival)}`
  }

  #ruleText(rule: number): string {
    const { isHour = false, lift = 0, margin = 0 } = this.#rules[rule] ?? {}
    const peak = isHour
      ? 'peak of the hour or the usual'
      : `peak of ${this.#parameters.recentMs / MS_PER_MINUTE} minutes`
    const long = `peak of ${this.#longText()}`
    const lifted = lift === 1 ? long : `${peak}, ${percent(lift)} % towards the ${long}`
    return `${lift === 0 ? peak : lifted}, +${percent(margin)} %`
  }

  #longText(): string {
    return spanText(this.#parameters.longMs, this.#knownMs)
  }

  #billText(rule: number): string {
    const { unused, short } = this.#sizers.billOf(rule)
    const minutes = short * MINUTES_PER_WEEK
    const tooSmall = minutes < 0.5 ? 'never too small' : `too small ${Math.round(minutes)} min a week`
    return `${tooSmall}, ${percent(unused)} % unused`
  }
}

function isShownAlike(one: number, other: number): boolean {
  return one === other || coresText(one) === coresText(other)
}

function highest([first, ...others]: readonly [Aim, ...Aim[]]): Aim {
  return others.reduce((most, aim) => (aim.cores > most.cores ? aim : most), first)
}
