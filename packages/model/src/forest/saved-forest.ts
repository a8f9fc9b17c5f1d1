import { AutoscaleError } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { ForestNodes } from './forest-nodes.ts'
import { IsolationForest } from './isolation-forest.ts'
import { decodeArray, encodeArray } from './typed-array-text.ts'

const FORMAT = 'lxc-autoscale-isolation-forest'
const VERSION = 1
/** Deeper than any tree on rows of doubles, with what a leaf adds. */
const LONGEST_PATH = 1_200

const SavedForest = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  columns: z.int().min(1).max(65_534),
  sampleSize: z.int().min(1),
  offset: z.number().min(-1).max(0),
  depth: z.int().min(0).max(1_074),
  feature: z.string(),
  left: z.string(),
  value: z.string(),
  rows: z.string(),
  roots: z.string(),
})
export type SavedForest = z.output<typeof SavedForest>

/** The forest as JSON-safe data that `loadForest` reads. */
export function saveForest({ parts }: IsolationForest): SavedForest {
  const { nodes, columns, sampleSize, offset } = parts
  return {
    format: FORMAT,
    version: VERSION,
    columns,
    sampleSize,
    offset,
    depth: nodes.depth,
    feature: encodeArray(nodes.feature),
    left: encodeArray(nodes.left),
    value: encodeArray(nodes.value),
    rows: encodeArray(nodes.rows),
    roots: encodeArray(nodes.roots),
  }
}

/**
 * The forest that `saveForest` gave. Everything that scoring relies on is checked: a damaged file can neither loop nor read outside.
 * @throws {AutoscaleError} STATE_INVALID naming what is wrong.
 */
export function loadForest(saved: unknown): IsolationForest {
  const parsed = SavedForest.safeParse(saved)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { columns, sampleSize, offset, depth } = parsed.data
  const nodes: ForestNodes = {
    feature: decodeArray(parsed.data.feature, Uint16Array, 'forest: feature'),
    left: decodeArray(parsed.data.left, Int32Array, 'forest: left'),
    value: decodeArray(parsed.data.value, Float64Array, 'forest: value'),
    rows: decodeArray(parsed.data.rows, Uint32Array, 'forest: rows'),
    roots: decodeArray(parsed.data.roots, Int32Array, 'forest: roots'),
    depth,
  }
  checkNodes(nodes, columns)
  return new IsolationForest({ nodes, columns, sampleSize, offset })
}

function checkNodes(nodes: ForestNodes, columns: number): void {
  const { feature, left, value, rows, roots } = nodes
  const size = feature.length
  if (size === 0 || left.length !== size || value.length !== size || rows.length !== size) {
    throw invalid(`its arrays have ${size}, ${left.length}, ${value.length} and ${rows.length} nodes`)
  }
  if (roots[0] !== 0) throw invalid('its first tree does not begin at the first node')
  for (let tree = 0; tree < roots.length; tree++) checkTree(nodes, columns, tree)
}

/* Breadth-first order: children come after their parent, so every walk ends, and their depths can be counted on the way. */
function checkTree(nodes: ForestNodes, columns: number, tree: number): void {
  const { feature, left, roots, depth } = nodes
  const root = roots[tree] ?? 0
  const end = roots[tree + 1] ?? feature.length
  if (end <= root || end > feature.length) throw invalid(`tree ${tree} has no nodes`)
  const depths = new Uint16Array(end - root)
  for (const [i, above] of depths.entries()) {
    const node = root + i
    const child = left[node] ?? 0
    if (isLeaf(nodes, node, columns)) continue
    if (child <= node || child + 1 >= end) throw invalid(`node ${node} leads to ${child}`)
    if (above + 1 > depth) throw invalid(`node ${child} is deeper than ${depth}`)
    depths.fill(above + 1, child - root, child - root + 2)
  }
}

function isLeaf({ feature, left, value }: ForestNodes, node: number, columns: number): boolean {
  const column = feature[node] ?? 0
  if (!Number.isFinite(value[node])) throw invalid(`node ${node} has the value ${value[node]}`)
  if (column > columns) throw invalid(`node ${node} splits on column ${column} of ${columns}`)
  if (column < columns) return false
  if (left[node] !== node) throw invalid(`leaf ${node} leads to ${left[node]}`)
  const pathLength = value[node] ?? 0
  if (pathLength < 0 || pathLength > LONGEST_PATH) throw invalid(`leaf ${node} has the path length ${pathLength}`)
  return true
}

function invalid(reason: string): AutoscaleError {
  return new AutoscaleError('STATE_INVALID', `saved forest: ${reason}`)
}
