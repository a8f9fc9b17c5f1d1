import { closeSync, mkdirSync, openSync, readSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { RrdFormat } from './rrd-format.ts'
import { HEARTBEAT_SECONDS, MINUTE, RrdImage, UNKNOWN_SHARE } from './rrd-image.ts'

/** What is known of the figures of a guest at a moment, in the order of the sources; NaN is not known. */
export type RrdValues = readonly number[]

/** A file of rrdtool that is open for updates. It is written whenever a minute is full, as rrdcached does it now and then. */
export class RrdFile {
  readonly #path: string
  readonly #image: RrdImage
  #isThere: boolean
  #writes: { readonly at: number; readonly row: Buffer }[] = []

  private constructor(path: string, image: RrdImage, isThere: boolean) {
    this.#path = path
    this.#image = image
    this.#isThere = isThere
  }

  /** The file at `path`; where there is none, one that begins at `startSeconds` and is written when it has something to say. */
  static open(path: string, format: RrdFormat, startSeconds: number): RrdFile {
    const image = new RrdImage(format, startSeconds)
    const size = statSync(path, { throwIfNoEntry: false })?.size
    if (size !== image.fileBytes) return new RrdFile(path, image, false)
    return new RrdFile(path, new RrdImage(format, readStart(path, image.bytes.length)), true)
  }

  /** One more look at the guest. Source of the arithmetic: rrdtool 1.7, src/rrd_update.c. */
  update(seconds: number, values: RrdValues): void {
    const image = this.#image
    const beforeSeconds = image.lastSeconds
    if (seconds <= beforeSeconds) return
    const rates = image.format.sources.map((_, source) => this.#rate(source, values[source] ?? Number.NaN, seconds))
    const now = Math.floor(seconds / MINUTE)
    let fromSeconds = beforeSeconds
    for (let minute = Math.floor(beforeSeconds / MINUTE) + 1; minute <= now; minute++) {
      const lengthSeconds = minute * MINUTE - fromSeconds
      this.#consolidate(
        minute,
        rates.map((rate, source) => this.#point(source, rate, lengthSeconds)),
      )
      fromSeconds = minute * MINUTE
    }
    for (const [source, rate] of rates.entries()) this.#add(source, rate, seconds - fromSeconds)
    image.lastSeconds = seconds
    if (this.#writes.length > 0) this.#write()
  }

  /** What a source was per second since the look before; NaN when that is not known. */
  #rate(source: number, value: number, seconds: number): number {
    const image = this.#image
    const interval = seconds - image.lastSeconds
    const isGauge = image.format.sources[source]?.[1] === 'GAUGE'
    const rate = isGauge ? value : (value - Number(image.lastText(source))) / interval
    image.setLastText(source, Number.isNaN(value) ? 'U' : String(value))
    return interval <= HEARTBEAT_SECONDS && rate >= 0 ? rate : Number.NaN
  }

  /** The mean of a minute that ends with `lengthSeconds` at this rate; the next one begins. */
  #point(source: number, rate: number, lengthSeconds: number): number {
    const image = this.#image
    const { unknownSeconds, sum } = image.point(source)
    image.setPoint(source, { unknownSeconds: 0, sum: 0 })
    if (unknownSeconds > MINUTE / 2) return Number.NaN
    const isKnown = !Number.isNaN(rate)
    const knownSeconds = MINUTE - unknownSeconds - (isKnown ? 0 : lengthSeconds)
    return (isKnown ? plus(sum, rate * lengthSeconds) : sum) / knownSeconds
  }

  /** Adds to the minute that has begun. */
  #add(source: number, rate: number, lengthSeconds: number): void {
    const image = this.#image
    const { unknownSeconds, sum } = image.point(source)
    if (Number.isNaN(rate)) image.setPoint(source, { unknownSeconds: unknownSeconds + lengthSeconds, sum })
    else image.setPoint(source, { unknownSeconds, sum: plus(sum, rate * lengthSeconds) })
  }

  /** Puts a minute into the rows that have begun, and ends those that are full. */
  #consolidate(minute: number, points: readonly number[]): void {
    const image = this.#image
    image.format.archives.forEach(({ function: name, minutes, rows }, archive) => {
      const isFull = minute % minutes === 0
      const row = points.map((point, source) => {
        const { value, unknownMinutes } = image.cell(archive, source)
        const isKnown = !Number.isNaN(point)
        const unknown = unknownMinutes + (isKnown ? 0 : 1)
        const joined = isKnown ? join(name, value, point) : value
        image.setCell(
          archive,
          source,
          isFull ? { value: Number.NaN, unknownMinutes: 0 } : { value: joined, unknownMinutes: unknown },
        )
        if (unknown > minutes * UNKNOWN_SHARE) return Number.NaN
        return name === 'MAX' ? joined : joined / (minutes - unknown)
      })
      if (!isFull) return
      const newest = (image.newestRow(archive) + 1) % rows
      image.setNewestRow(archive, newest)
      this.#writes.push({ at: image.rowAt(archive, newest), row: rowBytes(row) })
    })
  }

  #write(): void {
    if (!this.#isThere) {
      mkdirSync(dirname(this.#path), { recursive: true })
      writeFileSync(this.#path, emptyFile(this.#image))
      this.#isThere = true
    }
    const fd = openSync(this.#path, 'r+')
    try {
      for (const { at, row } of this.#writes) writeSync(fd, row, 0, row.length, at)
      writeSync(fd, this.#image.bytes, 0, this.#image.bytes.length, 0)
    } finally {
      closeSync(fd)
    }
    this.#writes = []
  }
}

function plus(sum: number, more: number): number {
  return Number.isNaN(sum) ? more : sum + more
}

function join(name: 'AVERAGE' | 'MAX', value: number, point: number): number {
  return name === 'MAX' && !Number.isNaN(value) ? Math.max(value, point) : plus(value, point)
}

/** A whole file in which no row is known yet. */
export function emptyFile(image: RrdImage): Buffer {
  const file = Buffer.alloc(image.fileBytes)
  image.bytes.copy(file)
  const unknown = Buffer.alloc(8)
  unknown.writeDoubleLE(Number.NaN)
  file.fill(unknown, image.bytes.length)
  return file
}

function rowBytes(values: RrdValues): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  for (const [at, value] of values.entries()) bytes.writeDoubleLE(value, at * 8)
  return bytes
}

function readStart(path: string, length: number): Buffer {
  const fd = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    readSync(fd, bytes, 0, length, 0)
    return bytes
  } finally {
    closeSync(fd)
  }
}
