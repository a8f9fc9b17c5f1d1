import { readFileSync } from 'node:fs'
import { type Clock, isWithin, systemErrorCode } from '@lxc-autoscale/core'
import { type StatfsThread, type StatfsWork, startStatfsThread } from './statfs-thread.ts'

/** Size of a file system, bytes. `free` is what an unprivileged user may still take. */
export interface FilesystemSize {
  readonly totalBytes: number
  readonly usedBytes: number
  readonly freeBytes: number
}

/** Why a container has no figures: the file system did not answer in time, or answered with an error. */
export type FilesystemAnswer = FilesystemSize | 'late' | 'failed'

/** What was found for the root file system of a process. */
export type FilesystemAnswers = (initPid: number) => FilesystemAnswer

export interface ProbeSettings {
  readonly proc: string
  readonly timeoutMs: number
  /** Threads at most; each file system that hangs holds one. */
  readonly maxThreads: number
}

const NUMBERS_PER_ANSWER = 3
/** An answer takes some twenty microseconds. Of more containers than this each is asked in one of some cycles. */
const ALL_IN_ONE_CYCLE = 200
/** Within a minute of ten-second cycles, file systems fill by little. */
const MOST_CYCLES_BETWEEN = 6
/** A thread that is slow to start, on a busy machine, delays one cycle by so much at most. */
const START_LIMIT_MS = 3_000
/** How long `close` waits for threads that are late. */
const CLOSE_LIMIT_MS = 1_000

/** Where a thread hangs. */
interface HungPlace {
  readonly pid: number | undefined
  readonly device: string | undefined
}

/**
 * Asks the root file systems of containers for their sizes, in another thread, since a file system on a dead server can hang
 * for ever. One that is late is not asked again until it answers, nor are others on the same device.
 */
export class FilesystemProbe {
  readonly #settings: ProbeSettings
  readonly #clock: Clock
  readonly #startThread: () => StatfsThread
  #idle: StatfsThread | undefined
  readonly #stuck = new Map<StatfsThread, HungPlace>()
  #onReturn: () => void = () => {}
  /** What those processes answered last that are still there, those first that were not asked for longest. */
  readonly #answers = new Map<number, FilesystemAnswer>()

  constructor(settings: ProbeSettings, clock: Clock, startThread = startStatfsThread) {
    this.#settings = settings
    this.#clock = clock
    this.#startThread = startThread
  }

  /** Threads that wait for a file system that does not answer. */
  get stuckThreads(): number {
    return this.#stuck.size
  }

  /**
   * Asks for the root file systems of the processes; comes back within the time limit. Of many, those that were not asked for
   * longest: what the others answered stands.
   */
  async ask(initPids: readonly number[]): Promise<FilesystemAnswers> {
    const pids = this.#due(initPids)
    const thread = pids.length === 0 ? undefined : this.#takeThread()
    if (thread === undefined || !(await isWithin(this.#clock, START_LIMIT_MS, thread.ready))) return () => 'late'
    const work = newWork(this.#settings.proc, pids)
    const isDone = await isWithin(
      this.#clock,
      this.#settings.timeoutMs,
      new Promise<void>(resolve => thread.begin(work, () => this.#return(thread, resolve))),
    )
    if (!isDone) this.#setAside(thread, pids[Atomics.load(work.done, 0)])
    for (const pid of pids) this.#answers.delete(pid)
    keepAnswers(work, this.#answers)
    return initPid => this.#answers.get(initPid) ?? 'late'
  }

  /** Those to ask now, without those that hang; forgets what is known of these and of those that are gone. */
  #due(initPids: readonly number[]): readonly number[] {
    const isAsked = this.#stuck.size === 0 ? () => true : (pid: number) => !this.#isHung(pid)
    const pids = new Set(initPids.filter(isAsked))
    for (const pid of this.#answers.keys()) if (!pids.has(pid)) this.#answers.delete(pid)
    if (pids.size <= ALL_IN_ONE_CYCLE) return [...pids]
    const count = Math.max(ALL_IN_ONE_CYCLE, Math.ceil(pids.size / MOST_CYCLES_BETWEEN))
    const unknown = [...pids].filter(pid => !this.#answers.has(pid))
    return [...unknown, ...this.#answers.keys()].slice(0, Math.max(count, unknown.length))
  }

  /** Ends the threads; gives those that hang a moment to come back, since nothing can end them (see `stuckThreads`). */
  async close(): Promise<void> {
    if (this.#stuck.size > 0) {
      const allReturned = new Promise<void>(resolve => {
        this.#onReturn = () => {
          if (this.#stuck.size === 0) resolve()
        }
      })
      await isWithin(this.#clock, CLOSE_LIMIT_MS, allReturned)
    }
    await this.#idle?.end()
    this.#idle = undefined
  }

  #takeThread(): StatfsThread | undefined {
    if (this.#idle === undefined && this.#stuck.size < this.#settings.maxThreads) this.#idle = this.#startThread()
    return this.#idle
  }

  #setAside(thread: StatfsThread, pid: number | undefined): void {
    this.#idle = undefined
    this.#stuck.set(thread, { pid, device: pid === undefined ? undefined : rootDevice(this.#settings.proc, pid) })
  }

  /** A thread is done with its work, in time or late. A late one is used again unless another took its place. */
  #return(thread: StatfsThread, whenDone: () => void): void {
    if (this.#stuck.delete(thread)) {
      if (this.#idle === undefined) this.#idle = thread
      else void thread.end()
    }
    whenDone()
    this.#onReturn()
  }

  #isHung(pid: number): boolean {
    const device = rootDevice(this.#settings.proc, pid)
    return [...this.#stuck.values()].some(hung => hung.pid === pid || (device !== undefined && hung.device === device))
  }
}

/** Puts the answers that the thread has left by now to those that are known. */
function keepAnswers({ pids, answers, done }: StatfsWork, known: Map<number, FilesystemAnswer>): void {
  const answered = Atomics.load(done, 0)
  for (let index = 0; index < answered; index++) {
    const at = index * NUMBERS_PER_ANSWER
    const totalBytes = answers[at] ?? -1
    const size = { totalBytes, usedBytes: answers[at + 1] ?? 0, freeBytes: answers[at + 2] ?? 0 }
    known.set(pids[index] ?? 0, totalBytes < 0 ? 'failed' : size)
  }
}

function newWork(proc: string, pids: readonly number[]): StatfsWork {
  const answerBytes = pids.length * NUMBERS_PER_ANSWER * Float64Array.BYTES_PER_ELEMENT
  return {
    proc,
    pids: Int32Array.from(pids),
    answers: new Float64Array(new SharedArrayBuffer(answerBytes)),
    done: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  }
}

/** The device (`major:minor`) of the root file system of a process, without touching that file system. */
function rootDevice(proc: string, pid: number): string | undefined {
  try {
    const root = readFileSync(`${proc}/${pid}/mountinfo`, 'utf8')
      .split('\n')
      .map(line => line.split(' '))
      .findLast(([, , , , mountPoint]) => mountPoint === '/')
    return root?.[2]
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
