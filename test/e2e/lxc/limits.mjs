import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { cgroupPath, memoryLimitMb, parseCpuList, readText } from './kernel-files.mjs'

/**
 * Puts the options of a container on its cgroup as Proxmox does on a host with cgroup v1. All of it goes to the outer cgroup
 * `lxc/ID`, except that the CPU set is also that of `lxc/ID/ns`.
 */

const PERIOD_USEC = 100_000
const BYTES_PER_MB = 1_048_576

/** Quota of the option `cpulimit` (cores, fractions allowed), microseconds per period; -1: none. */
export function quotaUsec(cpulimit) {
  const cores = Number(cpulimit ?? 0)
  return cores > 0 ? Math.trunc(cores * PERIOD_USEC) : -1
}

/** @throws EINVAL when the kernel refuses the quota. */
export function setQuota(vmid, cpulimit) {
  write(cgroupPath('cpu', vmid, 'cpu.cfs_period_us'), PERIOD_USEC)
  write(cgroupPath('cpu', vmid, 'cpu.cfs_quota_us'), quotaUsec(cpulimit))
}

/**
 * Sets the memory limit and the limit of memory and swap together. The second may never be below the first, so growth begins
 * with the second and shrinking with the first.
 * @throws EBUSY when the container holds more than `memoryMb` and nothing of it can be reclaimed.
 */
export function setMemoryLimit(vmid, memoryMb, swapMb) {
  const memory = () => writeLimit('memory.limit_in_bytes', memoryMb)
  const withSwap = () => writeLimit('memory.memsw.limit_in_bytes', memoryMb + swapMb)
  const writeLimit = (file, limitMb) => write(cgroupPath('memory', vmid, file), limitMb * BYTES_PER_MB)
  const isGrowth = memoryMb > (memoryLimitMb(vmid) ?? Number.POSITIVE_INFINITY)
  for (const set of isGrowth ? [withSwap, memory] : [memory, withSwap]) set()
}

/** CPUs for a container that is started: the lowest ones. */
export function firstCpus(cores) {
  return Array.from({ length: Math.min(cores ?? Number.POSITIVE_INFINITY, availableParallelism()) }, (_, cpu) => cpu)
}

/**
 * What pvestatd does for one container in each of its passes: brings the size of the CPU set to `cores` (undefined: all).
 * In cgroup v1 a set must contain the sets below it, so the outer one is wide open while the inner one changes.
 */
export function balanceCpuSet(vmid, cores) {
  const outer = cgroupPath('cpuset', vmid, 'cpuset.cpus')
  const inner = cgroupPath('cpuset', vmid, 'ns/cpuset.cpus')
  const wanted = firstCpus(cores)
  const hasSize = path => parseCpuList(readText(path) ?? '').length === wanted.length
  if (hasSize(outer) && hasSize(inner)) return
  write(outer, firstCpus(undefined).join(','))
  write(inner, wanted.join(','))
  write(outer, wanted.join(','))
}

/** An error of the kernel's comes without the path. */
function write(path, value) {
  try {
    writeFileSync(path, String(value))
  } catch (error) {
    throw Object.assign(error, { path })
  }
}
