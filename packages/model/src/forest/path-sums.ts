import type { Matrix } from '../features/matrix.ts'
import { DEPTH_BITS, DEPTH_MASK, type ForestNodes } from './forest-nodes.ts'

/** Rows scored together: they and the nodes of one tree stay in the innermost cache. */
const BLOCK_ROWS = 128

/**
 * For each row the sum of its path lengths over all trees. Rows are taken in blocks and each block goes down one tree after another; four rows
 * walk side by side, since the steps of one depend on each other and those of four do not.
 * @param lengths what the rows that a leaf still holds would have taken further, by their number
 * @throws {RangeError} when a value is not finite: missing values are imputed before.
 */
export function pathLengthSums(nodes: ForestNodes, lengths: Float64Array, matrix: Matrix): Float64Array {
  const { rows, columns } = matrix
  const sums = new Float64Array(rows)
  const stride = columns + 1
  const block = new Float64Array(Math.min(rows, BLOCK_ROWS) * stride)
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - first)
    copyBlock(matrix, { block, first, count })
    for (let tree = 0; tree < nodes.trees; tree++) {
      addTree(nodes, lengths, { tree, block, stride, count, sums, first })
    }
  }
  return sums
}

/**
 * The sum of the path lengths of one row, four trees at a time.
 * @param row one value per column, and the lowest number after them
 */
export function pathLengthSum(nodes: ForestNodes, lengths: Float64Array, row: Float64Array | Int16Array): number {
  const { feature, threshold, leaf, trees, depth } = nodes
  const width = 1 << depth
  let sum = 0
  let tree = 0
  for (; tree + 4 <= trees; tree += 4) {
    const base0 = tree * width
    const base1 = base0 + width
    const base2 = base1 + width
    const base3 = base2 + width
    let node0 = 1
    let node1 = 1
    let node2 = 1
    let node3 = 1
    for (let step = 0; step < depth; step++) {
      node0 = child(node0, at(row, column(feature, base0 + node0)) > limit(threshold, base0 + node0))
      node1 = child(node1, at(row, column(feature, base1 + node1)) > limit(threshold, base1 + node1))
      node2 = child(node2, at(row, column(feature, base2 + node2)) > limit(threshold, base2 + node2))
      node3 = child(node3, at(row, column(feature, base3 + node3)) > limit(threshold, base3 + node3))
    }
    sum +=
      length(lengths, leaf, base0 + node0 - width) +
      length(lengths, leaf, base1 + node1 - width) +
      length(lengths, leaf, base2 + node2 - width) +
      length(lengths, leaf, base3 + node3 - width)
  }
  for (; tree < trees; tree++) {
    const base = tree * width
    let node = 1
    for (let step = 0; step < depth; step++) {
      node = child(node, at(row, column(feature, base + node)) > limit(threshold, base + node))
    }
    sum += length(lengths, leaf, base + node - width)
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
  readonly tree: number
  readonly stride: number
  readonly sums: Float64Array
}

/* The four lanes are written out: a loop over lanes would keep them in memory instead of in registers. */
function addTree(nodes: ForestNodes, lengths: Float64Array, { tree, block, stride, count, sums, first }: Walk): void {
  const { feature, threshold, leaf, depth } = nodes
  const width = 1 << depth
  const base = tree * width
  let row = 0
  for (; row + 4 <= count; row += 4) {
    const row0 = row * stride
    const row1 = row0 + stride
    const row2 = row1 + stride
    const row3 = row2 + stride
    let node0 = 1
    let node1 = 1
    let node2 = 1
    let node3 = 1
    for (let step = 0; step < depth; step++) {
      node0 = child(node0, at(block, row0 + column(feature, base + node0)) > limit(threshold, base + node0))
      node1 = child(node1, at(block, row1 + column(feature, base + node1)) > limit(threshold, base + node1))
      node2 = child(node2, at(block, row2 + column(feature, base + node2)) > limit(threshold, base + node2))
      node3 = child(node3, at(block, row3 + column(feature, base + node3)) > limit(threshold, base + node3))
    }
    add(sums, first + row, length(lengths, leaf, base + node0 - width))
    add(sums, first + row + 1, length(lengths, leaf, base + node1 - width))
    add(sums, first + row + 2, length(lengths, leaf, base + node2 - width))
    add(sums, first + row + 3, length(lengths, leaf, base + node3 - width))
  }
  for (; row < count; row++) {
    const from = row * stride
    let node = 1
    for (let step = 0; step < depth; step++) {
      node = child(node, at(block, from + column(feature, base + node)) > limit(threshold, base + node))
    }
    add(sums, first + row, length(lengths, leaf, base + node - width))
  }
}

/*
 * Compiled into their callers; they only say that a place inside an array has a value. One for each array: the engine knows one kind of array
 * for each place in the code, and looks for the kind each time where there are several.
 */

function at(row: Float64Array | Int16Array, place: number): number {
  return row[place] ?? 0
}

function column(feature: ForestNodes['feature'], place: number): number {
  return feature[place] ?? 0
}

function limit(threshold: ForestNodes['threshold'], place: number): number {
  return threshold[place] ?? 0
}

function child(node: number, isRight: boolean): number {
  return (node << 1) | Number(isRight)
}

function length(lengths: Float64Array, leaves: ForestNodes['leaf'], place: number): number {
  const leaf = leaves[place] ?? 0
  return (leaf & DEPTH_MASK) + (lengths[leaf >>> DEPTH_BITS] ?? 0)
}

function add(sums: Float64Array, place: number, value: number): void {
  sums[place] = (sums[place] ?? 0) + value
}
