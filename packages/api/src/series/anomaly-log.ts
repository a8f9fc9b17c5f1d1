import { join } from 'node:path'
import {
  type ContainerStatus,
  type ModelStatus,
  MS_PER_MINUTE,
  parseJson,
  readRegularFile,
  removeTemporaries,
  replaceFile,
  type SeriesBody,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { z } from 'zod'

const FILE = 'anomalies.json'
const MOST_BYTES = 16_777_216
/** Of all containers together, the newest. */
const MOST_EPISODES = 5_000
/** One that begins so soon after another of its container is the same. */
const PAUSE_MS = 2 * MS_PER_MINUTE
/** What the model wrote down longer ago says nothing of this moment. */
const STATUS_MS = 10 * MS_PER_MINUTE

const Episode = z.object({
  lxc_id: z.number(),
  from_ms: z.number(),
  /** When it was seen last. */
  seen_ms: z.number(),
  is_over: z.boolean(),
  /** Of the moment at which the model was surest. */
  confidence: z.number(),
  text: z.string(),
  features: z.array(z.object({ name: z.string(), share: z.number() })),
})
type Episode = z.output<typeof Episode>
const Episodes = z.object({ version: z.literal(1), episodes: z.array(Episode) })

/** When the model called containers abnormal, and why; kept in a file. */
export class AnomalyLog {
  readonly #path: string
  /** In the order in which they began. */
  #episodes: Episode[] = []
  /** The newest episode of each container. */
  readonly #newest = new Map<number, Episode>()
  /** Of what the model wrote down last. */
  #seenMs = Number.NaN
  #isChanged = false
  /** Whether what lasts was seen again since it was written. */
  #isSeenOn = false

  constructor(directory: string) {
    this.#path = join(directory, FILE)
  }

  /** Takes what an earlier process wrote; rejects with the system's error. A file that cannot be understood is none. */
  async restore(): Promise<void> {
    await removeTemporaries(join(this.#path, '..'), name => name === FILE)
    this.#episodes = readEpisodes(this.#path)
    for (const episode of this.#episodes) this.#newest.set(episode.lxc_id, episode)
  }

  /** Takes note of what the model wrote down last. */
  watch(status: ModelStatus | undefined, nowMs: number): void {
    const timeMs = status === undefined ? Number.NaN : Date.parse(status.updated_at)
    const isFresh = Math.abs(nowMs - timeMs) < STATUS_MS && timeMs !== this.#seenMs
    if (isFresh && status?.cycle.outcome === 'decided') {
      for (const container of status.containers) this.#see(container, timeMs)
    }
    this.#seenMs = timeMs
    this.#endOld(nowMs)
  }

  /** What there was of a container between two times. */
  between(vmid: number, sinceMs: number, untilMs: number): SeriesBody['anomalies'] {
    return this.#episodes
      .filter(each => each.lxc_id === vmid && each.from_ms < untilMs && each.seen_ms >= sinceMs)
      .map(({ from_ms, seen_ms, is_over, text, features }) => ({
        from: new Date(from_ms).toISOString(),
        until: is_over ? new Date(seen_ms).toISOString() : null,
        text,
        features,
      }))
  }

  /** Whether one began or ended since they were written. */
  get isChanged(): boolean {
    return this.#isChanged
  }

  /** Writes what is new, also until when what lasts was seen; rejects with the system's error. */
  async save(): Promise<void> {
    if (!this.#isChanged && !this.#isSeenOn) return
    this.#isChanged = false
    this.#isSeenOn = false
    this.#episodes = this.#episodes.slice(-MOST_EPISODES)
    try {
      await replaceFile(this.#path, `${JSON.stringify({ version: 1, episodes: this.#episodes })}\n`)
    } catch (error) {
      this.#isChanged = true
      throw error
    }
  }

  #see({ vmid, verdict }: ContainerStatus, timeMs: number): void {
    const before = this.#newest.get(vmid)
    if (verdict?.is_anomalous !== true) {
      if (before?.is_over === false) this.#end(before)
      return
    }
    const { confidence, why: text, features } = verdict
    if (before !== undefined && (!before.is_over || Math.abs(timeMs - before.seen_ms) < PAUSE_MS)) {
      this.#isChanged ||= before.is_over
      this.#isSeenOn = true
      before.is_over = false
      before.seen_ms = timeMs
      if (confidence > before.confidence) Object.assign(before, { confidence, text, features })
      return
    }
    const episode = { lxc_id: vmid, from_ms: timeMs, seen_ms: timeMs, is_over: false, confidence, text, features }
    this.#isChanged = true
    this.#episodes.push(episode)
    this.#newest.set(vmid, episode)
  }

  /** Of what nobody has seen for long nobody knows how it went on. */
  #endOld(nowMs: number): void {
    for (const episode of this.#newest.values()) {
      if (!episode.is_over && Math.abs(nowMs - episode.seen_ms) > STATUS_MS) this.#end(episode)
    }
  }

  #end(episode: Episode): void {
    episode.is_over = true
    this.#isChanged = true
  }
}

function readEpisodes(path: string): Episode[] {
  try {
    return Episodes.safeParse(parseJson(readRegularFile(path, MOST_BYTES))).data?.episodes ?? []
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}
