import type { Matrix } from '../features/matrix.ts'

const FIRST_CAPACITY = 64
/** Stands for NaN among whole numbers. */
const NOT_KNOWN = -32_768
const LARGEST = 32_767

export interface LearnedWindowOptions {
  readonly columns: number
  /** Rows kept at most. */
  readonly entries: number
  /** How far back rows reach. */
  readonly windowMs: number
}

/** The rows of a window, for saving. */
export interface WindowContents {
  readonly rows: Int16Array
  readonly timesMs: Float64Array
  readonly learnableMs: Float64Array
  readonly spacingMs: number
}

/**
 * Rows to learn from, in typed arrays, oldest first. A young window keeps every row; each time it is full, it keeps every second one and takes
 * rows half as often from then on, until its rows reach over the whole window; from then on the oldest row goes. Values are whole steps
 * (`modelRow`), kept in 16 bits, NaN = not known. Each row has a time from which on it may be learned.
 */
export class LearnedWindow {
  readonly #options: LearnedWindowOptions
  #rows = new Int16Array(0)
  #timesMs = new Float64Array(0)
  /** By the time of a row: from when on it may be learned, if that is later. */
  #later = new Map<number, number>()
  /** Of the newest row. */
  #newestMs = Number.NEGATIVE_INFINITY
  #first = 0
  #count = 0
  #spacingMs = 0

  /** @param contents what `contents()` gave earlier */
  constructor(options: LearnedWindowOptions, contents?: WindowContents) {
    this.#options = options
    if (contents === undefined) return
    this.#rows = contents.rows.slice()
    this.#timesMs = contents.timesMs.slice()
    this.#count = contents.timesMs.length
    this.#newestMs = contents.timesMs.at(-1) ?? Number.NEGATIVE_INFINITY
    for (const [i, learnableMs] of contents.learnableMs.entries())
      this.#mayBeLearned(contents.timesMs[i] ?? 0, learnableMs)
    this.#spacingMs = contents.spacingMs
  }

  get count(): number {
    return this.#count
  }

  /** Whether a row of that time would be taken: the one before is far enough away. */
  wants(timeMs: number): boolean {
    return timeMs - this.#newestMs >= this.#spacingMs
  }

  /** Adds a row, if it wants one of that time. */
  add(row: Float64Array, timeMs: number, learnableMs = timeMs): void {
    if (!this.wants(timeMs)) return
    if (this.#count === this.#timesMs.length) this.#makeRoom(timeMs)
    const at = this.#place(this.#count)
    const { columns } = this.#options
    for (let c = 0; c < columns; c++) this.#rows[at * columns + c] = toInt16(row[c] ?? Number.NaN)
    this.#timesMs[at] = timeMs
    this.#newestMs = timeMs
    this.#mayBeLearned(timeMs, learnableMs)
    this.#count++
  }

  /** The rows of the window that ends at `endMs` which may be learned by then, in order of time. */
  learnable(endMs: number): Matrix {
    const { columns, windowMs } = this.#options
    const values = new Float64Array(this.#count * columns)
    let rows = 0
    for (let i = 0; i < this.#count; i++) {
      const at = this.#place(i)
      const timeMs = this.#timesMs[at] ?? 0
      if (timeMs > endMs || timeMs < endMs - windowMs || (this.#later.get(timeMs) ?? timeMs) > endMs) continue
      for (let c = 0; c < columns; c++)
        values[rows * columns + c] = fromInt16(this.#rows[at * columns + c] ?? NOT_KNOWN)
      rows++
    }
    return { values: values.subarray(0, rows * columns), rows, columns }
  }

  contents(): WindowContents {
    // Its own room stays: it would have to grow with the next row.
    const { rows, timesMs, later } = this.#copied(this.#count, 1)
    const learnableMs = timesMs.map(timeMs => later.get(timeMs) ?? timeMs)
    return { rows, timesMs, learnableMs, spacingMs: this.#spacingMs }
  }

  #mayBeLearned(timeMs: number, learnableMs: number): void {
    if (learnableMs > timeMs) this.#later.set(timeMs, learnableMs)
  }

  #place(row: number): number {
    const place = this.#first + row
    return place < this.#timesMs.length ? place : place - this.#timesMs.length
  }

  #makeRoom(nowMs: number): void {
    const { entries, windowMs } = this.#options
    if (this.#count < entries) {
      this.#copy(Math.min(entries, Math.max(FIRST_CAPACITY, this.#count * 2)), 1)
      return
    }
    const reachMs = nowMs - (this.#timesMs[this.#first] ?? 0)
    if (reachMs >= windowMs) {
      this.#later.delete(this.#timesMs[this.#first] ?? 0)
      this.#first = this.#place(1)
      this.#count--
      return
    }
    this.#spacingMs = Math.min((2 * reachMs) / entries, windowMs / entries)
    this.#copy(entries, 2)
  }

  /** Keeps every `each`-th row only, in new arrays. */
  #copy(capacity: number, each: number): void {
    const { rows, timesMs, later, count } = this.#copied(capacity, each)
    this.#rows = rows
    this.#timesMs = timesMs
    this.#later = later
    this.#first = 0
    this.#count = count
  }

  /** Every `each`-th row, the newest one in any case. */
  #copied(capacity: number, each: number) {
    const { columns } = this.#options
    const rows = new Int16Array(capacity * columns)
    const timesMs = new Float64Array(capacity)
    const later = new Map<number, number>()
    let count = 0
    for (let i = (this.#count + each - 1) % each; i < this.#count; i += each) {
      const from = this.#place(i)
      rows.set(this.#rows.subarray(from * columns, (from + 1) * columns), count * columns)
      const timeMs = this.#timesMs[from] ?? 0
      timesMs[count++] = timeMs
      const learnableMs = this.#later.get(timeMs)
      if (learnableMs !== undefined) later.set(timeMs, learnableMs)
    }
    return { rows, timesMs, later, count }
  }
}

function toInt16(value: number): number {
  if (value >= -LARGEST && value <= LARGEST) return Math.round(value)
  if (Number.isNaN(value)) return NOT_KNOWN
  return value < 0 ? -LARGEST : LARGEST
}

function fromInt16(value: number): number {
  return value === NOT_KNOWN ? Number.NaN : value
}
