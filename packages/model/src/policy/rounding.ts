/** `value` rounded up to a multiple of `step`; one that is a multiple but for binary fractions stays. */
export function roundUp(value: number, step: number): number {
  return tidy(Math.ceil(value / step - 1e-6) * step)
}

/** Without the last digits that binary fractions leave: 0.30000000000000004 is 0.3. */
export function tidy(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

/** Steps into which a memory limit is divided at the least, before its step doubles. */
const LEAST_STEPS = 64

/**
 * The step in which a memory limit of about `sizeMb` is given: `keyMb`, doubled with each doubling of the size, so that it is a
 * 64th to a 128th of it, as people write sizes (with 16: 336 MB, 1376 MB, 9.25 GB).
 */
export function memoryStepMb(sizeMb: number, keyMb: number): number {
  return keyMb * 2 ** Math.max(0, Math.floor(Math.log2(sizeMb / (LEAST_STEPS * keyMb))))
}
