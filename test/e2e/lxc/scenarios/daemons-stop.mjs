import { readFileSync } from 'node:fs'
import { allowedCores, memoryLimitMb } from '../kernel-files.mjs'

/** SIGTERM ends each daemon cleanly, and the containers keep what they have. */
export async function daemonsStop({ host, checks, daemons, metrics }) {
  const allocations = () => JSON.stringify(host.vmids.map(vmid => [allowedCores(vmid), memoryLimitMb(vmid)]))
  const before = allocations()
  for (const daemon of Object.values(daemons)) {
    checks.ok(daemon.isRunning, `${daemon.name} has run to the end`)
    const { exitCode, seconds } = await daemon.stop()
    checks.ok(
      exitCode === 0,
      `${daemon.name} stops when asked to`,
      `exit code ${exitCode} after ${seconds.toFixed(1)} s`,
    )
  }
  checks.ok(allocations() === before, 'the containers keep what they have', before)
  const cycles = JSON.parse(readFileSync(metrics.path, 'utf8'))
  checks.ok(
    Array.isArray(cycles) && cycles.length === metrics.cycles().length,
    'the metrics file is one JSON array',
    `${cycles.length} cycles`,
  )
}
