/** One entry in this many is dropped at once, so that the file is rewritten once in a tenth of its length. */
const SLACK_DIVISOR = 10

/**
 * How many of `entries` stay before one more is added: all while there is room, else so few that the next rewrite is a
 * tenth of `maxEntries` away.
 */
export function entriesToKeep(entries: number, maxEntries: number): number {
  if (entries < maxEntries) return entries
  return maxEntries - Math.max(1, Math.floor(maxEntries / SLACK_DIVISOR))
}
