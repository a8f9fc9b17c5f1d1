import { expect, test } from 'vitest'
import { DEPTH_BITS, DEPTH_MASK, emptyNodes } from '../../../../packages/model/src/forest/forest-nodes.ts'
import { TreeGrower } from '../../../../packages/model/src/forest/isolation-tree.ts'
import { Random } from '../../../../packages/model/src/forest/random.ts'
import { matrixFromRows } from '../../../builders/matrix.ts'

function leavesOf(rows: number, depth: number, trees: number) {
  const nodes = emptyNodes({ trees, columns: 1, sampleSize: rows, hasWholeRows: true, depth })
  const matrix = matrixFromRows(Array.from({ length: rows }, (_, value) => [value]))
  const grower = new TreeGrower(matrix, rows, nodes)
  for (let tree = 0; tree < trees; tree++) grower.grow(tree, new Random(1, tree))
  return [...nodes.leaf].filter(leaf => leaf > 0)
}

test('a tree draws each row of its sample once, so that rows which all differ all get a leaf of their own', () => {
  const leaves = leavesOf(16, 15, 5)
  expect(leaves.map(leaf => leaf >>> DEPTH_BITS)).toEqual(Array.from({ length: 5 * 16 }, () => 1))
})

test('a tree that must end keeps the rows that it has not told apart, and how deep that was', () => {
  const leaves = leavesOf(64, 2, 1)
  expect(leaves.reduce((sum, leaf) => sum + (leaf >>> DEPTH_BITS), 0)).toBe(64)
  expect(Math.max(...leaves.map(leaf => leaf & DEPTH_MASK))).toBe(2)
})
