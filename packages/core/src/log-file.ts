import { mkdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import { errorMessage, systemErrorCode } from './errors.ts'
import { behindLinks } from './files/behind-links.ts'
import { visibleLines } from './visible-text.ts'

/** Where the lines go, and how many of them are kept. */
export interface LogFileSettings {
  readonly file: string
  /** Size at which the file is rotated. */
  readonly maxBytes: number
  /** Rotated files that are kept. */
  readonly backupCount: number
}

interface Surroundings {
  readonly monotonicMs: () => number
  /** Told what is wrong when that begins, and undefined when it is over. */
  readonly onProblem: (problem: string | undefined) => void
}

/** How long a file that cannot be written is left alone. */
const RETRY_MS = 60_000
/** Lines that wait for a disk which does not answer. */
const MOST_WAITING_BYTES = 1_048_576

/**
 * The log file, rotated by size. While it cannot be written (a full disk, a folder in its place), its lines are dropped and it
 * is tried again each minute: the journal has them, and logging never stops a daemon.
 */
export class LogFile {
  readonly #settings: LogFileSettings
  readonly #surroundings: Surroundings
  #stream: RotatingFileStream | undefined
  #retryAtMs = Number.NEGATIVE_INFINITY
  #problem: string | undefined

  constructor(settings: LogFileSettings, surroundings: Surroundings) {
    this.#settings = settings
    this.#surroundings = surroundings
  }

  write(line: string): void {
    const stream = this.#stream ?? this.#open()
    if (stream === undefined || stream.writableLength > MOST_WAITING_BYTES) return
    stream.write(visibleLines(line), error => {
      if (!error) this.#tell(undefined)
    })
  }

  #open(): RotatingFileStream | undefined {
    if (this.#surroundings.monotonicMs() < this.#retryAtMs) return undefined
    try {
      this.#stream = this.#createStream()
      return this.#stream
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      this.#giveUp(error)
      return undefined
    }
  }

  #createStream(): RotatingFileStream {
    const { file, maxBytes, backupCount } = this.#settings
    mkdirSync(dirname(file), { recursive: true })
    // Where a link leads is found once: its target is rotated, and the link stays.
    const path = behindLinks(file)
    const stream = createStream(basename(path), {
      path: dirname(path),
      size: `${Math.max(1, Math.ceil(maxBytes / 1024))}K`,
      rotate: Math.max(1, backupCount),
      mode: 0o640,
    })
    stream.on('error', error => {
      this.#stream = undefined
      this.#giveUp(error)
    })
    stream.on('warning', () => {})
    return stream
  }

  #giveUp(error: unknown): void {
    this.#retryAtMs = this.#surroundings.monotonicMs() + RETRY_MS
    this.#tell(errorMessage(error))
  }

  #tell(problem: string | undefined): void {
    const isNews = (problem === undefined) !== (this.#problem === undefined)
    this.#problem = problem
    // Whoever is told logs it, which must not happen inside a write of another line.
    if (isNews) setImmediate(this.#surroundings.onProblem, problem)
  }
}
