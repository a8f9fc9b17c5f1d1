import { spawn } from 'node:child_process'
import type { WhatIfJob, WhatIfMessage, WhatIfResult } from '@lxc-autoscale/core'

export interface ReplayTerms {
  /** Aborted when nobody wants the result any more. */
  readonly signal: AbortSignal
  readonly onProgress: (share: number) => void
}

/** Replays a job somewhere else. Rejects when that fails, or is aborted. */
export type Replay = (job: WhatIfJob, terms: ReplayTerms) => Promise<WhatIfResult>

export interface ReplayProgram {
  /** The Node.js that runs it. */
  readonly node: string
  readonly program: string
}

/** Small, and with an end: what does not fit into 128 MB is no history of one container. */
const V8_FLAGS = ['--max-old-space-size=128', '--max-semi-space-size=1', '--single-threaded-gc', '--v8-pool-size=0']
const KEPT_CHARACTERS = 2_000

/**
 * Replays in a process of its own. Not in a thread: the end of the memory of a thread, or a crash in it, can be the end of the daemon, its
 * buffers count in no limit of V8, and what it used is not given back.
 */
export function replayProcess({ node, program }: ReplayProgram): Replay {
  return (job, { signal, onProgress }) =>
    new Promise((resolve, reject) => {
      const child = spawn(node, [...V8_FLAGS, program], {
        argv0: 'lxc_autoscale_what_if',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        signal,
        killSignal: 'SIGKILL',
      })
      let complaint = ''
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        complaint = `${complaint}${text}`.slice(-KEPT_CHARACTERS)
      })
      child.on('message', (message: WhatIfMessage) => {
        if ('result' in message) resolve(message.result)
        else onProgress(message.progress)
      })
      child.on('error', reject)
      child.on('close', (code, killedBy) => {
        const how = killedBy === null ? `with exit code ${code}` : `by ${killedBy}`
        reject(new Error(`it ended ${how}`, { cause: complaint }))
      })
      child.send(job, error => {
        if (error !== null) reject(error)
      })
    })
}
