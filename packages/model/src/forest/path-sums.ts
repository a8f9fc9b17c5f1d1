import type { Matrix } from '../features/matrix.ts'
import type { ForestNodes } from './forest-nodes.ts'

/** Rows scored together: they and the nodes of one tree stay in the innermost cache. */
const BLOCK_ROWS = 128

/**
 * For each row the sum of its path lengths over all trees. Rows are taken in blocks and each block goes down one tree after another; four rows
 * walk side by side, since the steps of one depend on each other and those of four do not.
 * @throws {RangeError} when a value is not finite: missing values are imputed before.
 */
export function pathLengthSums(nodes: ForestNodes, matrix: Matrix): Float64Array {
  const { rows, columns } = matrix
  const sums = new Float64Array(rows)
  const stride = columns + 1
  const block = new Float64Array(Math.min(rows, BLOCK_ROWS) * stride)
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - first)
    copyBlock(matrix, { block, first, count })
    for (let tree = 0; tree < nodes.roots.length; tree++) {
      addTree(nodes, nodes.roots[tree] ?? 0, { block, stride, count, sums, first })
    }
  }
  return sums
}

/**
 * The sum of the path lengths of one row, four trees at a time.
 * @param row one value per column, and -Infinity after them
 */
export function pathLengthSum({ feature, left, value, roots, depth }: ForestNodes, row: Float64Array): number {
  let sum = 0
  let tree = 0
  for (; tree + 4 <= roots.length; tree += 4) {
    let node0 = root(roots, tree)
    let node1 = root(roots, tree + 1)
    let node2 = root(roots, tree + 2)
    let node3 = root(roots, tree + 3)
    for (let step = 0; step < depth; step++) {
      node0 = child(left, node0, at(row, index(feature, node0)) > at(value, node0))
      node1 = child(left, node1, at(row, index(feature, node1)) > at(value, node1))
      node2 = child(left, node2, at(row, index(feature, node2)) > at(value, node2))
      node3 = child(left, node3, at(row, index(feature, node3)) > at(value, node3))
    }
    sum += at(value, node0) + at(value, node1) + at(value, node2) + at(value, node3)
  }
  for (; tree < roots.length; tree++) {
    let node = root(roots, tree)
    for (let step = 0; step < depth; step++) node = child(left, node, at(row, index(feature, node)) > at(value, node))
    sum += at(value, node)
  }
  return sum
}

interface Block {
  readonly block: Float64Array
  readonly first: number
  readonly count: number
}

function copyBlock({ values, columns }: Matrix, { block, first, count }: Block): void {
  let zeros = 0
  for (let row = 0, to = 0, from = first * columns; row < count; row++) {
    for (let column = 0; column < columns; column++, to++, from++) {
      const value = values[from] ?? Number.NaN
      block[to] = value
      zeros += value * 0
    }
    block[to++] = Number.NEGATIVE_INFINITY
  }
  if (zeros !== 0) throw notFinite({ values, columns, rows: first + count }, first)
}

/** Names the first value at or after row `from` that is not finite. */
export function notFinite({ values, columns, rows }: Matrix, from = 0): RangeError {
  const index = values
    .subarray(0, rows * columns)
    .findIndex((value, i) => i >= from * columns && !Number.isFinite(value))
  const place = `row ${Math.floor(index / columns)}, column ${index % columns}`
  return new RangeError(`${place} is ${values[index]}: a forest takes finite numbers only, impute missing values first`)
}

interface Walk extends Block {
  readonly stride: number
  readonly sums: Float64Array
}

/* The four lanes are written out: a loop over lanes would keep them in memory instead of in registers. */
function addTree(nodes: ForestNodes, top: number, { block, stride, count, sums, first }: Walk): void {
  const { feature, left, value, depth } = nodes
  let row = 0
  for (; row + 4 <= count; row += 4) {
    const base0 = row * stride
    const base1 = base0 + stride
    const base2 = base1 + stride
    const base3 = base2 + stride
    let node0 = top
    let node1 = top
    let node2 = top
    let node3 = top
    for (let step = 0; step < depth; step++) {
      node0 = child(left, node0, at(block, base0 + index(feature, node0)) > at(value, node0))
      node1 = child(left, node1, at(block, base1 + index(feature, node1)) > at(value, node1))
      node2 = child(left, node2, at(block, base2 + index(feature, node2)) > at(value, node2))
      node3 = child(left, node3, at(block, base3 + index(feature, node3)) > at(value, node3))
    }
    add(sums, first + row, at(value, node0))
    add(sums, first + row + 1, at(value, node1))
    add(sums, first + row + 2, at(value, node2))
    add(sums, first + row + 3, at(value, node3))
  }
  for (; row < count; row++) {
    const base = row * stride
    let node = top
    for (let step = 0; step < depth; step++) {
      node = child(left, node, at(block, base + index(feature, node)) > at(value, node))
    }
    add(sums, first + row, at(value, node))
  }
}

/* Compiled into their callers; they only say that a place inside an array has a value. */

function at(values: Float64Array, place: number): number {
  return values[place] ?? 0
}

function index(features: Uint16Array, node: number): number {
  return features[node] ?? 0
}

function root(roots: Int32Array, tree: number): number {
  return roots[tree] ?? 0
}

function child(left: Int32Array, node: number, isRight: boolean): number {
  return (left[node] ?? 0) + Number(isRight)
}

function add(sums: Float64Array, place: number, value: number): void {
  sums[place] = (sums[place] ?? 0) + value
}
