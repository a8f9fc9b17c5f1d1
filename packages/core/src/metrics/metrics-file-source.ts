import type { FileHandle } from 'node:fs/promises'
import type { MetricsCycle } from '../contracts/metrics-file.ts'
import { parseCycle } from '../contracts/metrics-file-read.ts'
import { readLine } from '../contracts/metrics-line.ts'
import { AutoscaleError, errorMessage, systemErrorCode } from '../errors.ts'
import { openRegularFile } from '../files/regular-file.ts'
import { scanElements } from './element-scanner.ts'
import type { FollowOutcome } from './follow-outcome.ts'

/** Some lines of 1,000 containers: one that is cut in two is looked at twice. */
const DEFAULT_CHUNK_BYTES = 4_194_304
/** No chunk is smaller, however little is new. */
const SMALLEST_CHUNK_BYTES = 65_536
/** The end of the last element is how our place in the file is known again. So much of it holds a time, so no two end alike. */
const ANCHOR_BYTES = 2_048
/** So many elements say all that somebody needs who goes on after them: the usual interval, rates, rolling figures. */
const PLACES_REMEMBERED = 20
/** No element is as long; what is gets dropped instead of filling the memory. */
const MAX_ELEMENT_BYTES = 67_108_864
/** Read in one look at the most, and looked through for our place; the rest waits for the next look. */
const MAX_LOOK_BYTES = 4_294_967_296

const NOTHING: Omit<FollowOutcome, 'kind'> = { cycles: 0, badLines: 0, bytes: 0 }

/** Somewhere in the file between two elements. */
export interface MetricsPlace {
  /** End of an element (or bad line). */
  readonly offset: number
  /** The bytes before `offset`. */
  readonly anchor: Uint8Array
}
type Place = MetricsPlace

interface FileState {
  readonly inode: number
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export interface MetricsFileSourceOptions {
  readonly path: string
  /** Bytes read at once. */
  readonly chunkBytes?: number
  /** Bytes read in one look at the most. */
  readonly maxBytes?: number
  /** Reading begins there, wherever it is in the file now; where it is not any more, at the beginning. */
  readonly place?: MetricsPlace | undefined
}

/**
 * Follows the metrics file and reads only what is new since the last look. An element that is still being written waits for the next look. When
 * the file was compacted or replaced, reading goes on after the element that was read last; when that is not in it any more, the whole file is
 * read, and the reader of the cycles has to leave out what it knows (`FleetHistory` does).
 */
export class MetricsFileSource {
  readonly #path: string
  readonly #chunkBytes: number
  readonly #maxBytes: number
  #place: Place | undefined
  #seen: FileState | undefined
  /** Those of the last elements, oldest first. */
  readonly #places: Place[] = []

  constructor(options: MetricsFileSourceOptions) {
    const { path, chunkBytes = DEFAULT_CHUNK_BYTES, maxBytes = MAX_LOOK_BYTES, place } = options
    this.#place = place
    this.#path = path
    this.#chunkBytes = chunkBytes
    this.#maxBytes = maxBytes
  }

  /**
   * Hands each new cycle to `onCycle`, oldest first, until `signal`; the next call goes on from there. One call at a time.
   * @throws {AutoscaleError} HOST_UNREADABLE when the file is there and cannot be read, or is no regular file.
   */
  async follow(onCycle: (cycle: MetricsCycle) => void, signal?: Pick<AbortSignal, 'aborted'>): Promise<FollowOutcome> {
    const file = await this.#open()
    if (file === undefined) return { kind: 'missing', ...NOTHING }
    try {
      return await this.#followOpen(file, onCycle, signal)
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      throw this.#unreadable(error)
    } finally {
      await file.close()
    }
  }

  /** The place from which on somebody else would read the last `PLACES_REMEMBERED` elements again; undefined while there are fewer. */
  get earlierPlace(): MetricsPlace | undefined {
    return this.#places.length === PLACES_REMEMBERED ? this.#places[0] : undefined
  }

  async #open(): Promise<FileHandle | undefined> {
    try {
      return await openRegularFile(this.#path)
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw this.#unreadable(error)
    }
  }

  #unreadable(cause: unknown): AutoscaleError {
    const message = `metrics file ${this.#path}: ${errorMessage(cause)}`
    return new AutoscaleError('HOST_UNREADABLE', message, { cause })
  }

