import { expect, test } from 'vitest'
import { NodeBuffer } from '../../../../packages/model/src/forest/forest-nodes.ts'
import { TreeGrower } from '../../../../packages/model/src/forest/isolation-tree.ts'
import { Random } from '../../../../packages/model/src/forest/random.ts'
import { matrixFromRows } from '../../../builders/matrix.ts'

test('a tree draws each row of its sample once, so that rows which all differ all get a leaf of their own', () => {
  const rows = 64
  const nodes = new NodeBuffer()
  const grower = new TreeGrower(matrixFromRows(Array.from({ length: rows }, (_, value) => [value])), rows, rows)
  for (let tree = 0; tree < 5; tree++) grower.grow(nodes, new Random(1, tree))
  const { feature, rows: held } = nodes.finish()
  const leaves = [...held].filter((_, node) => feature[node] === 1)
  expect(leaves).toEqual(Array.from({ length: 5 * rows }, () => 1))
})

test('a leaf that still holds many rows stands for the path that they would have taken further', () => {
  const rows = 4
  const nodes = new NodeBuffer()
  const matrix = matrixFromRows(Array.from({ length: rows }, (_, value) => [value]))
  new TreeGrower(matrix, rows, 0).grow(nodes, new Random(1, 1))
  // c(4) of the paper: 2 (ln 3 + 0.5772156649) - 2 * 3 / 4.
  expect(nodes.finish().value[0]).toBeCloseTo(2 * (Math.log(3) + 0.5772156649015329) - 1.5, 12)
})
