import { containerCgroup, type HostPaths } from '../files/host-paths.ts'
import { readConf } from '../host/container-conf.ts'
import type { HostIdentity } from '../host/host-identity.ts'
import { runningVmids } from '../host/runs.ts'
import { allCpus, formatCpuList, parseCpuList } from '../kernel/cpu-list.ts'
import { readFirstLine, writeKernelFile } from '../kernel/kernel-file.ts'
import { balanceCpusets, type CpusetMember } from './balance-cpusets.ts'

/** A container whose CPUs changed. */
export interface CpusetChange {
  readonly vmid: number
  readonly cpus: readonly number[]
}

/** One pass of pvestatd over the cpusets of all running containers; only here `cores` gets its effect. */
export function cpusetPass(paths: HostPaths, identity: HostIdentity): readonly CpusetChange[] {
  const members = runningVmids(paths)
    .map(String)
    .sort()
    .flatMap(vmid => readMember(paths, identity, Number(vmid)))
  const changes: CpusetChange[] = []
  for (const [vmid, cpus] of balanceCpusets(members, allCpus(identity.cores))) {
    const before = members.find(member => member.vmid === vmid)?.cpus ?? []
    if (formatCpuList(before) === formatCpuList(cpus)) continue
    writeCpuset(containerCgroup(paths, vmid), cpus)
    changes.push({ vmid, cpus })
  }
  return changes
}

/** The set of the outer cgroup and of `ns`, and what follows from them. */
function writeCpuset(cgroup: string, cpus: readonly number[]): void {
  const text = `${formatCpuList(cpus)}\n`
  for (const group of [`${cgroup}/ns`, cgroup]) {
    writeKernelFile(`${group}/cpuset.cpus`, text)
    writeKernelFile(`${group}/cpuset.cpus.effective`, text)
  }
}

function readMember(paths: HostPaths, identity: HostIdentity, vmid: number): readonly CpusetMember[] {
  const cpuset = readFirstLine(`${containerCgroup(paths, vmid)}/cpuset.cpus`)
  const conf = readConf(paths, identity.node, vmid)?.conf
  if (cpuset === undefined || conf === undefined) return []
  const cores = conf.live.values['cores']
  return [
    {
      vmid,
      cpus: parseCpuList(cpuset),
      cores: Number(cores) || undefined,
      isPinned: conf.live.lxc.some(([key]) => key === 'lxc.cgroup2.cpuset.cpus' || key === 'lxc.cgroup.cpuset.cpus'),
    },
  ]
}