  async #followOpen(
    file: FileHandle,
    onCycle: (cycle: MetricsCycle) => void,
    signal: ReadingOptions['signal'],
  ): Promise<FollowOutcome> {
    const { ino, size, mtimeMs } = await file.stat()
    const seen = this.#seen
    if (seen?.inode === ino && seen.sizeBytes === size && seen.mtimeMs === mtimeMs)
      return { kind: 'unchanged', ...NOTHING }
    const { kind, place } = await this.#findPlace(file, { isSameFile: seen?.inode === ino, sizeBytes: size })
    const newBytes = Math.max(size - (place?.offset ?? 0), SMALLEST_CHUNK_BYTES)
    const limits = { chunkBytes: Math.min(this.#chunkBytes, newBytes), maxBytes: this.#maxBytes }
    const onPlace = (each: Place) => this.#remember(each)
    const reading = new ChunkedReading(file, { place, ...limits, onCycle, onPlace, signal })
    const isAtEnd = await reading.readToEnd()
    this.#place = reading.place()
    this.#seen = { inode: ino, sizeBytes: size, mtimeMs: isAtEnd ? mtimeMs : Number.NaN }
    const isUnchanged = kind === 'appended' && reading.cycles === 0 && reading.badLines === 0
    return {
      kind: isUnchanged ? 'unchanged' : kind,
      cycles: reading.cycles,
      badLines: reading.badLines,
      bytes: reading.bytes,
    }
  }

  #remember(place: Place): void {
    this.#places.push(place)
    if (this.#places.length > PLACES_REMEMBERED) this.#places.shift()
  }

  /** Where to go on reading. */
  async #findPlace(
    file: FileHandle,
    { isSameFile, sizeBytes }: { isSameFile: boolean; sizeBytes: number },
  ): Promise<{ kind: FollowOutcome['kind']; place: Place | undefined }> {
    const place = this.#place
    if (place === undefined) return { kind: 'appended', place: undefined }
    const isKnown = isSameFile || this.#seen === undefined
    if (isKnown && sizeBytes >= place.offset && (await holdsAnchor(file, place))) return { kind: 'appended', place }
    const kind = isSameFile && sizeBytes < place.offset ? 'truncated' : 'rewritten'
    const limits = { chunkBytes: this.#chunkBytes, maxBytes: this.#maxBytes }
    const offset = await findLast(file, place.anchor, { sizeBytes, ...limits })
    return { kind, place: offset === undefined ? undefined : { ...place, offset } }
  }
}

interface ReadingOptions {
  readonly place: Place | undefined
  readonly chunkBytes: number
  readonly maxBytes: number
  readonly onCycle: (cycle: MetricsCycle) => void
  readonly onPlace: (place: Place) => void
  readonly signal: Pick<AbortSignal, 'aborted'> | undefined
}

/** Reads a file from a place to its end, a chunk at a time; keeps only the element that is not whole yet. */
class ChunkedReading {
  cycles = 0
  badLines = 0
  bytes = 0
  readonly #file: FileHandle
  readonly #options: ReadingOptions
  #buffer: Buffer
  /** Bytes in the buffer that are not done with, and where in the file they begin. */
  #filled = 0
  #offset: number
  #anchor: Uint8Array

  constructor(file: FileHandle, options: ReadingOptions) {
    this.#file = file
    this.#options = options
    this.#buffer = Buffer.allocUnsafe(options.chunkBytes)
    this.#offset = options.place?.offset ?? 0
    this.#anchor = options.place?.anchor ?? Buffer.alloc(0)
  }

  place(): Place | undefined {
    return this.#anchor.length === 0 ? undefined : { offset: this.#offset, anchor: this.#anchor }
  }

  /** Whether the end was reached. */
  async readToEnd(): Promise<boolean> {
    const { maxBytes, signal } = this.#options
    while (this.bytes < maxBytes && !signal?.aborted) {
      if ((await this.#fill()) === 0) return true
      this.#scan()
    }
    return false
  }

  async #fill(): Promise<number> {
    if (this.#filled === this.#buffer.length) this.#makeRoom()
    const room = this.#buffer.length - this.#filled
    const position = this.#offset + this.#filled
    const { bytesRead } = await this.#file.read(this.#buffer, this.#filled, room, position)
    this.#filled += bytesRead
    this.bytes += bytesRead
    return bytesRead
  }

  #makeRoom(): void {
    if (this.#buffer.length >= MAX_ELEMENT_BYTES) {
      this.badLines++
      this.#settle(0, this.#filled)
      return
    }
    const larger = Buffer.allocUnsafe(this.#buffer.length * 2)
    this.#buffer.copy(larger, 0, 0, this.#filled)
    this.#buffer = larger
  }

  #scan(): void {
    const bytes = this.#buffer.subarray(0, this.#filled)
    const { settled, lastStart, badLines } = scanElements(bytes, (start, end) => this.#accept(bytes, start, end))
    this.badLines += badLines
    if (settled > 0) this.#settle(lastStart, settled)
  }

  #accept(bytes: Buffer, start: number, end: number): boolean {
    const cycle = readLine(bytes, start, end) ?? parseCycle(bytes.toString('utf8', start, end))
    if (cycle === undefined) return false
    this.cycles++
    this.#options.onPlace({ offset: this.#offset + end, anchor: anchorOf(bytes, start, end) })
    this.#options.onCycle(cycle)
    return true
  }

  /** Remembers the end of the last thing done with, and drops all that is done with from the buffer. */
  #settle(lastStart: number, settled: number): void {
    this.#anchor = anchorOf(this.#buffer, lastStart, settled)
    this.#buffer.copyWithin(0, settled, this.#filled)
    this.#filled -= settled
    this.#offset += settled
  }
}

/** A copy of the end of what stands from `start` to `end`. */
function anchorOf(bytes: Buffer, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, Math.max(start, end - ANCHOR_BYTES), end)
}

async function holdsAnchor(file: FileHandle, { offset, anchor }: Place): Promise<boolean> {
  const before = Buffer.alloc(anchor.length)
  const { bytesRead } = await file.read(before, 0, anchor.length, offset - anchor.length)
  return bytesRead === anchor.length && before.equals(anchor)
}

/** The end of the last place in the file that holds `text`; undefined when none does. */
async function findLast(
  file: FileHandle,
  text: Uint8Array,
  { sizeBytes, chunkBytes, maxBytes }: { sizeBytes: number; chunkBytes: number; maxBytes: number },
): Promise<number | undefined> {
  const chunk = Buffer.alloc(chunkBytes + text.length)
  for (let end = sizeBytes; end > Math.max(0, sizeBytes - maxBytes); end -= chunkBytes) {
    const start = Math.max(0, end - chunkBytes)
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, sizeBytes - start), start)
    const found = chunk.subarray(0, bytesRead).lastIndexOf(text)
    if (found >= 0) return start + found + text.length
  }
  return undefined
}
