/** A time for people, by the clock on the wall of this host: `2026-03-01 13:05`. */
export function localTimeText(timeMs: number): string {
  const time = new Date(timeMs)
  const digits = (value: number) => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${digits(time.getMonth() + 1)}-${digits(time.getDate())}`
  return `${day} ${digits(time.getHours())}:${digits(time.getMinutes())}`
}
