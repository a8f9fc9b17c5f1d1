import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, MS_PER_HOUR, replaceFile, systemErrorCode } from '@lxc-autoscale/core'
import { z } from 'zod'
import { parseJson } from '../json-object.ts'
import { AppendFile } from './append-file.ts'

const StoredAnswer = z.object({
  key: z.string(),
  /** Names the request, so that a key cannot be used for two. */
  request: z.string(),
  time_ms: z.number(),
  status: z.int(),
  body: z.record(z.string(), z.unknown()),
})
/** The answer to a request that carried an Idempotency-Key. */
export type StoredAnswer = z.output<typeof StoredAnswer>

export interface IdempotencyStoreOptions {
  readonly directory: string
  readonly clock: Clock
  readonly keptHours: number
}

const FILE = 'answers.jsonl'
const MAX_ANSWERS = 10_000
const MAX_FILE_BYTES = 16_777_216

/** Keeps answers over restarts, so that a request which is sent again is not carried out again. */
export class IdempotencyStore {
  readonly #options: IdempotencyStoreOptions
  readonly #file: AppendFile
  readonly #answers: Map<string, StoredAnswer>

  private constructor(options: IdempotencyStoreOptions, file: AppendFile, answers: Map<string, StoredAnswer>) {
    this.#options = options
    this.#file = file
    this.#answers = answers
  }

  /** Reads what was kept, and drops what is too old. Rejects with the system's error. */
  static async open(options: IdempotencyStoreOptions): Promise<IdempotencyStore> {
    const path = join(options.directory, FILE)
    const oldestMs = options.clock.nowMs() - options.keptHours * MS_PER_HOUR
    const answers = new Map<string, StoredAnswer>()
    const text = `${await readIfThere(`${path}.1`)}\n${await readIfThere(path)}`
    for (const line of text.split('\n')) {
      const answer = StoredAnswer.safeParse(parseJson(line)).data
      if (answer !== undefined && answer.time_ms >= oldestMs) answers.set(answer.key, answer)
    }
    await replaceFile(path, [...answers.values()].map(answer => `${JSON.stringify(answer)}\n`).join(''))
    await rm(`${path}.1`, { force: true })
    const file = await AppendFile.open({ path, maxBytes: MAX_FILE_BYTES, backupCount: 1 })
    return new IdempotencyStore(options, file, answers)
  }

  get(key: string): StoredAnswer | undefined {
    const answer = this.#answers.get(key)
    const oldestMs = this.#options.clock.nowMs() - this.#options.keptHours * MS_PER_HOUR
    return answer !== undefined && answer.time_ms >= oldestMs ? answer : undefined
  }

  /** Keeps an answer; it is on the disk afterwards. Rejects with the system's error. */
  async put(answer: Omit<StoredAnswer, 'time_ms'>): Promise<void> {
    const stored = { ...answer, time_ms: this.#options.clock.nowMs() }
    this.#answers.delete(answer.key)
    this.#answers.set(answer.key, stored)
    const oldest = this.#answers.keys().next().value
    if (this.#answers.size > MAX_ANSWERS && oldest !== undefined) this.#answers.delete(oldest)
    await this.#file.append(JSON.stringify(stored))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return ''
    throw error
  }
}
