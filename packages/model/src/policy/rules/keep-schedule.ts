import { MS_PER_DAY, MS_PER_MINUTE } from '@lxc-autoscale/core'
import type { NamedSchedule } from '../container-settings.ts'
import type { Allocation } from '../decision.ts'
import { ask, type Draft, hold, holdAt, holdShrinking, isBelow, type Rule, type RuleFacts } from '../draft.ts'
import { type Schedule, WEEKDAYS } from '../settings.ts'
import { coresText, mbText } from '../wording.ts'

const RULE = 'keep-schedule'
const MINUTES_PER_HOUR = 60
const MINUTES_PER_DAY = 1_440
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4

/** Shrinking only inside (or outside) the windows that the administrator set, and larger minimums inside them. */
export const keepSchedule: Rule = (draft, facts) => {
  if (facts.settings.schedules.length === 0) return draft
  const windows = facts.settings.schedules.filter(({ shrink }) => shrink === 'only_here')
  const open = openNow(facts)
  const isShut = windows.length > 0 && !open.some(({ shrink }) => shrink === 'only_here')
  const forbidding = open.find(({ shrink }) => shrink === 'never_here')
  const why = isShut ? `outside the schedule ${namesOf(windows)}` : `inside the schedule ${forbidding?.name}`
  const held =
    isShut || forbidding !== undefined ? holdShrinking(draft, facts, { rule: RULE, text: `not shrunk ${why}` }) : draft
  const { minCores, minMemoryMb } = minimumsNow(facts)
  const text = (size: string, by: readonly NamedSchedule[]) => `at least ${size} inside the schedule ${namesOf(by)}`
  const cores = text(
    coresText(minCores),
    open.filter(({ min_cpu_cores = 0 }) => min_cpu_cores >= minCores),
  )
  const memory = text(
    mbText(minMemoryMb),
    open.filter(({ min_ram_mb = 0 }) => min_ram_mb >= minMemoryMb),
  )
  const least = [
    { on: 'cores' as const, size: minCores, text: cores },
    { on: 'memoryMb' as const, size: minMemoryMb, text: memory },
  ]
  return least.reduce((soFar, each) => atLeast(soFar, facts, each), held)
}

interface Least {
  readonly on: keyof Allocation
  readonly size: number
  readonly text: string
}

function atLeast(draft: Draft, { circumstances: { allocation } }: RuleFacts, { on, size, text }: Least): Draft {
  const from = allocation[on]
  if (from === undefined || !isBelow(draft.to[on] ?? from, size)) return draft
  if (from < size) return ask(draft, on, size, { rule: RULE, text })
  return from === size ? hold(draft, on, { rule: RULE, text }) : holdAt(draft, on, size, { rule: RULE, text })
}

function namesOf(schedules: readonly NamedSchedule[]): string {
  return schedules.map(({ name }) => name).join(' or ')
}

/** The minimums of the windows that are open now, never above the maximum in force; 0 where none has one. */
export function minimumsNow(facts: Pick<RuleFacts, 'settings' | 'circumstances'>) {
  const { sizing } = facts.settings
  const open = openNow(facts)
  return {
    minCores: Math.min(sizing.maxCores, Math.max(0, ...open.map(({ min_cpu_cores }) => min_cpu_cores ?? 0))),
    minMemoryMb: Math.min(sizing.maxMemoryMb, Math.max(0, ...open.map(({ min_ram_mb }) => min_ram_mb ?? 0))),
  }
}

function openNow({
  settings: { schedules },
  circumstances: { localTimeMs },
}: Pick<RuleFacts, 'settings' | 'circumstances'>): readonly NamedSchedule[] {
  return schedules.filter(schedule => isOpen(schedule, localTimeMs))
}

/** Whether the window of `schedule` is open at this local time. */
export function isOpen({ days, from, to }: Schedule, localTimeMs: number): boolean {
  const day = Math.floor(localTimeMs / MS_PER_DAY)
  const minute = Math.floor((localTimeMs - day * MS_PER_DAY) / MS_PER_MINUTE)
  const begin = minuteOfDay(from)
  const length = (minuteOfDay(to) - begin + MINUTES_PER_DAY) % MINUTES_PER_DAY || MINUTES_PER_DAY
  const beganToday = minute >= begin && minute < begin + length && isOn(days, day)
  const beganYesterday = minute + MINUTES_PER_DAY < begin + length && isOn(days, day - 1)
  return beganToday || beganYesterday
}

function isOn(days: Schedule['days'], day: number): boolean {
  const weekday = WEEKDAYS[(((day + FIRST_WEEKDAY) % 7) + 7) % 7]
  return weekday !== undefined && days.includes(weekday)
}

function minuteOfDay(time: string): number {
  const [hour = '0', minute = '0'] = time.split(':')
  return Number(hour) * MINUTES_PER_HOUR + Number(minute)
}
