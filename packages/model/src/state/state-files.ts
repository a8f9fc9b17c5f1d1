import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AutoscaleError,
  errorMessage,
  type Logger,
  Pauses,
  pausesFile,
  removeTemporaries,
  replaceFile,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { PendingChanges } from './pending-changes.ts'
import { parseState, readOrSetAside } from './set-aside.ts'
import { formatSizerState, parseSizerState, type SavedSizer, type SavedSizers } from './sizer-state.ts'

/** The files in the state directory that hold what the model has learned. */
export class StateFiles {
  readonly #directory: string
  readonly #log: Logger
  /** What was last said to be wrong with the pauses; empty when nothing is. */
  #pausesProblem = ''

  constructor(directory: string, log: Logger) {
    this.#directory = directory
    this.#log = log
  }

  /** @throws a system error when the directory cannot be made. */
  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o750 })
    await removeTemporaries(this.#directory, name => name.startsWith('model-'))
  }

  async loadSizers(): Promise<ReadonlyMap<number, SavedSizer>> {
    return (await readOrSetAside(this.#path('model-sizers.jsonl'), this.#log, parseSizerState)) ?? new Map()
  }

  /** What `restore` makes of the saved forests; undefined when there are none that can be used. */
  loadForests<Forests>(restore: (lines: Iterable<string>) => Forests): Promise<Forests | undefined> {
    return readOrSetAside(this.#path('model-forests.jsonl'), this.#log, text =>
      restore(text.split('\n').filter(line => line !== '')),
    )
  }

  async loadPending(): Promise<PendingChanges> {
    const path = this.#path('model-pending.json')
    return (await readOrSetAside(path, this.#log, PendingChanges.parse)) ?? new PendingChanges()
  }

  async save(sizers: SavedSizers, forests: Iterable<string>): Promise<number> {
    const sizerBytes = await this.#write('model-sizers.jsonl', formatSizerState(sizers))
    return sizerBytes + (await this.#write('model-forests.jsonl', forests))
  }

  async savePending(pending: PendingChanges): Promise<void> {
    await replaceFile(this.#path('model-pending.json'), pending.format())
  }

  /** The file belongs to the administrator: one that cannot be used is said once, stays where it is and pauses nothing. */
  async loadPauses(): Promise<Pauses> {
    const file = pausesFile(this.#directory)
    try {
      const pauses = parseState(Pauses, await readFile(file, 'utf8'))
      this.#pausesProblem = ''
      return pauses
    } catch (error) {
      const isMissing = systemErrorCode(error) === 'ENOENT'
      if (!(isMissing || error instanceof AutoscaleError || systemErrorCode(error) !== undefined)) throw error
      const problem = isMissing ? '' : errorMessage(error)
      if (problem !== '' && problem !== this.#pausesProblem) {
        this.#log.warn({ file, problem }, 'the pauses cannot be read; no container is paused')
      }
      this.#pausesProblem = problem
      return {}
    }
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }

  /** Writes line by line; gives the characters written, which are bytes: all of it is ASCII. */
  async #write(name: string, lines: Iterable<string>): Promise<number> {
    let written = 0
    function* ended() {
      for (const line of lines) {
        written += line.length + 1
        yield `${line}\n`
      }
    }
    await replaceFile(this.#path(name), ended())
    return written
  }
}
