import { type Clock, errorMessage, type HistoryEntryBody, type Logger, MS_PER_MINUTE } from '@lxc-autoscale/core'
import type { AppendFile } from './append-file.ts'

export interface NotMadeLogParts {
  readonly file: AppendFile
  readonly clock: Clock
  readonly log: Logger
}

/** Requests of one kind: of the same key, for the same container, with the same end. */
interface CountedKind {
  readonly sinceMs: number
  /** Those after the first one, by the last of them; not in the file yet. */
  rest: (HistoryEntryBody & { readonly count: number }) | undefined
}

/** So many kinds are counted at once; beyond that the oldest is no longer. */
const MAX_KINDS = 1_000
const MAX_REASON_LENGTH = 200
const MAX_MESSAGE_LENGTH = 400

/**
 * Requests that changed nothing: refused before anything was begun, or already as asked. Whoever may ask can make as many
 * as he likes, so they take little, have a file of their own, and those of one kind within a minute are counted together.
 */
export class NotMadeLog {
  readonly #parts: NotMadeLogParts
  /** In the order in which they began. */
  readonly #kinds = new Map<string, CountedKind>()
  #isFailing = false

  constructor(parts: NotMadeLogParts) {
    this.#parts = parts
  }

  /** Notes a request; gives the number of the entry that stands for it, which may stand for others too. Never rejects. */
  async note(entry: HistoryEntryBody): Promise<string> {
    await this.settle()
    const { who, lxc_id, action, outcome, error } = entry
    const kind = JSON.stringify([who.key, lxc_id, action, outcome, error])
    const known = this.#kinds.get(kind)
    if (known !== undefined) {
      const { id, count } = known.rest ?? { id: entry.id, count: 0 }
      known.rest = { ...small(entry), id, count: count + 1 }
      return id
    }
    this.#kinds.set(kind, { sinceMs: this.#parts.clock.monotonicMs(), rest: undefined })
    await this.#write(small(entry))
    return entry.id
  }

  /** Entries that are not in the file yet. */
  counting(): readonly HistoryEntryBody[] {
    return [...this.#kinds.values()].flatMap(({ rest }) => rest ?? [])
  }

  /** Writes the counts whose minute is over. Never rejects. */
  async settle(): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs()
    for (const [kind, { sinceMs, rest }] of this.#kinds) {
      if (nowMs - sinceMs < MS_PER_MINUTE && this.#kinds.size < MAX_KINDS) return
      this.#kinds.delete(kind)
      if (rest !== undefined) await this.#write(rest)
    }
  }

  async close(): Promise<void> {
    for (const { rest } of this.#kinds.values()) if (rest !== undefined) await this.#write(rest)
    await this.#parts.file.close()
  }

  async #write(entry: HistoryEntryBody): Promise<void> {
    try {
      await this.#parts.file.append(JSON.stringify(entry))
      this.#isFailing = false
    } catch (error) {
      // Nothing was changed, so its line may be missing; saying it once is enough.
      if (!this.#isFailing) this.#parts.log.error({ problem: errorMessage(error) }, 'refused requests cannot be kept')
      this.#isFailing = true
    }
  }
}

function small(entry: HistoryEntryBody): HistoryEntryBody {
  const { why, message } = entry
  return {
    ...entry,
    why: why === null ? null : plain(why.slice(0, MAX_REASON_LENGTH)),
    message: plain(message.slice(0, MAX_MESSAGE_LENGTH)),
  }
}

/** Without what JSON would write as six letters. */
function plain(text: string): string {
  return text.replace(/\p{Cc}|\p{Cs}/gu, ' ')
}
