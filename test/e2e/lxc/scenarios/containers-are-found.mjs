import { until } from '../checklist.mjs'
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
}
