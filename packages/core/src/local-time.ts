import { MS_PER_SECOND } from './units.ts'

/** A time for people, by the clock on the wall of this host: `2026-03-01 13:05`. */
export function localTimeText(timeMs: number): string {
  const time = new Date(timeMs)
  const digits = (value: number) => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${digits(time.getMonth() + 1)}-${digits(time.getDate())}`
  return `${day} ${digits(time.getHours())}:${digits(time.getMinutes())}`
}

/** How long something lasts, for people: `90 s`, `5 min`, `2 h`, `3 d`. */
export function lastingText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / MS_PER_SECOND))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`
}
