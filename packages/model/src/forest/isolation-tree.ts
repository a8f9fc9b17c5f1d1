import type { Matrix } from '../features/matrix.ts'
import { type ForestNodes, leafOf } from './forest-nodes.ts'
import type { Random } from './random.ts'

interface Split {
  readonly column: number
  readonly threshold: number
}

/**
 * Grows isolation trees on samples of one size drawn from one matrix. Its buffers are used again for every tree.
 */
export class TreeGrower {
  readonly #matrix: Matrix
  readonly #nodes: ForestNodes
  readonly #sampleSize: number
  /** All rows of the matrix; the first `sampleSize` are the sample of the tree being grown. */
  readonly #shuffled: Int32Array
  /** Where the rows of the sample begin in the matrix, those of one node side by side. */
  readonly #order: Int32Array
  /** By node of the tree: where its rows begin in the order, and the node after them. */
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  /** By node: one more than the depth at which the tree ended at it or above; 0 = it has not. */
  readonly #endedAt: Uint8Array
  readonly #candidates: Int32Array
  #candidateCount = 0

  /** @param nodes room for the trees */
  constructor(matrix: Matrix, sampleSize: number, nodes: ForestNodes) {
    this.#matrix = matrix
    this.#nodes = nodes
    this.#sampleSize = sampleSize
    this.#shuffled = Int32Array.from({ length: matrix.rows }, (_, row) => row)
    this.#order = new Int32Array(sampleSize)
    const count = 2 ** (nodes.depth + 1)
    this.#starts = new Int32Array(count)
    this.#ends = new Int32Array(count)
    this.#endedAt = new Uint8Array(count)
    this.#candidates = new Int32Array(matrix.columns)
  }

  /** Grows tree number `tree`. */
  grow(tree: number, random: Random): void {
    this.#drawSample(random)
    this.#findCandidates()
    const { depth, leaf } = this.#nodes
    const width = 2 ** depth
    this.#ends[1] = this.#sampleSize
    for (let level = 0; level < depth; level++) {
      for (let node = 2 ** level; node < 2 ** (level + 1); node++) this.#growNode(tree * width, node, level, random)
    }
    for (let node = width; node < 2 * width; node++) {
      const rows = (this.#ends[node] ?? 0) - (this.#starts[node] ?? 0)
      const endedAt = this.#endedAt[node] ?? 0
      leaf[tree * width + node - width] = rows === 0 ? 0 : leafOf(rows, endedAt === 0 ? depth : endedAt - 1)
    }
  }

  #growNode(base: number, node: number, level: number, random: Random): void {
    const starts = this.#starts
    const ends = this.#ends
    const endedAt = this.#endedAt
    const start = starts[node] ?? 0
    const end = ends[node] ?? 0
    // Whether it ended above is said by its parent; the root has none.
    const ended = node === 1 ? 0 : (endedAt[node] ?? 0)
    const split = end - start <= 1 || ended > 0 ? undefined : this.#drawSplit(start, end, random)
    const middle = split === undefined ? end : this.#partition(start, end, split)
    this.#write(base + node, split)
    const left = 2 * node
    starts[left] = start
    ends[left] = middle
    starts[left + 1] = middle
    ends[left + 1] = end
    endedAt[left] = split === undefined && ended === 0 ? level + 1 : ended
    endedAt[left + 1] = 0
  }

  #write(place: number, split: Split | undefined): void {
    const { feature, threshold } = this.#nodes
    feature[place] = split?.column ?? this.#matrix.columns
    const exact = split?.threshold ?? 0
    // A whole number is above a threshold if and only if it is above the whole number below that.
    threshold[place] = threshold instanceof Int16Array ? toInt16(Math.floor(exact)) : exact
  }

  /** Moves a random sample to the front of the rows (Fisher-Yates, begun anew from whatever order there is). */
  #drawSample(random: Random): void {
    const { rows, columns } = this.#matrix
    const shuffled = this.#shuffled
    for (let i = 0; i < this.#sampleSize; i++) {
      const j = i + random.below(rows - i)
      const row = shuffled[j] ?? 0
      shuffled[j] = shuffled[i] ?? 0
      shuffled[i] = row
      this.#order[i] = row * columns
    }
  }

  /**
   * Leaves columns that are constant in the sample out from the beginning: so a column that says nothing takes no random number, and adding
   * one to the data changes no score.
   */
  #findCandidates(): void {
    const { values, columns } = this.#matrix
    const order = this.#order
    this.#candidateCount = 0
    for (let column = 0; column < columns; column++) {
      const first = values[(order[0] ?? 0) + column]
      let i = 1
      while (i < order.length && values[(order[i] ?? 0) + column] === first) i++
      if (i < order.length) this.#candidates[this.#candidateCount++] = column
    }
  }

  /** A random column of those not constant in the node, and a random place between its ends. Undefined when all are constant. */
  #drawSplit(start: number, end: number, random: Random): Split | undefined {
    const { values } = this.#matrix
    const order = this.#order
    const candidates = this.#candidates
    for (let left = this.#candidateCount; left > 0; left--) {
      const drawn = random.below(left)
      const column = candidates[drawn] ?? 0
      candidates[drawn] = candidates[left - 1] ?? 0
      candidates[left - 1] = column
      let lowest = Number.POSITIVE_INFINITY
      let highest = Number.NEGATIVE_INFINITY
      for (let i = start; i < end; i++) {
        const value = values[(order[i] ?? 0) + column] ?? 0
        if (value < lowest) lowest = value
        if (value > highest) highest = value
      }
      if (highest > lowest) return { column, threshold: drawThreshold(lowest, highest, random) }
    }
    return undefined
  }

  /** Brings the rows that go left to the front of the segment; gives where the others begin. */
  #partition(start: number, end: number, { column, threshold }: Split): number {
    const { values } = this.#matrix
    const order = this.#order
    let middle = start
    for (let i = start; i < end; i++) {
      const row = order[i] ?? 0
      if ((values[row + column] ?? 0) > threshold) continue
      order[i] = order[middle] ?? 0
      order[middle++] = row
    }
    return middle
  }
}

/** From `lowest` up to, never including, `highest`, so that both sides get a row. Halved first, because a range of doubles may be no double. */
function drawThreshold(lowest: number, highest: number, random: Random): number {
  const drawn = random.uniform()
  const span = highest - lowest
  const threshold = Number.isFinite(span) ? lowest + drawn * span : lowest * (1 - drawn) + highest * drawn
  return threshold >= highest || threshold < lowest ? lowest : threshold
}

function toInt16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, value))
}
