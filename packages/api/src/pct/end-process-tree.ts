import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '@lxc-autoscale/core'

const GRACE_MS = 2_000

/**
 * Ends the process `pid`, which leads a process group, and everything it started: politely, then after 2 s for good.
 * Children that left the group are found by their parents. Gives whether they ended when they were asked to.
 */
export async function endProcessTree(pid: number, clock: Clock): Promise<boolean> {
  const descendants = descendantsOf(pid)
  signalAll([-pid, ...descendants], 'SIGTERM')
  for (let waitedMs = 0; waitedMs < GRACE_MS && isAnyAlive([-pid, ...descendants]); waitedMs += 50)
    await clock.sleep(50)
  const isObeyed = !isAnyAlive([-pid, ...descendants])
  signalAll([-pid, ...new Set([...descendants, ...descendants.flatMap(descendantsOf)])], 'SIGKILL')
  return isObeyed
}

function signalAll(pids: readonly number[], signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It is gone already, which is what was wanted.
    }
  }
}

function isAnyAlive(pids: readonly number[]): boolean {
  return pids.some(pid => {
    try {
      return process.kill(pid, 0)
    } catch {
      // ESRCH: gone. EPERM cannot be, since they are our children.
      return false
    }
  })
}

function descendantsOf(pid: number): number[] {
  const parents = readParents()
  const found: number[] = []
  for (let queue = [pid]; queue.length > 0; ) {
    const children = queue.flatMap(parent => parents.get(parent) ?? [])
    found.push(...children)
    queue = children
  }
  return found
}

/** The children of every process of this machine. */
function readParents(): ReadonlyMap<number, number[]> {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(name)
    if (parent === undefined) continue
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  return children
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It ended while we looked.
    return undefined
  }
}
