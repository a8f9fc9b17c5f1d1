import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Readings of a container from the kernel's own files, made without any code of the daemons. See
 * Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the kernel.
 */

export const CGROUP_ROOT = '/sys/fs/cgroup'
/** Whether this machine has cgroup v2 alone. */
export const IS_UNIFIED = existsSync(join(CGROUP_ROOT, 'cgroup.controllers'))
const BYTES_PER_MB = 1_048_576
const KIB_PER_MB = 1_024
/** A container without its own memory limit shows a number near 2^63. */
const NO_LIMIT_MB = 2 ** 40

/** Path of a file of the container's outer cgroup, where Proxmox sets the limits. */
export function cgroupPath(controller, vmid, file = '') {
  return join(CGROUP_ROOT, IS_UNIFIED ? '' : controller, 'lxc', String(vmid), file)
}

/** Content of a file without the line end; undefined when there is no such file. */
export function readText(path) {
  try {
    return readFileSync(path, 'utf8').trimEnd()
  } catch (error) {
    if (['ENOENT', 'ENODEV', 'ESRCH'].includes(error.code)) return undefined
    throw error
  }
}

function readNumber(path) {
  const text = readText(path)
  return text === undefined ? undefined : Number(text)
}

/** A figure of a file of lines `key number`; undefined when there is no such file or line. */
export function keyedNumber(path, key) {
  const [, digits] = new RegExp(`^${key} (\\d+)$`, 'm').exec(readText(path) ?? '') ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** The CPUs that a list like `0-2,5` names. */
export function parseCpuList(text) {
  return text.split(',').flatMap(range => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/** CPU time that the container has used since it was started, seconds. */
export function cpuSeconds(vmid) {
  if (IS_UNIFIED) return keyedNumber(cgroupPath('cpu', vmid, 'cpu.stat'), 'usage_usec') / 1e6
  const usageNs = readNumber(cgroupPath('cpuacct', vmid, 'cpuacct.usage'))
  return usageNs === undefined ? undefined : usageNs / 1e9
}

/** CPUs in the set of the container. */
export function cpuSetSize(vmid) {
  const list = readText(cgroupPath('cpuset', vmid, 'cpuset.cpus'))
  return list === undefined || list === '' ? undefined : parseCpuList(list).length
}

/** Cores that the container is allowed: the smaller of its CPU set and its quota. */
export function allowedCores(vmid) {
  const setSize = cpuSetSize(vmid)
  const [quotaUsec, periodUsec] = IS_UNIFIED
    ? (readText(cgroupPath('cpu', vmid, 'cpu.max')) ?? '').split(' ').map(word => (word === 'max' ? -1 : Number(word)))
    : ['quota', 'period'].map(name => readNumber(cgroupPath('cpu', vmid, `cpu.cfs_${name}_us`)))
  if (setSize === undefined || quotaUsec === undefined || periodUsec === undefined) return undefined
  return quotaUsec > 0 ? Math.min(setSize, quotaUsec / periodUsec) : setSize
}

/** Periods in which the container ran so far, and those in which its quota ran out. */
export function throttling(vmid) {
  const text = readText(cgroupPath('cpu', vmid, 'cpu.stat'))
  const value = key => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)[1])
  return { periods: value('nr_periods'), throttled: value('nr_throttled') }
}

/** The memory limit of the container; undefined when it has none. */
export function memoryLimitMb(vmid) {
  const limitBytes = readNumber(cgroupPath('memory', vmid, IS_UNIFIED ? 'memory.max' : 'memory.limit_in_bytes'))
  const limitMb = limitBytes === undefined ? undefined : limitBytes / BYTES_PER_MB
  return limitMb !== undefined && limitMb < NO_LIMIT_MB ? limitMb : undefined
}

/** Page cache of the container, tmpfs included. */
export function pageCacheMb(vmid) {
  const [, bytes] = /^total_cache (\d+)$/m.exec(readText(cgroupPath('memory', vmid, 'memory.stat')))
  return Number(bytes) / BYTES_PER_MB
}

/** Disk operations of the container since the kernel began to count them. */
export function diskOperations(vmid) {
  const text = readText(cgroupPath('blkio', vmid, 'blkio.throttle.io_serviced_recursive'))
  const total = kind =>
    [...text.matchAll(new RegExp(` ${kind} (\\d+)$`, 'gm'))].reduce((sum, [, n]) => sum + Number(n), 0)
  return { reads: total('Read'), writes: total('Write') }
}

/** The folders in which a container has a cgroup: one for each controller with v1, one with v2. */
export function hierarchies() {
  return IS_UNIFIED ? [CGROUP_ROOT] : readdirSync(CGROUP_ROOT).map(name => join(CGROUP_ROOT, name))
}

/** A cgroup and those below it, outer ones first; none when it does not exist. */
export function cgroupsBelow(top) {
  if (!existsSync(top)) return []
  const below = readdirSync(top, { recursive: true, withFileTypes: true }).filter(entry => entry.isDirectory())
  return [top, ...below.map(entry => join(entry.parentPath, entry.name))]
}

/** Processes, as the host numbers them, of the container (`lxc`) or of the program that watches it (`lxc.monitor`). */
export function processesBelow(parent, vmid) {
  const folders = cgroupsBelow(join(CGROUP_ROOT, IS_UNIFIED ? '' : 'pids', parent, String(vmid)))
  return folders.flatMap(folder =>
    (readText(join(folder, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number),
  )
}

/** The processes of the container, as the host numbers them. */
export function processIds(vmid) {
  return processesBelow('lxc', vmid)
}

/**
 * Memory that the processes of the container hold and nobody can take back without swap: anonymous pages of each process
 * (proc_pid_smaps_rollup) and what lies in the tmpfs under /tmp.
 */
export function heldMemoryMb(vmid) {
  const pids = processIds(vmid)
  const anonymousKib = pids.reduce((sum, pid) => sum + anonymousKibOf(pid), 0)
  return anonymousKib / KIB_PER_MB + tmpfsMb(pids[0])
}

function anonymousKibOf(pid) {
  const [, kib = 0] = /^Pss_Anon:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/smaps_rollup`) ?? '') ?? []
  return Number(kib)
}

function tmpfsMb(pid) {
  const { blocks, bfree, bsize } = statfsSync(`/proc/${pid}/root/tmp`)
  return ((blocks - bfree) * bsize) / BYTES_PER_MB
}

/** Bytes that went through the host's end of a veth pair; undefined when there is no such device. */
export function hostLinkBytes(link) {
  const [, counters] = new RegExp(`^ *${link}: *(.*)$`, 'm').exec(readText('/proc/net/dev')) ?? []
  if (counters === undefined) return undefined
  const numbers = counters.split(/ +/).map(Number)
  return { received: numbers[0], sent: numbers[8] }
}

/** `major:minor` of the whole disk that holds `path`; undefined when that is no block device. */
export function diskOf(path) {
  const device = statSync(path).dev
  // The encoding of dev_t in glibc's sys/sysmacros.h, for majors and minors below 2^12 and 2^20.
  const number = `${(device >> 8) & 0xfff}:${(device & 0xff) | ((device >> 12) & 0xfff00)}`
  const isPartition = readText(`/sys/dev/block/${number}/partition`) !== undefined
  return readText(`/sys/dev/block/${number}/${isPartition ? '../' : ''}dev`)
}
