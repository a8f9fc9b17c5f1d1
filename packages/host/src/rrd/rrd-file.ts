import { between } from '../bounds.ts'

/*
 * Files of rrdtool, as they stand on disk: structures of C with 8 bytes to a number, little-endian. Source: rrdtool 1.7,
 * src/rrd_format.h; version 0003 is what it writes for archives that take a mean or the highest.
 */

const COOKIE = 'RRD\0' + '0003\0'
/** A number that reads right only where numbers are stored alike. Source: rrd_format.h, FLOAT_COOKIE. */
const FLOAT_COOKIE = 8.642135e130
const HEAD_BYTES = 128
const SOURCE_BYTES = 120
const ARCHIVE_BYTES = 120
const LIVE_BYTES = 16
const SOURCE_PREPARATION_BYTES = 112
const CELL_PREPARATION_BYTES = 80
const NUMBER_BYTES = 8
/** Bytes of the name of a source, and of the function of an archive. */
const NAME_BYTES = 20

/** More than any of Proxmox' files has; what claims more is none of them. */
const MOST_SOURCES = 64
const MOST_ARCHIVES = 32
const MOST_ROWS = 20_000
const MOST_STEP_SECONDS = 86_400
const MOST_POINTS_A_ROW = 50_000
/** The largest that is looked at; the largest that Proxmox makes has 1.4 MB. */
export const MOST_RRD_BYTES = 8_388_608

/** Rows of one function over one step, newest last. */
export interface RrdArchive {
  readonly function: 'AVERAGE' | 'MAX'
  readonly stepSeconds: number
  readonly rowCount: number
  /** When the newest row ends, seconds since 1970. */
  readonly endSeconds: number
  /** The value of a source in a row, 0 being the oldest; undefined when it is not known. */
  value(row: number, source: number): number | undefined
}

/** What was read of a file. */
export interface RrdFile {
  /** Place of each source in a row. */
  readonly sources: ReadonlyMap<string, number>
  readonly archives: readonly RrdArchive[]
}

/** The file in `bytes`, or in words why it cannot be understood. Whatever the bytes are, it does not throw. */
export function parseRrd(bytes: Uint8Array): RrdFile | string {
  if (bytes.length > MOST_RRD_BYTES) return `has ${bytes.length} bytes, more than any that Proxmox makes`
  if (bytes.length < HEAD_BYTES) return `has only ${bytes.length} bytes`
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (latin(bytes, 0, COOKIE.length) !== COOKIE) return 'is no file of rrdtool of version 0003'
  if (view.getFloat64(16, true) !== FLOAT_COOKIE) return 'was written on another kind of machine'
  const sourceCount = between(whole(view, 24), 1, MOST_SOURCES)
  const archiveCount = between(whole(view, 32), 1, MOST_ARCHIVES)
  const stepSeconds = between(whole(view, 40), 1, MOST_STEP_SECONDS)
  if (sourceCount === undefined || archiveCount === undefined || stepSeconds === undefined) return DAMAGED
  return new Layout(bytes, view, { sourceCount, archiveCount, stepSeconds }).read()
}

const DAMAGED = 'has a damaged head'

interface Counts {
  readonly sourceCount: number
  readonly archiveCount: number
  readonly stepSeconds: number
}

/** Where the parts of a file begin, by what its head counts. */
class Layout {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #counts: Counts
  readonly #archivesAt: number
  readonly #liveAt: number
  readonly #pointersAt: number
  readonly #rowsAt: number

  constructor(bytes: Uint8Array, view: DataView, counts: Counts) {
    const { sourceCount, archiveCount } = counts
    this.#bytes = bytes
    this.#view = view
    this.#counts = counts
    this.#archivesAt = HEAD_BYTES + sourceCount * SOURCE_BYTES
    this.#liveAt = this.#archivesAt + archiveCount * ARCHIVE_BYTES
    const preparationAt = this.#liveAt + LIVE_BYTES
    const preparationBytes = sourceCount * (SOURCE_PREPARATION_BYTES + archiveCount * CELL_PREPARATION_BYTES)
    this.#pointersAt = preparationAt + preparationBytes
    this.#rowsAt = this.#pointersAt + archiveCount * NUMBER_BYTES
  }

  read(): RrdFile | string {
    if (this.#bytes.length < this.#rowsAt) return 'ends within its head'
    const lastSeconds = whole(this.#view, this.#liveAt)
    if (lastSeconds === undefined || lastSeconds === 0) return DAMAGED
    const archives: RrdArchive[] = []
    let rowsAt = this.#rowsAt
    for (let at = 0; at < this.#counts.archiveCount; at++) {
      const shape = this.#shape(at)
      if (shape === undefined) return DAMAGED
      const archive = this.#archive(shape, lastSeconds, rowsAt)
      rowsAt += shape.rowCount * this.#counts.sourceCount * NUMBER_BYTES
      if (archive !== undefined) archives.push(archive)
    }
    if (this.#bytes.length < rowsAt) return `is cut: ${rowsAt} bytes are announced, ${this.#bytes.length} are there`
    return { sources: this.#sources(), archives }
  }

  #sources(): ReadonlyMap<string, number> {
    const names = Array.from({ length: this.#counts.sourceCount }, (_, at) =>
      name(this.#bytes, HEAD_BYTES + at * SOURCE_BYTES),
    )
    return new Map(names.map((source, at) => [source, at]))
  }

  #shape(at: number): ArchiveShape | undefined {
    const begin = this.#archivesAt + at * ARCHIVE_BYTES
    const rowCount = between(whole(this.#view, begin + 24), 1, MOST_ROWS)
    const points = between(whole(this.#view, begin + 32), 1, MOST_POINTS_A_ROW)
    const newest = whole(this.#view, this.#pointersAt + at * NUMBER_BYTES)
    if (rowCount === undefined || points === undefined || newest === undefined || newest >= rowCount) return undefined
    return { name: name(this.#bytes, begin), rowCount, stepSeconds: points * this.#counts.stepSeconds, newest }
  }

  /** Undefined: one of a function that nobody asks for. */
  #archive(shape: ArchiveShape, lastSeconds: number, rowsAt: number): RrdArchive | undefined {
    const { rowCount, stepSeconds, newest } = shape
    if (shape.name !== 'AVERAGE' && shape.name !== 'MAX') return undefined
    const view = this.#view
    const { sourceCount } = this.#counts
    return {
      function: shape.name,
      stepSeconds,
      rowCount,
      // Source: rrdtool 1.7, src/rrd_fetch.c, rra_end_time.
      endSeconds: lastSeconds - (lastSeconds % stepSeconds),
      value: (row, source) => {
        const place = ((newest + 1 + row) % rowCount) * sourceCount + source
        const value = view.getFloat64(rowsAt + place * NUMBER_BYTES, true)
        return Number.isFinite(value) ? value : undefined
      },
    }
  }
}

interface ArchiveShape {
  readonly name: string
  readonly rowCount: number
  readonly stepSeconds: number
  /** Place of the newest row. */
  readonly newest: number
}

/** A whole number of C; undefined when a double cannot hold it. */
function whole(view: DataView, at: number): number | undefined {
  const value = Number(view.getBigUint64(at, true))
  return Number.isSafeInteger(value) ? value : undefined
}

/** A text of C, which ends with a zero byte. */
function name(bytes: Uint8Array, at: number): string {
  const text = latin(bytes, at, NAME_BYTES)
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

function latin(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}
