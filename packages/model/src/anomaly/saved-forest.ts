import { z } from 'zod'
import { DEPTH_BITS, emptyNodes, type ForestNodes } from '../forest/forest-nodes.ts'
import { IsolationForest } from '../forest/isolation-forest.ts'
import { decodeArray, encodeArray } from '../forest/typed-array-text.ts'
import type { Generation } from './generations.ts'
import { MODEL_COLUMNS } from './model-row.ts'

const MOST_TREES = 10_000
const MOST_ROWS = 1_000_000
const DEEPEST = 20

/** A forest as text: restoring it takes a hundredth of the time that growing it again takes. */
export const SavedForest = z.strictObject({
  fittedMs: z.number(),
  sampleSize: z.int().min(1).max(MOST_ROWS),
  trees: z.int().min(1).max(MOST_TREES),
  depth: z.int().min(0).max(DEEPEST),
  medians: z.string(),
  feature: z.string(),
  threshold: z.string(),
  leaf: z.string(),
})
export type SavedForest = z.output<typeof SavedForest>

export function formatForest({ forest, medians, fittedMs }: Generation): SavedForest {
  const { nodes, sampleSize } = forest.parts
  return {
    fittedMs,
    sampleSize,
    trees: nodes.trees,
    depth: nodes.depth,
    medians: encodeArray(medians),
    feature: encodeArray(nodes.feature),
    threshold: encodeArray(nodes.threshold),
    leaf: encodeArray(nodes.leaf),
  }
}

/** Undefined when its parts do not go together. */
export function parseForest(saved: SavedForest): Generation | undefined {
  const { fittedMs, sampleSize, trees, depth } = saved
  const medians = decodeArray(saved.medians, Float64Array)
  const nodes = parseNodes(saved)
  if (nodes === undefined || medians?.length !== MODEL_COLUMNS) return undefined
  return { forest: new IsolationForest({ nodes, columns: MODEL_COLUMNS, sampleSize }), medians, fittedMs }

  function parseNodes(text: SavedForest): ForestNodes | undefined {
    const form = emptyNodes({ trees, columns: MODEL_COLUMNS, sampleSize, hasWholeRows: true, depth: 0 })
    const count = trees * 2 ** depth
    const feature = decodeArray(text.feature, kindOf(form.feature))
    const threshold = decodeArray(text.threshold, kindOf(form.threshold))
    const leaf = decodeArray(text.leaf, kindOf(form.leaf))
    const isWhole = feature?.length === count && threshold?.length === count && leaf?.length === count
    if (!isWhole || !isWithin(feature, MODEL_COLUMNS) || !isWithin(leaf, ((sampleSize + 1) << DEPTH_BITS) - 1)) return
    return { trees, depth, feature, threshold, leaf }
  }
}

function kindOf<Kind extends object>(array: Kind) {
  return array.constructor as (new (buffer: ArrayBuffer) => Kind) & { readonly BYTES_PER_ELEMENT: number }
}

function isWithin(values: Uint8Array | Uint16Array | Uint32Array, most: number): boolean {
  for (let i = 0; i < values.length; i++) if ((values[i] ?? 0) > most) return false
  return true
}
