import type { Matrix } from '../features/matrix.ts'
import type { NodeBuffer } from './forest-nodes.ts'
import { averagePathLength } from './path-length.ts'
import type { Random } from './random.ts'

interface Split {
  readonly column: number
  readonly threshold: number
}

/** Where the rows of a node lie in the order of the rows, and how deep it is. */
interface Segment {
  readonly node: number
  readonly start: number
  readonly end: number
  readonly depth: number
}

/**
 * Grows isolation trees on samples of one size drawn from one matrix. Its buffers are used again for every tree.
 */
export class TreeGrower {
  readonly #matrix: Matrix
  readonly #sampleSize: number
  readonly #maxDepth: number
  /** All rows of the matrix; the first `sampleSize` are the sample of the tree being grown. */
  readonly #shuffled: Int32Array
  /** The sample, one column after another. */
  readonly #sample: Float64Array
  /** Rows of the sample, those of one node side by side. */
  readonly #order: Int32Array
  readonly #candidates: Int32Array
  #candidateCount = 0

  constructor(matrix: Matrix, sampleSize: number, maxDepth: number) {
    this.#matrix = matrix
    this.#sampleSize = sampleSize
    this.#maxDepth = maxDepth
    this.#shuffled = Int32Array.from({ length: matrix.rows }, (_, row) => row)
    this.#sample = new Float64Array(sampleSize * matrix.columns)
    this.#order = new Int32Array(sampleSize)
    this.#candidates = new Int32Array(matrix.columns)
  }

  /** Adds one tree to `nodes`. */
  grow(nodes: NodeBuffer, random: Random): void {
    this.#drawSample(random)
    this.#findCandidates()
    const queue: Segment[] = [{ node: nodes.addRoot(this.#sampleSize), start: 0, end: this.#sampleSize, depth: 0 }]
    for (let next = 0; next < queue.length; next++) {
      const segment = queue[next]
      if (segment !== undefined) this.#growNode(segment, queue, nodes, random)
    }
  }

  #growNode(segment: Segment, queue: Segment[], nodes: NodeBuffer, random: Random): void {
    const { node, start, end, depth } = segment
    const isFinal = end - start <= 1 || depth >= this.#maxDepth
    const split = isFinal ? undefined : this.#drawSplit(start, end, random)
    if (split === undefined) {
      nodes.feature[node] = this.#matrix.columns
      nodes.left[node] = node
      nodes.value[node] = depth + averagePathLength(end - start)
      nodes.depth = Math.max(nodes.depth, depth)
      return
    }
    const middle = this.#partition(start, end, split)
    const left = nodes.add(middle - start)
    const right = nodes.add(end - middle)
    nodes.feature[node] = split.column
    nodes.left[node] = left
    nodes.value[node] = split.threshold
    queue.push({ node: left, start, end: middle, depth: depth + 1 })
    queue.push({ node: right, start: middle, end, depth: depth + 1 })
  }

  /** Moves a random sample to the front of the rows (Fisher-Yates, begun anew from whatever order there is) and copies it. */
  #drawSample(random: Random): void {
    const { rows, columns, values } = this.#matrix
    const shuffled = this.#shuffled
    const size = this.#sampleSize
    for (let i = 0; i < size; i++) {
      const j = i + random.below(rows - i)
      const row = shuffled[j] ?? 0
      shuffled[j] = shuffled[i] ?? 0
      shuffled[i] = row
      this.#order[i] = i
      const from = row * columns
      for (let column = 0, to = i; column < columns; column++, to += size) {
        this.#sample[to] = values[from + column] ?? 0
      }
    }
  }

  /**
   * Leaves columns that are constant in the sample out from the beginning: so a column that says nothing takes no random number, and adding
   * one to the data changes no score.
   */
  #findCandidates(): void {
    const size = this.#sampleSize
    this.#candidateCount = 0
    for (let column = 0; column < this.#matrix.columns; column++) {
      const base = column * size
      const first = this.#sample[base]
      let i = 1
      while (i < size && this.#sample[base + i] === first) i++
      if (i < size) this.#candidates[this.#candidateCount++] = column
    }
  }

  /** A random column of those not constant in the node, and a random place between its ends. Undefined when all are constant. */
  #drawSplit(start: number, end: number, random: Random): Split | undefined {
    const candidates = this.#candidates
    for (let left = this.#candidateCount; left > 0; left--) {
      const drawn = random.below(left)
      const column = candidates[drawn] ?? 0
      candidates[drawn] = candidates[left - 1] ?? 0
      candidates[left - 1] = column
      const base = column * this.#sampleSize
      let lowest = Number.POSITIVE_INFINITY
      let highest = Number.NEGATIVE_INFINITY
      for (let i = start; i < end; i++) {
        const value = this.#sample[base + (this.#order[i] ?? 0)] ?? 0
        if (value < lowest) lowest = value
        if (value > highest) highest = value
      }
      if (highest > lowest) return { column, threshold: drawThreshold(lowest, highest, random) }
    }
    return undefined
  }

  /** Brings the rows that go left to the front of the segment; gives where the others begin. */
  #partition(start: number, end: number, { column, threshold }: Split): number {
    const order = this.#order
    const base = column * this.#sampleSize
    let middle = start
    for (let i = start; i < end; i++) {
      const row = order[i] ?? 0
      if ((this.#sample[base + row] ?? 0) > threshold) continue
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
