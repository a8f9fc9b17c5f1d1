import { KIB_PER_MB } from '@lxc-autoscale/core/units'

const UNITS = ['', 'K', 'M', 'G', 'T']
/** How many of a unit the next one has. */
const STEP = KIB_PER_MB

/** Digits with an optional unit, 2^10 each; no unit is bytes. Undefined for another form. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGT])?$/.exec(text)
  if (match === null) return undefined
  return Math.trunc(Number(match[1]) * STEP ** UNITS.indexOf(match[2] ?? ''))
}

/** Bytes in the largest unit that leaves no rest. Source: pve-common, JSONSchema.pm, format_size. */
export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (unit < UNITS.length - 1 && value >= STEP && value % STEP === 0) {
    value /= STEP
    unit++
  }
  return `${value}${UNITS[unit]}`
}
