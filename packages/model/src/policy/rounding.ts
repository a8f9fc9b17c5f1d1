/** `value` rounded up to a multiple of `step`; one that is a multiple but for binary fractions stays. */
export function roundUp(value: number, step: number): number {
  return tidy(Math.ceil(value / step - 1e-6) * step)
}

/** Without the last digits that binary fractions leave: 0.30000000000000004 is 0.3. */
export function tidy(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
