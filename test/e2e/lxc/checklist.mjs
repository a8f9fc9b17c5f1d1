import { setTimeout as delay } from 'node:timers/promises'

const POLL_INTERVAL_MS = 100

/** Counts checks and prints one line for each. */
export class Checklist {
  passed = 0
  failed = 0

  /** Records whether `condition` holds; `detail` says what was seen. */
  ok(condition, sentence, detail) {
    if (condition) this.passed++
    else this.failed++
    console.log(`${condition ? 'ok' : 'not ok'} - ${sentence}${detail === undefined ? '' : ` (${detail})`}`)
  }

  /** Runs a group of checks; an error in it is one failed check and does not end the other groups. */
  async scenario(name, run) {
    const startMs = performance.now()
    try {
      await run()
    } catch (error) {
      this.ok(false, name, error.message)
    }
    console.log(`# ${name}: ${((performance.now() - startMs) / 1_000).toFixed(1)} s`)
  }
}

/**
 * What `probe` gives once that is neither undefined nor false.
 * @throws {Error} naming `what` when it does not happen within `timeoutMs`.
 */
export async function until(what, timeoutMs, probe) {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const value = await probe()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs / 1_000} s`)
    await delay(POLL_INTERVAL_MS)
  }
}
