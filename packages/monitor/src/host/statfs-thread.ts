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

/** Starts a thread that does not keep the process alive. */
export function startStatfsThread(): StatfsThread {
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
