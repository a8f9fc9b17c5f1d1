const MOST_DECIMALS = 15

/** `value` with as few decimals (`least` at least) as still show on which side of each of `marks` it is: 29.96 beside 30 is 29.96. */
export function beside(value: number, marks: readonly number[], least = 0): string {
  for (let decimals = least; decimals <= MOST_DECIMALS; decimals++) {
    const printed = Number(value.toFixed(decimals))
    if (marks.every(mark => Math.sign(printed - mark) === Math.sign(value - mark))) return String(printed)
  }
  return String(value)
}
