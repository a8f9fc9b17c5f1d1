import { openFileLimit, runDaemon } from '@lxc-autoscale/core'
import { monitorDaemon } from './daemon.ts'

/** Files left for logs, the metrics file, connections and the runtime itself. */
const OTHER_FILES = 128

/** lxc-monitor. */
export async function main(): Promise<void> {
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
