const EULER = 0.5772156649015329

/**
 * Mean length of an unsuccessful search in a binary search tree of `rows` keys: what a leaf that still holds so many rows would have taken
 * further. Source: Liu, Ting, Zhou, "Isolation Forest", 2008, equation 1, with the exact value 1 for two rows, as scikit-learn has.
 */
export function averagePathLength(rows: number): number {
  if (rows <= 1) return 0
  if (rows === 2) return 1
  return 2 * (Math.log(rows - 1) + EULER) - (2 * (rows - 1)) / rows
}

let known = new Float64Array(0)

/** `averagePathLength` of each number of rows up to `rows` at least; the same array for all forests. */
export function averagePathLengths(rows: number): Float64Array {
  if (known.length <= rows) known = Float64Array.from({ length: rows + 1 }, (_, count) => averagePathLength(count))
  return known
}

/** Depth at which a tree grown on `rows` rows stops: the height of a balanced one. */
export function depthLimit(rows: number): number {
  return Math.ceil(Math.log2(Math.max(rows, 2)))
}
