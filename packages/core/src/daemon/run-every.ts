import type { Clock } from '../clock.ts'

export interface Schedule {
  readonly intervalMs: () => number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Runs `cycle` at a fixed rate, beginning at once, until the signal is aborted. Cycles never overlap: one that takes
 * longer than the interval makes the next ticks fall out, and the rate is kept from the tick after them. `intervalMs`
 * is asked after each cycle, so that a new configuration takes effect.
 */
export async function runEvery(schedule: Schedule, cycle: () => Promise<void>): Promise<void> {
  const { clock, signal } = schedule
  let dueMs = clock.monotonicMs()
  while (!signal.aborted) {
    await cycle()
    const intervalMs = schedule.intervalMs()
    const missedTicks = Math.max(0, Math.floor((clock.monotonicMs() - dueMs) / intervalMs))
    dueMs += (missedTicks + 1) * intervalMs
    await clock.sleep(Math.max(0, dueMs - clock.monotonicMs()), signal)
  }
}
