import { readBytesIfThere } from '../files/json-file.ts'
import type { RrdArchive, RrdFormat } from './rrd-format.ts'
import { MINUTE, RrdImage } from './rrd-image.ts'

/** One row: when its time ends, and what is known of it by the names of the sources. */
export type FetchedRow = Readonly<Record<string, number>> & { readonly time: number }

export interface Wanted {
  readonly function: RrdArchive['function']
  readonly stepSeconds: number
  readonly fromSeconds: number
  readonly toSeconds: number
}

/** A file of rrdtool for who asks what it holds. */
export class KeptRrd {
  readonly #image: RrdImage
  readonly #file: Buffer

  private constructor(format: RrdFormat, file: Buffer) {
    this.#image = new RrdImage(format, file)
    this.#file = file
  }

  /** Undefined when there is none, or another one. */
  static read(path: string, format: RrdFormat): KeptRrd | undefined {
    const file = readBytesIfThere(path)
    const isWhole = file?.length === new RrdImage(format, 0).fileBytes
    return file !== undefined && isWhole ? new KeptRrd(format, file) : undefined
  }

  get lastSeconds(): number {
    return this.#image.lastSeconds
  }

  /** All rows of a time, also those of which nothing is known. Source: rrdtool 1.7, src/rrd_fetch.c; the time as RRDs gives it. */
  fetch({ function: name, stepSeconds, fromSeconds, toSeconds }: Wanted): FetchedRow[] {
    const { archives } = this.#image.format
    const archive = archives.findIndex(each => each.function === name && each.minutes * MINUTE === stepSeconds)
    const begin = fromSeconds - (fromSeconds % stepSeconds)
    const end = toSeconds + stepSeconds - (toSeconds % stepSeconds)
    const rows: FetchedRow[] = []
    for (let time = begin + stepSeconds; time <= end; time += stepSeconds)
      rows.push(this.#row(archive, stepSeconds, time))
    return rows
  }

  #row(archive: number, stepSeconds: number, time: number): FetchedRow {
    const image = this.#image
    const { sources, archives } = image.format
    const rowCount = archives[archive]?.rows ?? 0
    const newestEnd = image.lastSeconds - (image.lastSeconds % stepSeconds)
    const back = (newestEnd - time) / stepSeconds
    if (back < 0 || back >= rowCount) return { time }
    const at = image.rowAt(archive, (image.newestRow(archive) - back + rowCount) % rowCount)
    const values = sources.map(([name], source) => [name, this.#file.readDoubleLE(at + source * 8)] as const)
    return { ...Object.fromEntries(values.filter(([, value]) => !Number.isNaN(value))), time }
  }
}
