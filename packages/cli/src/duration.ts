import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core'

const UNIT_MS: Readonly<Record<string, number>> = {
  s: MS_PER_SECOND,
  m: MS_PER_MINUTE,
  h: MS_PER_HOUR,
  d: MS_PER_DAY,
}

/** A hundred years: nobody means more, and no date is out of reach. */
const LONGEST_MS = 36_500 * MS_PER_DAY

/** Milliseconds of a duration such as `90s`, `30m`, `2h` or `1d`; undefined when `text` is none. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text.trim()) ?? []
  const unitMs = UNIT_MS[unit]
  const durationMs = Number(amount) * (unitMs ?? Number.NaN)
  return durationMs <= LONGEST_MS ? durationMs : undefined
}
