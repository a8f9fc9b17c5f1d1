import { type HostFiles, type KernelFile, OPTIONAL } from '../host-files.ts'
import { hasWord, parseCpuCount, parseCpuMax, parseSingleValue } from '../parse/single-line.ts'
import type { CgroupFiles } from './cgroup-files.ts'

/** What the kernel lets a container run on. */
export interface CpuAllowance {
  /** CPUs it may run on. */
  readonly cpusetCores: number | undefined
  /** Cores that the quota allows; Infinity without a quota. */
  readonly quotaCores: number | undefined
}

/** The cores that a container is really allowed: the smaller of its CPU set and its quota. */
export function allowedCores({ cpusetCores, quotaCores }: CpuAllowance): number | undefined {
  if (cpusetCores === undefined || quotaCores === undefined) return undefined
  return Math.min(cpusetCores, quotaCores)
}

/**
 * Reads what a container is allowed again and again. Where nothing sets its CPUs it has all of the host.
 * Source: Linux, admin-guide/cgroup-v2.rst, cpu.max, cpuset.cpus.effective; scheduler/sched-bwc.rst for v1.
 */
export function openCpuAllowance(
  files: HostFiles,
  cgroup: CgroupFiles,
  hostCores: () => number | undefined,
): () => CpuAllowance {
  if (cgroup.layout.kind === 'legacy') return openLegacy(cgroup, hostCores)
  const quota = cgroup.file('cpu', 'cpu.max', OPTIONAL)
  const cpus = cgroup.file('cpuset', 'cpuset.cpus.effective', OPTIONAL)
  return () => {
    const cpusetCores = cpus?.read(parseCpuCount)
    const quotaCores = quota?.read(parseCpuMax)
    return {
      cpusetCores: isSwitchedOff(cpus, 'cpuset', files) ? hostCores() : cpusetCores,
      quotaCores: isSwitchedOff(quota, 'cpu', files) ? Number.POSITIVE_INFINITY : quotaCores,
    }
  }
}

/** A file that is missing limits nothing where its controller is switched off, and is unknown everywhere else. */
function isSwitchedOff(file: KernelFile | undefined, controller: string, files: HostFiles): boolean {
  if (file === undefined || file.absence === undefined) return false
  return files.readOnce(`${file.folder}/cgroup.controllers`, text => hasWord(text, controller), OPTIONAL) === false
}

/** A controller that is not mounted limits nothing. */
function openLegacy(cgroup: CgroupFiles, hostCores: () => number | undefined): () => CpuAllowance {
  const quota = cgroup.file('cpu', 'cpu.cfs_quota_us')
  const period = cgroup.file('cpu', 'cpu.cfs_period_us')
  const cpus = cgroup.file('cpuset', 'cpuset.effective_cpus')
  return () => ({
    cpusetCores: cpus === undefined ? hostCores() : cpus.read(parseCpuCount),
    quotaCores: quota === undefined ? Number.POSITIVE_INFINITY : legacyQuotaCores(quota, period),
  })
}

function legacyQuotaCores(quota: KernelFile, period: KernelFile | undefined): number | undefined {
  const quotaUsec = quota.read(parseSingleValue)
  if (quotaUsec === Number.POSITIVE_INFINITY) return quotaUsec
  const periodUsec = period?.read(parseSingleValue)
  return quotaUsec === undefined || !periodUsec ? undefined : quotaUsec / periodUsec
}
