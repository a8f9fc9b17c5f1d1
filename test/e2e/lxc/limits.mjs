import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { cgroupPath, IS_UNIFIED, memoryLimitMb, parseCpuList, readText } from './kernel-files.mjs'

/**
 * Puts the options of a container on its cgroup as Proxmox does. All of it goes to the outer cgroup `lxc/ID`, except that the CPU
 * set is also that of `lxc/ID/ns`.
 */

const PERIOD_USEC = 100_000
const BYTES_PER_MB = 1_048_576
/** Mark above which the kernel makes a container wait, as a share of its limit, below 16 GB. Source: pve-container, PVE/LXC/Config.pm, calculate_memory_constraints. */
export const HIGH_SHARE = 1_016 / 1_024

/** Quota of the option `cpulimit` (cores, fractions allowed), microseconds per period; -1: none. */
function quotaUsec(cpulimit) {
  const cores = Number(cpulimit ?? 0)
  return cores > 0 ? Math.trunc(cores * PERIOD_USEC) : -1
}

/** @throws EINVAL when the kernel refuses the quota. */
export function setQuota(vmid, cpulimit) {
  const quota = quotaUsec(cpulimit)
  if (IS_UNIFIED) return write(cgroupPath('cpu', vmid, 'cpu.max'), `${quota < 0 ? 'max' : quota} ${PERIOD_USEC}`)
  write(cgroupPath('cpu', vmid, 'cpu.cfs_period_us'), PERIOD_USEC)
  write(cgroupPath('cpu', vmid, 'cpu.cfs_quota_us'), quota)
}

/**
 * Sets the limits of memory and swap. With cgroup v1 the second is of both together and may never be below the first, so growth
 * begins with the second and shrinking with the first.
 * @throws EBUSY with cgroup v1, when the container holds more than `memoryMb` and nothing of it can be reclaimed; with v2 the
 *   kernel kills then.
 */
export function setMemoryLimit(vmid, memoryMb, swapMb) {
  const writeLimit = (file, limitMb) => write(cgroupPath('memory', vmid, file), limitMb * BYTES_PER_MB)
  if (IS_UNIFIED) {
    writeLimit('memory.swap.max', swapMb)
    writeLimit('memory.high', memoryMb * HIGH_SHARE)
    writeLimit('memory.max', memoryMb)
    return
  }
  const memory = () => writeLimit('memory.limit_in_bytes', memoryMb)
  const withSwap = () => writeLimit('memory.memsw.limit_in_bytes', memoryMb + swapMb)
  const isGrowth = memoryMb > (memoryLimitMb(vmid) ?? Number.POSITIVE_INFINITY)
  for (const set of isGrowth ? [withSwap, memory] : [memory, withSwap]) set()
}

/** CPUs for a container that is started: the lowest ones. */
function firstCpus(cores) {
  return Array.from({ length: Math.min(cores ?? Number.POSITIVE_INFINITY, availableParallelism()) }, (_, cpu) => cpu)
}

/**
 * What pvestatd does for one container in each of its passes: brings the size of the CPU set to `cores` (undefined: all).
 */
export function balanceCpuSet(vmid, cores) {
  const outer = cgroupPath('cpuset', vmid, 'cpuset.cpus')
  const inner = cgroupPath('cpuset', vmid, 'ns/cpuset.cpus')
  const wanted = firstCpus(cores)
  const hasSize = path => parseCpuList(readText(path) ?? '').length === wanted.length
  if (hasSize(outer) && hasSize(inner)) return
  // With v1 a set must contain the sets below it, so the outer one is wide open while the inner one changes.
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

/** Lines for LXC's configuration that put these limits on the cgroup before the first process runs. */
export function limitLines({ memoryMb, swapMb, cores, cpulimit }) {
  const cpus = firstCpus(cores).join(',')
  const quota = quotaUsec(cpulimit)
  if (IS_UNIFIED)
    return [
      `lxc.cgroup2.memory.max = ${memoryMb}M`,
      `lxc.cgroup2.memory.high = ${memoryMb * HIGH_SHARE * BYTES_PER_MB}`,
      `lxc.cgroup2.memory.swap.max = ${swapMb}M`,
      `lxc.cgroup2.cpuset.cpus = ${cpus}`,
      `lxc.cgroup2.cpu.max = ${quota < 0 ? 'max' : quota} ${PERIOD_USEC}`,
    ]
  return [
    `lxc.cgroup.memory.limit_in_bytes = ${memoryMb}M`,
    `lxc.cgroup.memory.memsw.limit_in_bytes = ${memoryMb + swapMb}M`,
    `lxc.cgroup.cpuset.cpus = ${cpus}`,
    `lxc.cgroup.cpu.cfs_quota_us = ${quota}`,
  ]
}
