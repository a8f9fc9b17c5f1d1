import type { ForestNodes } from './forest-nodes.ts'
import { averagePathLength } from './path-length.ts'

/**
 * For each column the share it has in the isolation of `row`. A split that sends the row to the smaller side shortens the path that can be
 * expected from there on; what all splits on a column shorten the path by, less what they lengthen it by, is the part of that column, and the
 * parts of all columns sum to the path length less its expected value. Columns that lengthened it have no share.
 */
export function attributePath(nodes: ForestNodes, row: Float64Array): Float64Array {
  const { feature, left, value, rows, roots } = nodes
  const columns = row.length
  const shortened = new Float64Array(columns)
  for (let tree = 0; tree < roots.length; tree++) {
    let node = roots[tree] ?? 0
    let column = feature[node] ?? columns
    while (column !== columns) {
      const expected = averagePathLength(rows[node] ?? 0)
      node = (left[node] ?? 0) + Number((row[column] ?? 0) > (value[node] ?? 0))
      shortened[column] = (shortened[column] ?? 0) + expected - 1 - averagePathLength(rows[node] ?? 0)
      column = feature[node] ?? columns
    }
  }
  return normalised(shortened)
}

function normalised(parts: Float64Array): Float64Array {
  const positive = parts.map(part => Math.max(0, part))
  const total = positive.reduce((sum, part) => sum + part, 0)
  return total > 0 ? positive.map(part => part / total) : positive
}
