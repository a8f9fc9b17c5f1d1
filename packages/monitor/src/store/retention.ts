/** One cycle in this many is dropped at once, so that the file is rewritten once in a tenth of its length. */
const SLACK_DIVISOR = 10

/**
 * How many of `cycles` stay before one more is added: all while there is room, else so few that the next rewrite is a
 * tenth of `maxCycles` away.
 */
export function cyclesToKeep(cycles: number, maxCycles: number): number {
  if (cycles < maxCycles) return cycles
  return maxCycles - Math.max(1, Math.floor(maxCycles / SLACK_DIVISOR))
}
