import { setFlagsFromString } from 'node:v8'
import { openFileLimit, runDaemon } from '@lxc-autoscale/core'
import { monitorDaemon } from './daemon.ts'

/** Files left for logs, the metrics file, connections and the runtime itself. */
const OTHER_FILES = 128

/**
 * Share of what lives in the heap by which it may grow before garbage is collected. Nothing but garbage comes and goes here;
 * V8 alone would let a heap of 20 MB grow to 60. The command of bin/ sets the same before the engine starts.
 */
const HEAP_GROWTH_PERCENT = 15

/** lxc-monitor. */
export async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`)
  await runDaemon(
    monitorDaemon({
      mostOpenFiles: Math.max(0, openFileLimit() - OTHER_FILES),
      usage: () => {
        const { user, system } = process.cpuUsage()
        return { cpuUsec: user + system, rssBytes: process.memoryUsage.rss() }
      },
      endAtOnce: () => process.kill(process.pid, 'SIGKILL'),
    }),
  )
}
