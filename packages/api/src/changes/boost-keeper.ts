import {
  API_ITSELF,
  AutoscaleError,
  type Clock,
  errorMessage,
  type Logger,
  localTimeText,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  MS_PER_SECOND,
  runEvery,
} from '@lxc-autoscale/core'
import type { SteeringStore } from '../steering/steering-store.ts'
import type { KeptBoost } from '../steering/told.ts'
import { type BoostParts, boostEnd, boostLeft, previewBoostEnd } from './boost.ts'
import type { Change, ChangeOrigin, ChangeRunner } from './change-runner.ts'

/** How late a boost may end. */
const LOOK_MS = 5 * MS_PER_SECOND
/** Boosts that are given back at once: many may be due together, and the queue is for people too. */
const MOST_AT_ONCE = 8
/** What cannot be given back is tried again after a minute, then after twice as long each time, up to half an hour. */
const FIRST_PAUSE_MS = MS_PER_MINUTE
const LONGEST_PAUSE_MS = 30 * MS_PER_MINUTE
/** After that the size is left to the model, which takes back in its own time what is not used. */
const LONGEST_TRY_MS = 6 * MS_PER_HOUR

export interface BoostKeeperParts {
  readonly steering: SteeringStore
  readonly clock: Clock
  readonly log: Logger
  /** Aborted when the daemon is to stop. */
  readonly signal: AbortSignal
}

export interface BoostWork extends BoostParts {
  readonly runner: Pick<ChangeRunner, 'run'>
}

/** The attempts of this process to give a boost back. */
interface Tries {
  readonly changeId: string
  readonly untilMs: number
  times: number
  nextMs: number
}

/** Gives back what boosts gave when their time is over: also what became due while the daemon did not run. */
export class BoostKeeper {
  readonly #parts: BoostKeeperParts
  readonly #tries = new Map<number, Tries>()
  readonly #running = new Set<number>()
  #work: BoostWork | undefined

  constructor(parts: BoostKeeperParts) {
    this.#parts = parts
  }

  /** With what it works from now on. */
  use(work: BoostWork): void {
    this.#work = work
  }

  /** Looks until the daemon stops. What is due at the first look is in the queue when this returns, as far as it has its turn. */
  async run(): Promise<void> {
    const { clock, signal } = this.#parts
    await runEvery({ intervalMs: () => LOOK_MS, clock, signal }, async () => this.#look())
  }

  #look(): void {
    const { steering, signal } = this.#parts
    for (const boost of steering.boosts()) {
      if (signal.aborted || this.#running.size >= MOST_AT_ONCE) return
      if (this.#isDue(boost)) void this.#end(boost)
    }
  }

  #isDue({ lxc_id: vmid, change_id: changeId, until }: KeptBoost): boolean {
    const { clock } = this.#parts
    if (this.#running.has(vmid) || Date.parse(until) > clock.nowMs()) return false
    const tries = this.#tries.get(vmid)
    return tries?.changeId !== changeId || clock.monotonicMs() >= tries.nextMs
  }

  async #end(boost: KeptBoost): Promise<void> {
    const { lxc_id: vmid } = boost
    const work = this.#work
    if (work === undefined) return
    this.#running.add(vmid)
    const tries = this.#triesOf(boost)
    try {
      // What is known not to be possible yet is not asked for again and again in the audit log.
      if (tries.times > 1) await previewBoostEnd(work, boost)
      await this.#run(boostEnd(work, boost), work, 'its time is over')
    } catch (error) {
      await this.#notYet(boost, error, tries)
    } finally {
      this.#running.delete(vmid)
    }
    const isLeft = work.steering.boosts().some(({ change_id: id }) => id === boost.change_id)
    if (!isLeft) this.#tries.delete(vmid)
    this.#look()
  }

  #triesOf({ lxc_id: vmid, change_id: changeId }: KeptBoost): Tries {
    const { clock } = this.#parts
    const known = this.#tries.get(vmid)
    const tries =
      known?.changeId === changeId
        ? known
        : { changeId, untilMs: clock.monotonicMs() + LONGEST_TRY_MS, times: 0, nextMs: 0 }
    tries.nextMs = clock.monotonicMs() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries.times)
    tries.times++
    this.#tries.set(vmid, tries)
    return tries
  }

  #run(change: Change, { runner }: BoostWork, why: string) {
    const { signal } = this.#parts
    const who = { ...API_ITSELF, address: '' }
    const origin: ChangeOrigin = { who, why, force: false, idempotencyKey: undefined, signal }
    return runner.run(change, origin)
  }

  async #notYet(boost: KeptBoost, error: unknown, { untilMs }: Tries): Promise<void> {
    if (!(error instanceof AutoscaleError)) throw error
    const { lxc_id: vmid } = boost
    const { clock, log, steering, signal } = this.#parts
    const work = this.#work
    if (signal.aborted || work === undefined) return
    const leftMs = untilMs - clock.monotonicMs()
    const isAway = error.code === 'CONTAINER_NOT_FOUND'
    // From another node it may come back with what it was given.
    const isGone = isAway && (leftMs <= 0 || error.details['node'] === undefined)
    try {
      if (isGone) await steering.setBoost(vmid, undefined)
      else if (leftMs <= 0) await this.#run(boostLeft(work, boost, error.message), work, 'its time is over')
      else await this.#tell(boost, `${error.message}; tried again until ${localTimeText(clock.nowMs() + leftMs)}`)
    } catch (problem) {
      if (!(problem instanceof AutoscaleError)) throw problem
      log.warn({ vmid, problem: errorMessage(problem) }, 'a boost that is over cannot be noted as such')
    }
  }

  /** In the file, so that it is shown. */
  async #tell(boost: KeptBoost, trouble: string): Promise<void> {
    const { steering, log } = this.#parts
    const now = steering.boostOf(boost.lxc_id)
    if (now?.change_id !== boost.change_id || now.trouble === trouble) return
    log.warn({ vmid: boost.lxc_id, problem: trouble }, 'a boost that is over is not given back yet')
    await steering.setBoost(boost.lxc_id, { ...now, trouble })
  }
}
