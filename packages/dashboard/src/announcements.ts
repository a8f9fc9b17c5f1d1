import { signal } from '@preact/signals'

export interface Announcement {
  readonly number: number
  readonly text: string
}

/** What came of what was asked for, newest last; said by screen readers as it comes. */
export const announcements = signal<readonly Announcement[]>([])

const LASTS_MS = 12_000
const MOST = 4
let count = 0

export function announce(text: string): void {
  count += 1
  const number = count
  announcements.value = [...announcements.value, { number, text }].slice(-MOST)
  setTimeout(() => dismiss(number), LASTS_MS)
}

export function dismiss(number: number): void {
  announcements.value = announcements.value.filter(each => each.number !== number)
}
