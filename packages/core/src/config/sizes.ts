/** What the unit in the name of a key counts, in bytes. */
const KEY_UNITS: readonly (readonly [RegExp, number])[] = [
  [/_bytes$/, 1],
  [/_kb$/, 2 ** 10],
  [/_mb$/, 2 ** 20],
  [/_gb$/, 2 ** 30],
]

const SIZE = /^(\d{1,15}(?:\.\d{1,6})?) ?([KMGT])(?:i?B)?$/i
const LETTERS = 'KMGT'

/** Bytes in the unit of `key` when the key means an amount of memory or storage; undefined for any other key. */
function keyUnitBytes(key: string): number | undefined {
  return KEY_UNITS.find(([ending]) => ending.test(key))?.[1]
}

/** Whether `key` means an amount that may be written with a unit. */
export function isSizeKey(key: string): boolean {
  return keyUnitBytes(key) !== undefined
}

/**
 * The number that `text` (`8G`, `512M`, `1.5GiB`) means for `key`, in the unit that the key names; powers of 1024, as `pct` counts. A
 * whole amount is rounded to, as 1.3G of a key in MB has no other meaning. Undefined when it is no size, or the key takes none.
 */
export function sizeFor(key: string, text: string): number | undefined {
  const unitBytes = keyUnitBytes(key)
  const [, digits, letter = ''] = SIZE.exec(text.trim()) ?? []
  if (unitBytes === undefined || digits === undefined) return undefined
  const amount = (Number(digits) * 1_024 ** (LETTERS.indexOf(letter.toUpperCase()) + 1)) / unitBytes
  return amount < 1 ? amount : Math.round(amount)
}
