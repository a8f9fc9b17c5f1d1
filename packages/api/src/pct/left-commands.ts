import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '@lxc-autoscale/core'
import type { LeftWait } from '../ports.ts'

/** Variable of the environment of a command that holds the mark. */
export const MARK_VARIABLE = 'LXC_AUTOSCALE_COMMAND_OF'

const POLL_MS = 100

export interface LeftCommandsWait extends LeftWait {
  /** The mark of the service whose commands are meant. */
  readonly mark: string
  readonly clock: Clock
}

/**
 * Waits until the commands have ended that a killed daemon may have left running, but not longer than `mostMs`: what a
 * container has is known only then. Gives whether they have.
 */
export async function leftCommandsEnded({ mark, mostMs, clock, signal }: LeftCommandsWait): Promise<boolean> {
  const endMs = clock.monotonicMs() + mostMs
  while (isAnyRunning(mark)) {
    if (signal.aborted || clock.monotonicMs() >= endMs) return false
    await clock.sleep(POLL_MS, signal)
  }
  return true
}

function isAnyRunning(mark: string): boolean {
  const variable = `${MARK_VARIABLE}=${mark}`
  return readdirSync('/proc').some(name => /^\d+$/.test(name) && environmentOf(name).includes(variable))
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    // It ended while we looked, or belongs to somebody else and so is no command of ours.
    return []
  }
}
