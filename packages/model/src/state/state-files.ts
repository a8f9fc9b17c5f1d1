import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Logger,
  type MetricsPlace,
  readRegularFile,
  removeTemporaries,
  replaceFile,
  STATUS_FILE,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { linesOf } from './lines-of.ts'
import { readOrSetAside } from './set-aside.ts'
import {
  formatSizerState,
  type LoadedSizers,
  parseSizerState,
  type SavedMoment,
  type SavedSizers,
} from './sizer-state.ts'

const SIZERS = 'model-sizers.jsonl'
/** Far more than 1,000 containers need. */
const MOST_BYTES = 268_435_456
const FORESTS = 'model-forests.jsonl'
/** Where earlier versions kept what the audit log tells. */
const FORMER_PENDING = 'model-pending.json'

/** What is saved, and until when it was learned. */
export interface Learned {
  readonly sizers: SavedSizers
  readonly forests: Iterable<string>
  readonly moment: SavedMoment
  /** From where on the metrics file is to be read by who takes up what is saved. */
  readonly place?: MetricsPlace | undefined
}

/** The files in the state directory that hold what the model has learned. */
export class StateFiles {
  readonly #directory: string
  readonly #log: Logger

  constructor(directory: string, log: Logger) {
    this.#directory = directory
    this.#log = log
  }

  /** Makes the directory, and removes what a kill left unfinished. Where that cannot be done, whoever saves will say so. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o750 })
      await rm(this.#path(FORMER_PENDING), { force: true })
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
    }
    await removeTemporaries(this.#directory, name => name.startsWith('model-'))
  }

  async loadSizers(): Promise<LoadedSizers> {
    let isLost = existsSync(this.#path(STATUS_FILE))
    const damaged = () => {
      isLost = true
    }
    const read = (path: string) => parseSizerState(readRegularFile(path, MOST_BYTES))
    const loaded = await readOrSetAside(this.#path(SIZERS), this.#log, read, damaged)
    return loaded ?? { sizers: new Map(), moment: undefined, isLost }
  }

  /** What `restore` makes of the saved forests; undefined when there are none that can be used. */
  loadForests<Forests>(restore: (lines: Iterable<string>) => Forests): Promise<Forests | undefined> {
    return readOrSetAside(this.#path(FORESTS), this.#log, path => restore(linesOf(path)))
  }

  save(learned: Learned): Promise<number> {
    return saveLearned(this.#directory, learned)
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }
}

/** Writes into the state directory, which must be there, what was learned; gives the characters written. */
export async function saveLearned(directory: string, { sizers, forests, moment, place }: Learned): Promise<number> {
  const sizerBytes = await write(join(directory, SIZERS), formatSizerState(sizers, moment, place))
  return sizerBytes + (await write(join(directory, FORESTS), forests))
}

/** Writes line by line; gives the characters written, which are bytes: all of it is ASCII. */
async function write(file: string, lines: Iterable<string>): Promise<number> {
  let written = 0
  function* ended() {
    for (const line of lines) {
      written += line.length + 1
      yield `${line}\n`
    }
  }
  await replaceFile(file, ended())
  return written
}
