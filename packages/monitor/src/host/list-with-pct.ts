import { execFile } from 'node:child_process'
import { AutoscaleError, type Clock, errorMessage, MS_PER_SECOND, systemErrorCode } from '@lxc-autoscale/core'
import { parsePctList } from '@lxc-autoscale/host'

/** Limits of a `pct list`, seconds. */
export interface PctListSettings {
  readonly timeoutSeconds: number
  readonly retryLimit: number
  readonly retryDelaySeconds: number
}

/**
 * Asks `pct list` which containers run.
 * @throws {AutoscaleError} PCT_FAILED after the last try.
 */
export async function listWithPct(
  settings: PctListSettings,
  clock: Clock,
  run: (timeoutMs: number) => Promise<string> = runPctList,
): Promise<ReadonlySet<number>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const listed = parsePctList(await run(settings.timeoutSeconds * MS_PER_SECOND))
      return new Set(listed.flatMap(({ vmid, isRunning }) => (isRunning ? [vmid] : [])))
    } catch (error) {
      const isHopeless = systemErrorCode(error) === 'ENOENT'
      if (isHopeless || attempt >= settings.retryLimit) {
        throw new AutoscaleError('PCT_FAILED', `pct list: ${errorMessage(error)}`, { cause: error })
      }
      await clock.sleep(settings.retryDelaySeconds * MS_PER_SECOND)
    }
  }
}

function runPctList(timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('pct', ['list'], { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 16_777_216 }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    )
  })
}
