import { join } from 'node:path'
import { parseJson, readRegularFile, removeTemporaries, replaceFile, systemErrorCode } from '@lxc-autoscale/core'
import { z } from 'zod'
import { OutboxState } from './outbox.ts'
import { Refusals } from './refusals.ts'
import { StandingState } from './standing.ts'

const FILE = 'news.json'
/** More than a thousand containers with all they can have take. */
const MOST_BYTES = 16_777_216

/** What must survive a restart: what was told, and what is still to be told. */
export const NewsMemory = z.object({
  version: z.literal(1),
  /** By target. */
  outboxes: z.record(z.string(), OutboxState),
  /** By topic. */
  states: z.record(z.string(), StandingState),
  /** By container when the kills were that are counted; null before the first look: what was before is no news. */
  kills_ms: z.record(z.string(), z.array(z.number()).readonly()).nullable(),
  refusals: Refusals,
  summary: z.object({
    /** What the next one begins with; 0 before the first. */
    since_ms: z.number(),
    /** The day of the last one, by the time of this host: `2026-01-31`. */
    day: z.string(),
    kills: z.object({ own: z.number(), inner: z.number() }),
  }),
})
export type NewsMemory = z.output<typeof NewsMemory>

/** Keeps the memory of the news in the state directory. */
export class NewsFile {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  static async open(directory: string): Promise<NewsFile> {
    await removeTemporaries(directory, name => name === FILE)
    return new NewsFile(join(directory, FILE))
  }

  /** Undefined when there is none, or none that can be used: then nothing was told yet. */
  read(): NewsMemory | undefined {
    try {
      return NewsMemory.safeParse(parseJson(readRegularFile(this.#path, MOST_BYTES))).data
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** Rejects with the system's error. */
  write(memory: NewsMemory): Promise<void> {
    return replaceFile(this.#path, `${JSON.stringify(memory)}\n`)
  }
}
