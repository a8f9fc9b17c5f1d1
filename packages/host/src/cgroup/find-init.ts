import { readFileSync } from 'node:fs'
import { systemErrorCode } from '@lxc-autoscale/core'

const NAMESPACE_PIDS = /^NSpid:\s+(.+)$/m
/** The init is among the first: a process list is in order of age, near enough. */
const MOST_CANDIDATES = 256

/**
 * The process that is number 1 inside its container, out of the process numbers in `procs` (the texts of cgroup.procs,
 * likeliest first). It has exactly two numbers, the second of them 1: containers nested in it have more.
 */
export function findInitPid(proc: string, procs: Iterable<string>): number | undefined {
  let candidates = 0
  for (const text of procs) {
    for (const pid of text.split('\n')) {
      if (!/^[1-9]\d*$/.test(pid)) continue
      if (candidates++ === MOST_CANDIDATES) return undefined
      if (isInit(proc, pid)) return Number(pid)
    }
  }
  return undefined
}

function isInit(proc: string, pid: string): boolean {
  try {
    const numbers = NAMESPACE_PIDS.exec(readFileSync(`${proc}/${pid}/status`, 'latin1'))?.[1]
    return numbers !== undefined && /^\d+\s+1\s*$/.test(numbers)
  } catch (error) {
    // The process ended meanwhile.
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}
