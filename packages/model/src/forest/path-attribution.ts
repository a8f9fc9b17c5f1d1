import { DEPTH_BITS, type ForestNodes } from './forest-nodes.ts'
import { averagePathLength } from './path-length.ts'

/**
 * For each column the share it has in the isolation of `row`. A split that sends the row to the smaller side shortens the path that can be
 * expected from there on; what all splits on a column shorten the path by, less what they lengthen it by, is the part of that column, and the
 * parts of all columns sum to the path length less its expected value. Columns that lengthened it have no share.
 */
export function attributePath(nodes: ForestNodes, row: Float64Array): Float64Array {
  const { trees, depth, feature, threshold } = nodes
  const columns = row.length
  const shortened = new Float64Array(columns)
  for (let tree = 0; tree < trees; tree++) {
    const base = tree * 2 ** depth
    const rows = rowsOf(nodes, tree)
    let node = 1
    for (let step = 0; step < depth; step++) {
      const column = feature[base + node] ?? columns
      if (column === columns) break
      const expected = averagePathLength(rows[node] ?? 0)
      node = 2 * node + Number((row[column] ?? 0) > (threshold[base + node] ?? 0))
      shortened[column] = (shortened[column] ?? 0) + expected - 1 - averagePathLength(rows[node] ?? 0)
    }
  }
  return normalised(shortened)
}

/** By node of a tree, the last level among them, the training rows that reached it. */
function rowsOf({ depth, leaf }: ForestNodes, tree: number): Uint32Array {
  const width = 2 ** depth
  const rows = new Uint32Array(2 * width)
  for (let i = 0; i < width; i++) rows[width + i] = (leaf[tree * width + i] ?? 0) >>> DEPTH_BITS
  for (let node = width - 1; node > 0; node--) rows[node] = (rows[2 * node] ?? 0) + (rows[2 * node + 1] ?? 0)
  return rows
}

function normalised(parts: Float64Array): Float64Array {
  const positive = parts.map(part => Math.max(0, part))
  const total = positive.reduce((sum, part) => sum + part, 0)
  return total > 0 ? positive.map(part => part / total) : positive
}
