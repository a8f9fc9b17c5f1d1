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

  /** Begins to ask; the result of the returned function comes within the time limit, by process number. */
  begin(initPids: readonly number[]): () => Promise<ReadonlyMap<number, FilesystemAnswer>> {
    const startedMs = this.#clock.monotonicMs()
    const pids = this.#stuck.size === 0 ? initPids : initPids.filter(pid => !this.#isHung(pid))
    const thread = pids.length === 0 ? undefined : this.#takeThread()
    if (thread === undefined) return async () => lateAnswers(initPids)
    const sweep: Sweep = {
      pids,
      answers: new Float64Array(new SharedArrayBuffer(pids.length * NUMBERS_PER_ANSWER * 8)),
      done: new Int32Array(new SharedArrayBuffer(4)),
    }
    thread.sweep = sweep
    const finished = new Promise<void>(resolve => {
      thread.onDone = resolve
    })
    thread.worker.postMessage({
      proc: this.#proc,
      pids: Int32Array.from(pids),
      answers: sweep.answers,
      done: sweep.done,
    })
    return async () => {
      const leftMs = this.#settings.timeoutMs - (this.#clock.monotonicMs() - startedMs)
      await this.#waitFor(finished, leftMs)
      if (thread.sweep !== undefined) this.#setAside(thread, sweep)
      return new Map([...lateAnswers(initPids), ...answersOf(sweep)])
    }
  }

  /** Ends the threads. One that hangs cannot be ended; see `stuckThreads`. */
  async close(): Promise<void> {
    await this.#idle?.worker.terminate()
    this.#idle = undefined
  }

  async #waitFor(finished: Promise<void>, limitMs: number): Promise<void> {
    const stop = new AbortController()
    await Promise.race([finished, this.#clock.sleep(Math.max(0, limitMs), stop.signal)])
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

function lateAnswers(pids: readonly number[]): Map<number, FilesystemAnswer> {
  return new Map(pids.map(pid => [pid, 'late']))
}

function answersOf({ pids, answers, done }: Sweep): [number, FilesystemAnswer][] {
  return pids.slice(0, Atomics.load(done, 0)).map((pid, index) => {
    const [totalBytes = -1, usedBytes = -1, freeBytes = -1] = answers.subarray(index * NUMBERS_PER_ANSWER)
    return [pid, totalBytes < 0 ? 'failed' : { totalBytes, usedBytes, freeBytes }]
  })
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
