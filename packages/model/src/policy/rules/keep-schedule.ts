import { MS_PER_DAY, MS_PER_MINUTE } from '@lxc-autoscale/core'
import { holdShrinking, isBelow, type Rule, type RuleFacts, withReason } from '../draft.ts'
import { type Schedule, WEEKDAYS } from '../settings.ts'

const RULE = 'keep-schedule'
const MINUTES_PER_HOUR = 60
const MINUTES_PER_DAY = 1_440
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4

/** Shrinking only inside (or outside) the windows that the administrator set, and larger minimums inside them. */
export const keepSchedule: Rule = (draft, facts) => {
  const { schedules } = facts.settings
  const { allocation } = facts.circumstances
  const open = openNow(facts)
  const shrinkWindows = schedules.filter(({ shrink }) => shrink === 'only_here')
  const isShut = shrinkWindows.length > 0 && !open.some(({ shrink }) => shrink === 'only_here')
  const isForbidden = open.some(({ shrink }) => shrink === 'never_here')
  const held =
    isShut || isForbidden ? holdShrinking(draft, facts, RULE, 'outside the window in which it may shrink') : draft
  const { minCores, minMemoryMb } = minimumsNow(facts)
  const cores = isBelow(held.to.cores ?? allocation.cores, minCores) ? minCores : held.to.cores
  const memoryMb = isBelow(held.to.memoryMb ?? allocation.memoryMb, minMemoryMb) ? minMemoryMb : held.to.memoryMb
  if (cores === held.to.cores && memoryMb === held.to.memoryMb) return held
  return { ...withReason(held, RULE, 'the minimum of the window that is open now'), to: { cores, memoryMb } }
}

/** The minimums of the windows that are open now, never above the maximum in force; 0 where none has one. */
export function minimumsNow(facts: RuleFacts) {
  const { sizing } = facts.settings
  const open = openNow(facts)
  return {
    minCores: Math.min(sizing.maxCores, Math.max(0, ...open.map(({ min_cpu_cores }) => min_cpu_cores ?? 0))),
    minMemoryMb: Math.min(sizing.maxMemoryMb, Math.max(0, ...open.map(({ min_ram_mb }) => min_ram_mb ?? 0))),
  }
}

function openNow({ settings: { schedules }, circumstances: { localTimeMs } }: RuleFacts): readonly Schedule[] {
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
