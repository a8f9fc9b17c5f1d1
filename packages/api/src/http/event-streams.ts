import { Readable } from 'node:stream'
import { constants, deflateRawSync } from 'node:zlib'
import { AutoscaleError } from '@lxc-autoscale/core'
import type { Caller } from './caller.ts'

/** Streams at once: of one key as many as the pages that a team leaves open. */
const MAX_STREAMS_PER_KEY = 64
const MAX_STREAMS = 128
/** Who leaves so much unread is dropped: it gets all of it anew when it comes back. */
const MAX_UNREAD_BYTES = 4_194_304
/** How long a client waits before it comes back. */
const RETRY_MS = 2_000

/** Source: RFC 1952: deflate, no name, no time. Blocks of raw deflate follow; the check at the end never comes. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
/** Below it nothing is won. */
const MIN_COMPRESSED_BYTES = 200

/** An event as it is sent, made once for all streams that get it. */
export class StreamEvent {
  readonly plain: Buffer
  #compressed: Buffer | undefined

  /** @param data JSON, in which no line ends, or nothing */
  constructor(name: string, data: string, id: number) {
    this.plain = Buffer.from(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`)
  }

  /** Blocks that end on a byte and refer to nothing before them, so that they fit into any stream. */
  get compressed(): Buffer {
    this.#compressed ??= blocksOf(this.plain)
    return this.#compressed
  }
}

function blocksOf(bytes: Buffer): Buffer {
  const level = bytes.length < MIN_COMPRESSED_BYTES ? constants.Z_NO_COMPRESSION : constants.Z_BEST_SPEED
  return deflateRawSync(bytes, { level, finishFlush: constants.Z_SYNC_FLUSH })
}

/** Server-sent events to one client, as the body of an answer. */
export class EventStream extends Readable {
  readonly caller: Caller
  readonly #isCompressed: boolean
  #isOver = false

  constructor(caller: Caller, isCompressed: boolean) {
    super({ read: () => undefined })
    this.caller = caller
    this.#isCompressed = isCompressed
    const begin = Buffer.from(`retry: ${RETRY_MS}\n\n`)
    this.push(isCompressed ? Buffer.concat([GZIP_HEADER, blocksOf(begin)]) : begin)
  }

  send(event: StreamEvent): void {
    if (this.destroyed || this.#isOver) return
    if (this.readableLength > MAX_UNREAD_BYTES) this.destroy()
    else this.push(this.#isCompressed ? event.compressed : event.plain)
  }

  /** Who does not read what was sent already would never see the end. */
  end(): void {
    this.#isOver = true
    if (this.readableFlowing === false || this.readableLength > 0) this.destroy()
    else if (!this.destroyed) this.push(null)
  }
}

/** The streams that are open, of which there are only so many. */
export class EventStreams {
  readonly #open = new Set<EventStream>()

  get size(): number {
    return this.#open.size
  }

  /** @throws {AutoscaleError} RATE_LIMITED when too many are open */
  open(caller: Caller, isCompressed: boolean): EventStream {
    const ofKey = [...this.#open].filter(stream => stream.caller.key === caller.key).length
    if (ofKey >= MAX_STREAMS_PER_KEY) throw tooMany(`${ofKey} streams of events are open with the key ${caller.key}`)
    if (this.#open.size >= MAX_STREAMS) throw tooMany(`${this.#open.size} streams of events are open`)
    const stream = new EventStream(caller, isCompressed)
    this.#open.add(stream)
    stream.once('close', () => this.#open.delete(stream))
    return stream
  }

  /** Ends all, so that each client comes back and is asked again who it is. */
  endAll(): void {
    for (const stream of this.#open) stream.end()
  }
}

function tooMany(what: string): AutoscaleError {
  return new AutoscaleError('RATE_LIMITED', `${what}; close one of them, or try again later`)
}
