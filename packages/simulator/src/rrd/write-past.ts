import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { emptyFile, type RrdValues } from './rrd-file.ts'
import type { RrdArchive, RrdFormat } from './rrd-format.ts'
import { MINUTE, RrdImage, UNKNOWN_SHARE } from './rrd-image.ts'

/** How often a guest is looked at where a row is longer than a minute. */
const LOOK_SECONDS = 300

export interface Past {
  readonly format: RrdFormat
  readonly beginSeconds: number
  readonly endSeconds: number
  /** What is known of the guest at a moment; undefined while it was not there. */
  readonly at: (seconds: number) => RrdValues | undefined
}

/** Writes the file of a guest as it stands after days of looks, each archive at once. */
export function writePast(path: string, past: Past): void {
  const image = new RrdImage(past.format, past.endSeconds)
  const file = emptyFile(image)
  const minuteRows = past.format.archives.find(({ minutes }) => minutes === 1)?.rows ?? 0
  const minutes = new Looks(past, MINUTE, past.endSeconds - (minuteRows + 1) * MINUTE)
  const days = new Looks(past, LOOK_SECONDS, past.beginSeconds)
  past.format.archives.forEach((archive, at) => {
    const looks = archive.minutes === 1 ? minutes : days
    const rowsAt = file.byteOffset + image.rowAt(at, 0)
    const sourceCount = past.format.sources.length
    fillRows(new Float64Array(file.buffer, rowsAt, archive.rows * sourceCount), { past, archive, looks })
    beginRow(image, at, { past, archive, looks })
  })
  beginMinute(image, past)
  image.bytes.copy(file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, file)
}

interface Filling {
  readonly past: Past
  readonly archive: RrdArchive
  readonly looks: Looks
}

/** The newest row is the last one of the archive, so that the row before it is the one before. */
function fillRows(cells: Float64Array, { past, archive, looks }: Filling): void {
  const stepSeconds = archive.minutes * MINUTE
  const begunSeconds = past.endSeconds - (past.endSeconds % stepSeconds)
  const sourceCount = past.format.sources.length
  for (let row = archive.rows - 1; row >= 0; row--) {
    const fromSeconds = begunSeconds - (archive.rows - row) * stepSeconds
    if (fromSeconds + stepSeconds <= past.beginSeconds) return
    for (let source = 0; source < sourceCount; source++) {
      const { count, known, sum, max } = looks.tally(source, fromSeconds, fromSeconds + stepSeconds)
      const isKnown = known > 0 && count - known <= count * UNKNOWN_SHARE
      const value = archive.function === 'MAX' ? max : sum / known
      cells[row * sourceCount + source] = isKnown ? value : Number.NaN
    }
  }
}

/** The minute that has begun has been as it is now. */
function beginMinute(image: RrdImage, { endSeconds, at }: Past): void {
  const lengthSeconds = endSeconds % MINUTE
  at(endSeconds)?.forEach((value, source) => {
    const isKnown = !Number.isNaN(value)
    const unknownSeconds = isKnown ? 0 : lengthSeconds
    image.setPoint(source, { unknownSeconds, sum: isKnown ? value * lengthSeconds : 0 })
  })
}

/** What the row that has begun holds already. */
function beginRow(image: RrdImage, at: number, { past, archive, looks }: Filling): void {
  const begunSeconds = past.endSeconds - (past.endSeconds % (archive.minutes * MINUTE))
  const minutes = Math.floor((past.endSeconds - begunSeconds) / MINUTE)
  for (const source of past.format.sources.keys()) {
    const { count, known, sum, max } = looks.tally(source, begunSeconds, past.endSeconds)
    const knownMinutes = count === 0 ? 0 : Math.round((minutes * known) / count)
    const value = archive.function === 'MAX' ? max : (sum / known) * knownMinutes
    const isKnown = knownMinutes > 0
    image.setCell(at, source, { value: isKnown ? value : Number.NaN, unknownMinutes: minutes - knownMinutes })
  }
}

interface Tally {
  readonly count: number
  readonly known: number
  readonly sum: number
  readonly max: number
}

/** Looks at a guest at equal distances. */
class Looks {
  readonly #everySeconds: number
  readonly #firstAt: number
  /** The values of each source. */
  readonly #columns: readonly Float64Array[]

  constructor({ format, beginSeconds, endSeconds, at }: Past, everySeconds: number, fromSeconds: number) {
    this.#everySeconds = everySeconds
    this.#firstAt = Math.floor(fromSeconds / everySeconds)
    const count = Math.max(0, Math.ceil(endSeconds / everySeconds) - this.#firstAt)
    this.#columns = format.sources.map(() => new Float64Array(count).fill(Number.NaN))
    for (let index = 0; index < count; index++) {
      const seconds = (this.#firstAt + index) * everySeconds
      const values = seconds < beginSeconds ? undefined : at(seconds)
      for (const [source, value] of values?.entries() ?? []) {
        const column = this.#columns[source]
        if (column !== undefined) column[index] = value
      }
    }
  }

  tally(source: number, fromSeconds: number, toSeconds: number): Tally {
    const column = this.#columns[source] ?? []
    const first = Math.ceil(fromSeconds / this.#everySeconds) - this.#firstAt
    const after = Math.ceil(toSeconds / this.#everySeconds) - this.#firstAt
    let known = 0
    let sum = 0
    let max = Number.NEGATIVE_INFINITY
    for (let index = Math.max(0, first); index < after && index < column.length; index++) {
      const value = column[index] ?? Number.NaN
      if (Number.isNaN(value)) continue
      known++
      sum += value
      if (value > max) max = value
    }
    return { count: after - first, known, sum, max }
  }
}
