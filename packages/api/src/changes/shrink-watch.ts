import {
  AllocationBody,
  API_ITSELF,
  AutoscaleError,
  beside,
  type HistoryEntryBody,
  type Logger,
  MS_PER_MINUTE,
  MS_PER_SECOND,
} from '@lxc-autoscale/core'
import { DEFAULT_MEMORY_MB } from '@lxc-autoscale/host'
import type { MemoryTrouble } from '../host/cgroup.ts'
import type { ChangeOrigin, ChangeRunner } from './change-runner.ts'
import { leastMemory } from './safety-rules.ts'
import { type ScaleParts, type Shrink, scaleChange } from './scale-container.ts'

/** How long a container is looked at after its memory was lowered, and how often. */
const WATCH_MS = 10_000
const LOOK_MS = 500
/** Of containers at once; beyond it a shrink is not watched. */
const MOST_WATCHED = 256
/** Each is a line of the audit log, and may wait for a lock as long as the watch lasts. */
const MOST_ATTEMPTS = 3
/**
 * Share of ten seconds in which nothing in the container went on for lack of memory. Source: the model grows a container out of
 * need from 10 % of the weaker sign, that something stalls (scaling.pressure_limit_percent).
 */
const STALLED_PERCENT = 10
/** No change of an allocation takes longer; lines of the audit log stand in the order in which changes ended. */
const LONGEST_CHANGE_MS = 5 * MS_PER_MINUTE

/** Who takes a shrink back. */
const OURSELVES: HistoryEntryBody['who'] = { ...API_ITSELF, address: '' }

export interface ShrinkWatchParts {
  readonly runner: Pick<ChangeRunner, 'run'>
  readonly log: Logger
  /** Aborted when the daemon is to stop. */
  readonly signal: AbortSignal
}

/** Looks at containers for a while after their memory was lowered, and gives it back to those that turn out to need it. */
export class ShrinkWatch {
  readonly #parts: ShrinkWatchParts
  /** The newest shrink of each container that is looked at. */
  readonly #watched = new Map<number, Shrink>()

  constructor(parts: ShrinkWatchParts) {
    this.#parts = parts
  }

  /** Watches in the background. */
  begin(shrink: Shrink, parts: ScaleParts): void {
    if (this.#watched.size >= MOST_WATCHED) {
      this.#parts.log.warn({ vmid: shrink.vmid, change: shrink.changeId }, 'too many shrinks at once to watch this one')
      return
    }
    this.#watched.set(shrink.vmid, shrink)
    void this.#watch(shrink, parts)
  }

  /** Goes on with what was lowered right before this daemon was started; `entries` are newest first. */
  async resume(entries: AsyncIterable<HistoryEntryBody>, parts: ScaleParts): Promise<void> {
    const nowMs = parts.clock.nowMs()
    const seen = new Set<number>()
    for await (const entry of entries) {
      const beganMs = Date.parse(entry.time)
      if (nowMs - beganMs > LONGEST_CHANGE_MS) return
      if (!isMade(entry) || seen.has(entry.lxc_id)) continue
      seen.add(entry.lxc_id)
      // Of one that was interrupted nobody knows how long it took.
      const endedMs = entry.duration_seconds === null ? nowMs : beganMs + entry.duration_seconds * MS_PER_SECOND
      const shrink = nowMs - endedMs > WATCH_MS ? undefined : shrinkOf(entry)
      if (shrink !== undefined) this.begin(shrink, parts)
    }
  }

  async #watch(shrink: Shrink, parts: ScaleParts): Promise<void> {
    const { clock, containers } = parts
    const { signal } = this.#parts
    const endMs = clock.monotonicMs() + WATCH_MS
    const isNewest = () => this.#watched.get(shrink.vmid) === shrink
    // At once: it may have grown between the last measurement and the write.
    for (
      let attempts = 0;
      attempts < MOST_ATTEMPTS && clock.monotonicMs() < endMs;
      await clock.sleep(LOOK_MS, signal)
    ) {
      const facts = await containers.read(shrink.vmid).catch(() => undefined)
      if (facts !== undefined && (facts.status !== 'running' || facts.configured.memoryMb !== shrink.toMb)) break
      if (signal.aborted || !isNewest()) break
      const sign = needOf(shrink, parts)
      if (sign === undefined) continue
      attempts++
      if (await this.#takeBack(shrink, sign, parts)) break
    }
    if (isNewest()) this.#watched.delete(shrink.vmid)
  }

  /** False when it may be tried again. */
  async #takeBack({ vmid, changeId, fromMb, toMb }: Shrink, sign: string, parts: ScaleParts): Promise<boolean> {
    const { runner, signal } = this.#parts
    const why = `the limit of ${toMb} MB was too low: ${sign}`
    const origin: ChangeOrigin = { who: OURSELVES, why, force: false, idempotencyKey: undefined, signal }
    const request = { vmid, asked: { memoryMb: fromMb }, expected: { memoryMb: toMb }, force: false }
    try {
      await runner.run({ ...scaleChange(parts, request), undoOf: changeId }, origin)
      return true
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      return !error.retryable
    }
  }
}

/**
 * What shows that a container needs more than it was left; undefined when nothing does. That it meets its limit is none: a
 * page cache fills whatever there is.
 */
function needOf({ vmid, toMb, trouble: before }: Shrink, { cgroups, safety }: ScaleParts): string | undefined {
  const trouble = cgroups.trouble(vmid)
  if (grew(before.ooms, trouble.ooms)) return 'the container was out of memory'
  const { stalledPercent = 0 } = trouble
  if (stalledPercent >= STALLED_PERCENT && stalledPercent > (before.stalledPercent ?? 0)) {
    return `the container stalled for memory ${beside(stalledPercent, [STALLED_PERCENT])} % of ten seconds, of which ${STALLED_PERCENT} % is too much`
  }
  const memory = cgroups.memory(vmid)
  const least = memory && leastMemory(memory, safety)
  if (least === undefined || least.leastMb <= toMb) return undefined
  return `the container cannot give up ${Math.ceil(least.floorMb)} MB; with the margin the least is ${least.leastMb} MB`
}

function grew(before: number | undefined, now: number | undefined): boolean {
  return before !== undefined && now !== undefined && now > before
}

const NOTHING_KNOWN: MemoryTrouble = { ooms: undefined, stalledPercent: undefined }

function isMade({ action, outcome }: HistoryEntryBody): boolean {
  return action === 'scale' && (outcome === 'applied' || outcome === 'unknown')
}

/** The shrink that a change was; undefined when it was none. By force it was meant so. */
function shrinkOf({ id, lxc_id: vmid, force, before, after }: HistoryEntryBody): Shrink | undefined {
  const { data: from } = AllocationBody.safeParse(before)
  const { data: to } = AllocationBody.safeParse(after)
  if (force || from === undefined || to === undefined) return undefined
  const [fromMb, toMb] = [from.memory_mb ?? DEFAULT_MEMORY_MB, to.memory_mb ?? DEFAULT_MEMORY_MB]
  return toMb < fromMb ? { changeId: id, vmid, fromMb, toMb, trouble: NOTHING_KNOWN } : undefined
}
