import { coresNumber, memoryText, percentText } from '../format.ts'
import type { Unit } from './chart.ts'

const UNIT_TEXTS: Readonly<Record<Unit, (value: number | null | undefined) => string>> = {
  cores: coresNumber,
  memory_mb: memoryText,
  percent: percentText,
}

/** A figure with its unit, as it stands at the axis and beside a line. */
export function figureText(unit: Unit, value: number | null | undefined): string {
  return UNIT_TEXTS[unit](value)
}

const DAY_S = 86_400
const MINUTE_S = 60
const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const withSeconds = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const moment = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** Times at the x axis that are `stepS` apart: local, the day where one begins. */
export function timeLabels(timesS: readonly number[], stepS: number): string[] {
  return timesS.map(timeS => {
    const date = new Date(timeS * 1_000)
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0
    if (isMidnight || stepS >= DAY_S) return day.format(date)
    return (stepS < MINUTE_S ? withSeconds : timeOfDay).format(date)
  })
}

/** A moment with its day: `28 Nov, 14:05:10`. */
export function momentText(timeS: number): string {
  return moment.format(timeS * 1_000)
}
