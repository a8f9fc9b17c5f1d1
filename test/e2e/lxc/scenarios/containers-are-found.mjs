import { until } from '../checklist.mjs'
import { MONITOR_PORT } from '../daemon-configs.mjs'
import { allowedCores, memoryLimitMb, processIds } from '../kernel-files.mjs'

/** The monitor finds all containers, privileged or not, and says what they are allowed. */
export async function containersAreFound({ host, checks, containers, metrics }) {
  const hasAll = cycle => host.vmids.every(vmid => cycle[vmid] !== undefined)
  const cycle = await until('a cycle with all containers', 20_000, () => metrics.cycles().find(hasAll))
  checks.ok(
    cycle.summary.total_containers === host.vmids.length,
    'the summary counts the containers',
    cycle.summary.total_containers,
  )
  for (const [name, vmid] of Object.entries(containers)) {
    const { cpu_cores: cores, memory_limit_mb: limitMb, process_count: processes } = cycle[vmid]
    const isTrue =
      cores === allowedCores(vmid) && limitMb === memoryLimitMb(vmid) && processes === processIds(vmid).length
    checks.ok(
      isTrue,
      `${name} has its cores, limit and processes`,
      `${cores} cores, ${limitMb} MB, ${processes} processes`,
    )
  }
  const exposed = await (await fetch(`http://127.0.0.1:${MONITOR_PORT}/metrics`)).text()
  const missing = host.vmids.filter(
    vmid => !new RegExp(`^lxc_container_memory_usage_bytes\\{.*"${vmid}".*\\} \\d`, 'm').test(exposed),
  )
  checks.ok(
    missing.length === 0,
    'the monitor shows them to Prometheus',
    missing.join(', ') || `${exposed.length} characters`,
  )
}
