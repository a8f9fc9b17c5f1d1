import { depthLimit } from './path-length.ts'

/** A column for each node, 8 or 16 bits each. */
type Columns = Uint8Array | Uint16Array

/**
 * The nodes of all trees of a forest in flat arrays, tree after tree. Each tree is a full binary heap of 2^depth places, so that no node has to
 * say where its children are: node 1 is the root, those of node n are 2n and 2n + 1, and the last level stands by itself in `leaf`.
 *
 * A split sends a row with `threshold` or less in column `feature` to the left, any other to the right. Where a tree ends before the last level,
 * `feature` is the number of columns, a column that scoring adds and fills with the lowest number, so that a row goes left from there on. That
 * lets scoring take the same number of steps for every row, without a branch to mispredict.
 */
export interface ForestNodes {
  readonly trees: number
  /** Steps from a root to the last level. */
  readonly depth: number
  readonly feature: Columns
  /** In 16 bits when only whole numbers are scored. */
  readonly threshold: Float64Array | Int16Array
  /** The training rows that ended here and how deep, see `leafOf`; 0: no row ever comes here. */
  readonly leaf: Uint16Array | Uint32Array
}

/** A leaf is the number of its rows and, in so many bits below, the depth at which the tree ended. */
export const DEPTH_BITS = 5
export const DEPTH_MASK = 2 ** DEPTH_BITS - 1

export function leafOf(rows: number, depth: number): number {
  return (rows << DEPTH_BITS) | depth
}

export interface ForestSize {
  readonly trees: number
  readonly columns: number
  /** Rows that each tree is grown on. */
  readonly sampleSize: number
  readonly hasWholeRows: boolean
  /** Left out: that of a balanced tree. */
  readonly depth?: number
}

const MOST_IN_8_BITS = 255
const MOST_IN_16_BITS = 65_535

/** The nodes of trees that are still to be grown. */
export function emptyNodes({
  trees,
  columns,
  sampleSize,
  hasWholeRows,
  depth = depthLimit(sampleSize),
}: ForestSize): ForestNodes {
  const count = trees * 2 ** depth
  return {
    trees,
    depth,
    feature: columns <= MOST_IN_8_BITS ? new Uint8Array(count) : new Uint16Array(count),
    threshold: hasWholeRows ? new Int16Array(count) : new Float64Array(count),
    leaf: leafOf(sampleSize, depth) <= MOST_IN_16_BITS ? new Uint16Array(count) : new Uint32Array(count),
  }
}
