import type { Matrix } from '../features/matrix.ts'
import { emptyNodes, type ForestNodes } from './forest-nodes.ts'
import type { ForestOptions } from './forest-options.ts'
import { TreeGrower } from './isolation-tree.ts'
import { attributePath } from './path-attribution.ts'
import { averagePathLength, averagePathLengths } from './path-length.ts'
import { notFinite, pathLengthSum, pathLengthSums } from './path-sums.ts'
import { Random } from './random.ts'

const DEFAULT_TREES = 100
const AUTO_SAMPLES = 256
/** Score of every row when nothing tells rows apart. */
const TYPICAL_SCORE = 0.5
/** Columns are kept as 16-bit numbers, and one more is added when rows are scored. */
const MAX_COLUMNS = 65_534

/** Everything a fitted forest consists of. */
export interface ForestParts {
  readonly nodes: ForestNodes
  readonly columns: number
  readonly sampleSize: number
}

/**
 * A fitted isolation forest. `scoreSamples` means what it means in scikit-learn, sign included.
 * Source: Liu, Ting, Zhou, "Isolation Forest", 2008, and "Isolation-Based Anomaly Detection", 2012.
 */
export class IsolationForest {
  readonly parts: ForestParts
  /** False when no tree could split: all training rows were equal, so nothing is ever strange. */
  readonly canSeparate: boolean
  readonly #pathUnit: number
  readonly #lengths: Float64Array

  constructor(parts: ForestParts) {
    this.parts = parts
    this.canSeparate = hasSplit(parts)
    this.#lengths = averagePathLengths(parts.sampleSize)
    this.#pathUnit = averagePathLength(parts.sampleSize) * parts.nodes.trees
  }

  get columns(): number {
    return this.parts.columns
  }

  /**
   * Minus the anomaly score of each row, from -1 (strange) to below 0; -0.5 is typical.
   * @throws {RangeError} when the matrix has another number of columns than the training rows, or a value that is not finite.
   */
  scoreSamples(matrix: Matrix): Float64Array {
    this.#checkColumns(matrix.columns)
    const sums = pathLengthSums(this.parts.nodes, this.#lengths, matrix)
    for (let row = 0; row < sums.length; row++) sums[row] = -this.#score(sums[row] ?? 0)
    return sums
  }

  /**
   * Anomaly score of one row as the paper has it: in (0, 1], higher is stranger, 0.5 is typical.
   * @throws {RangeError} as `scoreSamples`.
   */
  anomalyScore(row: Float64Array): number {
    this.#checkRow(row)
    const { nodes, columns } = this.parts
    const walked = nodes.threshold instanceof Int16Array ? wholeRow(columns) : exactRow(columns)
    for (let i = 0; i < columns; i++) walked[i] = row[i] ?? 0
    return this.#score(pathLengthSum(nodes, this.#lengths, walked))
  }

  /**
   * Which columns set one row apart: their shares of what made its paths shorter than expected; one value per column, summing to 1, or all 0
   * when no column did.
   * @throws {RangeError} as `scoreSamples`.
   */
  explain(row: Float64Array): Float64Array {
    this.#checkRow(row)
    return attributePath(this.parts.nodes, row)
  }

  #score(pathLengths: number): number {
    return this.canSeparate ? 2 ** (-pathLengths / this.#pathUnit) : TYPICAL_SCORE
  }

  #checkColumns(columns: number): void {
    if (columns === this.columns) return
    throw new RangeError(`rows have ${columns} columns, the forest was fitted on ${this.columns}`)
  }

  #checkRow(row: Float64Array): void {
    this.#checkColumns(row.length)
    let zeros = 0
    for (let i = 0; i < row.length; i++) zeros += (row[i] ?? 0) * 0
    if (zeros !== 0) throw notFinite({ values: row, rows: 1, columns: row.length })
  }
}

/**
 * Grows a forest on the rows of `matrix`.
 * @throws {RangeError} when the matrix is empty, has a value that is not finite, or an option is out of range.
 */
export function fitForest(matrix: Matrix, options: ForestOptions = {}): IsolationForest {
  const { nEstimators = DEFAULT_TREES, maxSamples = 'auto', randomState = 0, hasWholeRows = false } = options
  checkMatrix(matrix)
  checkOptions(nEstimators, randomState)
  const sampleSize = resolveSampleSize(maxSamples, matrix.rows)
  const { columns } = matrix
  const nodes = emptyNodes({ trees: nEstimators, columns, sampleSize, hasWholeRows })
  const grower = new TreeGrower(matrix, sampleSize, nodes)
  for (let tree = 0; tree < nEstimators; tree++) grower.grow(tree, new Random(randomState, tree))
  return new IsolationForest({ nodes, columns, sampleSize })
}

/* A row that is scored by itself, and the column in which it goes left where a tree has ended: room that all forests share. */
let whole = new Int16Array(0)
let exact = new Float64Array(0)

function wholeRow(columns: number): Int16Array {
  if (whole.length !== columns + 1) whole = new Int16Array(columns + 1).fill(-32_768)
  return whole
}

function exactRow(columns: number): Float64Array {
  if (exact.length !== columns + 1) exact = new Float64Array(columns + 1).fill(Number.NEGATIVE_INFINITY)
  return exact
}

function hasSplit({ nodes: { feature, trees, depth }, columns }: ForestParts): boolean {
  return Array.from({ length: trees }, (_, tree) => feature[tree * 2 ** depth + 1]).some(column => column !== columns)
}

/**
 * How many rows each tree is grown on, of `rows`.
 * @throws {RangeError} when `maxSamples` is neither `auto`, a share in (0, 1], nor a whole number above 1.
 */
function resolveSampleSize(maxSamples: 'auto' | number, rows: number): number {
  if (maxSamples === 'auto') return Math.min(AUTO_SAMPLES, rows)
  if (maxSamples > 0 && maxSamples <= 1) return Math.max(1, Math.floor(maxSamples * rows))
  if (Number.isInteger(maxSamples) && maxSamples > 1) return Math.min(maxSamples, rows)
  throw new RangeError(`max_samples is ${maxSamples}: it has to be 'auto', a share in (0, 1] or a whole number above 1`)
}

function checkMatrix(matrix: Matrix): void {
  const { values, rows, columns } = matrix
  if (rows < 1 || columns < 1 || columns > MAX_COLUMNS || values.length < rows * columns) {
    throw new RangeError(`a forest needs at least one row and 1 to ${MAX_COLUMNS} columns, got ${rows} x ${columns}`)
  }
  let zeros = 0
  for (let i = 0; i < rows * columns; i++) zeros += (values[i] ?? 0) * 0
  if (zeros !== 0) throw notFinite(matrix)
}

function checkOptions(nEstimators: number, randomState: number): void {
  if (!Number.isInteger(nEstimators) || nEstimators < 1) {
    throw new RangeError(`n_estimators is ${nEstimators}: it has to be a whole number of 1 or more`)
  }
  if (!Number.isSafeInteger(randomState)) {
    throw new RangeError(`random_state is ${randomState}: it has to be a whole number`)
  }
}
