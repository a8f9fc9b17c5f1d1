import { readFileSync } from 'node:fs'
import { until } from '../checklist.mjs'
import { isAsConfigured } from './load-is-scaled.mjs'

/** SIGTERM ends each daemon cleanly, and the containers keep what they have. */
export async function daemonsStop({ host, checks, daemons, metrics }) {
  for (const daemon of Object.values(daemons)) {
    checks.ok(daemon.isRunning, `${daemon.name} has run to the end`)
    const { exitCode, seconds } = await daemon.stop()
    checks.ok(
      exitCode === 0,
      `${daemon.name} stops when asked to`,
      `exit code ${exitCode} after ${seconds.toFixed(1)} s`,
    )
  }
  const isKept = () => host.vmids.every(vmid => isAsConfigured(host, vmid))
  await until('the containers keep what they are configured to have', 10_000, isKept)
  checks.ok(true, 'the containers keep what they have')
  const cycles = JSON.parse(readFileSync(metrics.path, 'utf8'))
  checks.ok(
    Array.isArray(cycles) && cycles.length === metrics.cycles().length,
    'the metrics file is one JSON array',
    `${cycles.length} cycles`,
  )
}
