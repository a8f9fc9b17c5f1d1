import { statfs } from 'node:fs'
import { Worker } from 'node:worker_threads'

/** What a thread is to do, in memory that it shares with the one who asks. */
export interface StatfsWork {
  readonly proc: string
  /** Processes whose root file systems are asked for. */
  readonly pids: Int32Array
  /** Three numbers per process: bytes in all, in use, free; -1 when it failed. */
  readonly answers: Float64Array
  /** One number: how many processes are done. */
  readonly done: Int32Array
}

/** A thread that asks file systems for their sizes. */
export interface StatfsThread {
  /** Resolves when it has started. */
  readonly ready: Promise<void>
  /** Gives it work; `whenDone` is called when it is done with all of it, which may be never. */
  begin(work: StatfsWork, whenDone: () => void): void
  /** Does not end a thread that waits for a file system. */
  end(): Promise<void>
}

/**
 * Plain JavaScript, given as text so that it runs the same from source, from dist/ and from a bundle. It answers into
 * shared memory one by one, so that a file system that hangs does not take away the answers before it.
 */
const PROGRAM = `
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

/**
 * Whether a file system is waited for in the thread pool of Node.js, which has four threads, and reads and writes files too:
 * one of them may hang. A thread of its own answers in a tenth of the time, but takes 18 MB on Node.js 24.
 */
let isPoolTaken = false

/** Gives the thread pool, or starts a thread of its own when that is taken. */
export function startStatfsThread(): StatfsThread {
  return isPoolTaken ? startOwnThread() : IN_POOL
}

const IN_POOL: StatfsThread = {
  ready: Promise.resolve(),
  begin(work, whenDone) {
    isPoolTaken = true
    askFrom(0, work, () => {
      isPoolTaken = false
      whenDone()
    })
  },
  end: () => Promise.resolve(),
}

/** One after another, so that a file system that hangs holds no more than one thread. */
function askFrom(index: number, work: StatfsWork, whenDone: () => void): void {
  statfs(`${work.proc}/${work.pids[index]}/root`, (error, size) => {
    const answer =
      error === null
        ? [size.blocks * size.bsize, (size.blocks - size.bfree) * size.bsize, size.bavail * size.bsize]
        : FAILED
    work.answers.set(answer, index * FAILED.length)
    Atomics.store(work.done, 0, index + 1)
    if (index + 1 < work.pids.length) askFrom(index + 1, work, whenDone)
    else whenDone()
  })
}

const FAILED = [-1, -1, -1]

/** Starts a thread that does not keep the process alive. */
function startOwnThread(): StatfsThread {
  const worker = new Worker(PROGRAM, {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  })
  worker.unref()
  return {
    ready: new Promise(resolve => worker.once('online', resolve)),
    begin(work, whenDone) {
      worker.once('message', whenDone)
      worker.postMessage(work)
    },
    end: async () => void (await worker.terminate()),
  }
}
