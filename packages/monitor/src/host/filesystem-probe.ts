import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { type Clock, systemErrorCode } from '@lxc-autoscale/core'

/** Size of a file system, bytes. `free` is what an unprivileged user may still take. */
export interface FilesystemSize {
  readonly totalBytes: number
  readonly usedBytes: number
  readonly freeBytes: number
}

/** Why a container has no figures: the file system did not answer in time, or answered with an error. */
export type FilesystemAnswer = FilesystemSize | 'late' | 'failed'

/** What was found for the root file system of each process. */
export interface FilesystemAnswers {
  of(initPid: number): FilesystemAnswer
}

export interface ProbeSettings {
  readonly timeoutMs: number
  /** Threads at most; each file system that hangs holds one. */
  readonly maxThreads: number
}

/**
 * Plain JavaScript, given as text so that it runs the same from source, from dist/ and from a bundle. It answers into
 * shared memory one by one, so that a file system that hangs does not take away the answers before it.
 */
const THREAD = `
const { parentPort } = require('node:worker_threads')
const { statfsSync } = require('node:fs')
parentPort.on('message', ({ proc, pids, answers, done }) => {
  for (let index = 0; index < pids.length; index++) {
    try {
      const { bsize, blocks, bfree, bavail } = statfsSync(proc + '/' + pids[index] + '/root')
      answers.set([blocks * bsize, (blocks - bfree) * bsize, bavail * bsize], index * 3)
    } catch {
      answers.set([-1, -1, -1], index * 3)
    }
    Atomics.store(done, 0, index + 1)
  }
  parentPort.postMessage(null)
})
`

const NUMBERS_PER_ANSWER = 3

interface Sweep {
  readonly pids: readonly number[]
  readonly answers: Float64Array
  readonly done: Int32Array
}

interface HungPlace {
  readonly pid: number | undefined
  readonly device: string | undefined
}

interface Thread {
  readonly worker: Worker
  sweep: Sweep | undefined
  onDone: () => void
}

/**
 * Asks the root file systems of containers for their sizes, in a thread, since a file system on a dead server can hang
 * for ever. One that is late is not asked again until it answers, nor are others on the same device.
 */
export class FilesystemProbe {
  readonly #proc: string
  readonly #clock: Clock
  readonly #settings: ProbeSettings
  #idle: Thread | undefined
  /** Threads that hang, each with where it hangs. */
  readonly #stuck = new Map<Thread, HungPlace>()

  constructor(proc: string, clock: Clock, settings: ProbeSettings) {
    this.#proc = proc
    this.#clock = clock
    this.#settings = settings
  }

  /** Threads that wait for a file system that does not answer. */
  get stuckThreads(): number {
    return this.#stuck.size
  }

  /** Asks for the root file systems of the processes; comes back within the time limit. */
  async ask(initPids: readonly number[]): Promise<FilesystemAnswers> {
    const pids = this.#stuck.size === 0 ? initPids : initPids.filter(pid => !this.#isHung(pid))
    const thread = pids.length === 0 ? undefined : this.#takeThread()
    if (thread === undefined) return NO_ANSWERS
    const sweep = newSweep(pids)
    await this.#finish(thread, sweep)
    if (thread.sweep !== undefined) this.#setAside(thread, sweep)
    return new SweepAnswers(sweep)
  }

  /** Ends the threads. One that hangs cannot be ended; see `stuckThreads`. */
  async close(): Promise<void> {
    await this.#idle?.worker.terminate()
    this.#idle = undefined
  }

  /** Gives the thread its work and waits until it is done or the time is over. */
  async #finish(thread: Thread, sweep: Sweep): Promise<void> {
    const stop = new AbortController()
    const finished = new Promise<void>(resolve => {
      thread.onDone = resolve
    })
    thread.sweep = sweep
    const { answers, done } = sweep
    thread.worker.postMessage({ proc: this.#proc, pids: Int32Array.from(sweep.pids), answers, done })
    await Promise.race([finished, this.#clock.sleep(this.#settings.timeoutMs, stop.signal)])
    stop.abort()
  }

  #takeThread(): Thread | undefined {
    if (this.#idle !== undefined) return this.#idle
    if (this.#stuck.size >= this.#settings.maxThreads) return undefined
    const worker = new Worker(THREAD, {
      eval: true,
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
    })
    worker.unref()
    const thread: Thread = { worker, sweep: undefined, onDone: () => {} }
    worker.on('message', () => {
      thread.sweep = undefined
      thread.onDone()
      if (this.#stuck.delete(thread)) void worker.terminate()
    })
    worker.on('error', () => {
      if (this.#idle === thread) this.#idle = undefined
      thread.onDone()
    })
    this.#idle = thread
    return thread
  }

  #setAside(thread: Thread, { pids, done }: Sweep): void {
    const pid = pids[Atomics.load(done, 0)]
    this.#idle = undefined
    this.#stuck.set(thread, { pid, device: pid === undefined ? undefined : rootDevice(this.#proc, pid) })
  }

  #isHung(pid: number): boolean {
    const device = rootDevice(this.#proc, pid)
    return [...this.#stuck.values()].some(hung => hung.pid === pid || (device !== undefined && hung.device === device))
  }
}

const NO_ANSWERS: FilesystemAnswers = { of: () => 'late' }

/** Reads the answers where the thread left them; they are not turned into objects before they are asked for. */
class SweepAnswers implements FilesystemAnswers {
  readonly #answers: Float64Array
  readonly #indexes = new Map<number, number>()

  constructor({ pids, answers, done }: Sweep) {
    this.#answers = answers
    const answered = Atomics.load(done, 0)
    for (let index = 0; index < answered; index++) this.#indexes.set(pids[index] ?? 0, index)
  }

  of(initPid: number): FilesystemAnswer {
    const index = this.#indexes.get(initPid)
    if (index === undefined) return 'late'
    const at = index * NUMBERS_PER_ANSWER
    const [totalBytes = -1, usedBytes = -1, freeBytes = -1] = [0, 1, 2].map(offset => this.#answers[at + offset])
    return totalBytes < 0 ? 'failed' : { totalBytes, usedBytes, freeBytes }
  }
}

function newSweep(pids: readonly number[]): Sweep {
  return {
    pids,
    answers: new Float64Array(new SharedArrayBuffer(pids.length * NUMBERS_PER_ANSWER * Float64Array.BYTES_PER_ELEMENT)),
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
