import { readFileSync } from 'node:fs'
import { runDaemon } from '@lxc-autoscale/core'
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

/** The limit of this process, which Node.js has raised to the hard one. */
function openFileLimit(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined ? 1_024 : Number(limit)
}
