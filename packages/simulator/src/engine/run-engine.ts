import { MS_PER_MINUTE } from '@lxc-autoscale/core/units'
import { hostPaths } from '../files/host-paths.ts'
import { acquireProcessLock } from '../host/process-lock.ts'
import { runningVmids } from '../host/runs.ts'
import { Engine } from './engine.ts'

/** A reader that looks once a second is at most a twentieth off; big hosts are moved less often, since a step costs more. */
const SHORTEST_STEP_MS = 50
const STEP_MS_PER_CONTAINER = 2
/** A machine that slept does not make up for the night in one step. */
const LONGEST_STEP_MS = MS_PER_MINUTE

export interface RunOptions {
  readonly speed?: number
  readonly signal: AbortSignal
}

/**
 * Moves the host in `root` in real time until `signal`.
 * @throws {Error} when another engine does so already.
 */
export async function startEngine(root: string, { speed = 1, signal }: RunOptions): Promise<void> {
  const lock = await acquireProcessLock({ root, name: 'engine', timeoutMs: 0 })
  if (lock === undefined) throw new Error(`pretend host ${root}: another engine is running`)
  try {
    let engine = new Engine(root, { speed })
    let lastMs = performance.now()
    while (!signal.aborted) {
      await pause(stepMs(root), signal)
      const nowMs = performance.now()
      if (engine.hasRebooted()) engine = new Engine(root, { speed })
      await engine.step(Math.min(nowMs - lastMs, LONGEST_STEP_MS))
      lastMs = nowMs
    }
  } finally {
    await lock.release()
  }
}

function stepMs(root: string): number {
  return Math.max(SHORTEST_STEP_MS, runningVmids(hostPaths(root)).length * STEP_MS_PER_CONTAINER)
}

/** Waits, at most until `signal`. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
