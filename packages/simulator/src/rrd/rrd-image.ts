import type { RrdFormat } from './rrd-format.ts'

/** Seconds of a minute: the step of all files of Proxmox. */
export const MINUTE = 60
/** An update that comes later says nothing of the time since the one before. */
export const HEARTBEAT_SECONDS = 120
/** The share of a row's minutes that may be unknown. */
export const UNKNOWN_SHARE = 0.5

const HEAD_BYTES = 128
const DEFINITION_BYTES = 120
const LIVE_BYTES = 16
const POINT_BYTES = 112
const CELL_BYTES = 80
const WORD_BYTES = 8
const LAST_TEXT_BYTES = 30
/** Before the scratch words of a source stands the text of its last value. */
const POINT_SCRATCH = 32

/**
 * The part of a file before its rows, as rrdtool lays it out on a machine of 64 bits, and where the rows are. Source: rrdtool 1.7,
 * src/rrd_format.h and the initial values of src/rrd_create.c.
 */
export class RrdImage {
  readonly format: RrdFormat
  readonly bytes: Buffer
  readonly #liveAt: number
  readonly #pointsAt: number
  readonly #cellsAt: number
  readonly #pointersAt: number
  readonly #rowsAt: readonly number[]

  /** Of a file that was made at `startSeconds`, or whose first bytes are `bytes`. */
  constructor(format: RrdFormat, from: number | Buffer) {
    const { sources, archives } = format
    this.format = format
    this.#liveAt = HEAD_BYTES + (sources.length + archives.length) * DEFINITION_BYTES
    this.#pointsAt = this.#liveAt + LIVE_BYTES
    this.#cellsAt = this.#pointsAt + sources.length * POINT_BYTES
    this.#pointersAt = this.#cellsAt + sources.length * archives.length * CELL_BYTES
    let at = this.#pointersAt + archives.length * WORD_BYTES
    const headBytes = at
    this.#rowsAt = archives.map(({ rows }) => {
      const begin = at
      at += rows * sources.length * WORD_BYTES
      return begin
    })
    this.bytes = typeof from === 'number' ? Buffer.alloc(headBytes) : from.subarray(0, headBytes)
    if (typeof from === 'number') this.#fill(from)
  }

  /** How long a whole file is. */
  get fileBytes(): number {
    const { sources, archives } = this.format
    return this.bytes.length + archives.reduce((sum, { rows }) => sum + rows, 0) * sources.length * WORD_BYTES
  }

  get rowBytes(): number {
    return this.format.sources.length * WORD_BYTES
  }

  get lastSeconds(): number {
    return this.#word(this.#liveAt)
  }

  set lastSeconds(seconds: number) {
    this.#setWord(this.#liveAt, seconds)
  }

  /** Where a row of an archive stands in the file. */
  rowAt(archive: number, row: number): number {
    return (this.#rowsAt[archive] ?? 0) + row * this.rowBytes
  }

  newestRow(archive: number): number {
    return this.#word(this.#pointersAt + archive * WORD_BYTES)
  }

  setNewestRow(archive: number, row: number): void {
    this.#setWord(this.#pointersAt + archive * WORD_BYTES, row)
  }

  /** The last value of a source as it was given. */
  lastText(source: number): string {
    const at = this.#pointAt(source)
    return this.bytes.toString('latin1', at, at + LAST_TEXT_BYTES).replace(/\0.*/s, '')
  }

  setLastText(source: number, text: string): void {
    const at = this.#pointAt(source)
    this.bytes.fill(0, at, at + LAST_TEXT_BYTES)
    this.bytes.write(text.slice(0, LAST_TEXT_BYTES - 1), at, 'latin1')
  }

  /** Of the minute that has begun: seconds that are unknown, and the sum over the others. */
  point(source: number): { readonly unknownSeconds: number; readonly sum: number } {
    const at = this.#pointAt(source) + POINT_SCRATCH
    return { unknownSeconds: this.#word(at), sum: this.bytes.readDoubleLE(at + WORD_BYTES) }
  }

  setPoint(source: number, { unknownSeconds, sum }: { readonly unknownSeconds: number; readonly sum: number }): void {
    const at = this.#pointAt(source) + POINT_SCRATCH
    this.#setWord(at, unknownSeconds)
    this.bytes.writeDoubleLE(sum, at + WORD_BYTES)
  }

  /** Of the row that has begun: its minutes put together, and how many are unknown. */
  cell(archive: number, source: number): { readonly value: number; readonly unknownMinutes: number } {
    const at = this.#cellAt(archive, source)
    return { value: this.bytes.readDoubleLE(at), unknownMinutes: this.#word(at + WORD_BYTES) }
  }

  setCell(
    archive: number,
    source: number,
    { value, unknownMinutes }: { readonly value: number; readonly unknownMinutes: number },
  ): void {
    const at = this.#cellAt(archive, source)
    this.bytes.writeDoubleLE(value, at)
    this.#setWord(at + WORD_BYTES, unknownMinutes)
  }

  #pointAt(source: number): number {
    return this.#pointsAt + source * POINT_BYTES
  }

  #cellAt(archive: number, source: number): number {
    return this.#cellsAt + (archive * this.format.sources.length + source) * CELL_BYTES
  }

  #word(at: number): number {
    return Number(this.bytes.readBigUInt64LE(at))
  }

  #setWord(at: number, value: number): void {
    this.bytes.writeBigUInt64LE(BigInt(value), at)
  }

  #fill(startSeconds: number): void {
    const { bytes, format } = this
    const { sources, archives } = format
    bytes.write('RRD\0' + '0003\0', 0, 'latin1')
    bytes.writeDoubleLE(8.642135e130, 16)
    for (const [at, word] of [sources.length, archives.length, MINUTE].entries()) this.#setWord(24 + 8 * at, word)
    sources.forEach(([name, type], source) => {
      const at = HEAD_BYTES + source * DEFINITION_BYTES
      bytes.write(name, at, 'latin1')
      bytes.write(type, at + 20, 'latin1')
      this.#setWord(at + 40, HEARTBEAT_SECONDS)
      bytes.writeDoubleLE(0, at + 48)
      bytes.writeDoubleLE(Number.NaN, at + 56)
      this.setLastText(source, 'U')
      this.setPoint(source, { unknownSeconds: startSeconds % MINUTE, sum: 0 })
    })
    archives.forEach(({ function: name, minutes, rows }, archive) => {
      const at = HEAD_BYTES + (sources.length + archive) * DEFINITION_BYTES
      bytes.write(name, at, 'latin1')
      this.#setWord(at + 24, rows)
      this.#setWord(at + 32, minutes)
      bytes.writeDoubleLE(UNKNOWN_SHARE, at + 40)
      this.setNewestRow(archive, rows - 1)
      const unknownMinutes = Math.floor((startSeconds % (MINUTE * minutes)) / MINUTE)
      for (const source of sources.keys()) this.setCell(archive, source, { value: Number.NaN, unknownMinutes })
    })
    this.lastSeconds = startSeconds
  }
}
