/** A container as pvestatd sees it when it looks at the cpusets. */
export interface CpusetMember {
  readonly vmid: number
  readonly cpus: readonly number[]
  /** `cores` of its configuration; undefined when it has none, and may use all. */
  readonly cores: number | undefined
  /** Its configuration names CPUs itself (raw `lxc.cgroup2.cpuset.cpus`): it counts, but is left alone. */
  readonly isPinned?: boolean
}

/**
 * The cpusets that pvestatd gives the containers in one pass: of the right size, then spread so that no CPU carries two
 * containers more than another. Source: pve-manager, PVE/Service/pvestatd.pm, rebalance_lxc_containers.
 * @returns vmid -> CPUs, sorted.
 */
export function balanceCpusets(
  members: readonly CpusetMember[],
  allowed: readonly number[],
): ReadonlyMap<number, readonly number[]> {
  const sets = new Map<number, readonly number[]>()
  const load = new Map<number, number>(allowed.map(cpu => [cpu, 0]))
  const add = (cpu: number, count: number) => load.set(cpu, (load.get(cpu) ?? 0) + count)
  for (const member of members) {
    const cpus = member.isPinned === true ? member.cpus : resized(member, allowed)
    sets.set(member.vmid, cpus)
    for (const cpu of cpus) add(cpu, 1)
  }
  for (const { vmid, cores, isPinned } of members) {
    if (isPinned === true || cores === undefined || cores >= allowed.length) continue
    sets.set(vmid, spread(sets.get(vmid) ?? [], allowed, load, add))
  }
  return sets
}

/** Shrinking keeps the lowest numbers; growing adds the lowest that are not in it. */
function resized({ cpus, cores }: CpusetMember, allowed: readonly number[]): readonly number[] {
  const size = Math.min(cores ?? allowed.length, allowed.length)
  const present = sorted(cpus.filter(cpu => allowed.includes(cpu)))
  const others = allowed.filter(cpu => !present.includes(cpu))
  return sorted([...present, ...others].slice(0, size))
}

function spread(
  cpus: readonly number[],
  allowed: readonly number[],
  load: ReadonlyMap<number, number>,
  add: (cpu: number, count: number) => void,
): readonly number[] {
  const free = allowed.filter(cpu => !cpus.includes(cpu))
  const chosen = new Set<number>()
  for (const cpu of cpus) {
    const best = leastLoaded(cpu, free, load)
    if (best !== cpu) {
      add(best, 1)
      add(cpu, -1)
      free.splice(free.indexOf(best), 1)
    }
    chosen.add(best)
  }
  return sorted([...chosen])
}

/** `cpu`, or another one that carries at least two containers fewer. */
function leastLoaded(cpu: number, candidates: readonly number[], load: ReadonlyMap<number, number>): number {
  let best = cpu
  let lowest = load.get(cpu) ?? 0
  for (const candidate of candidates) {
    const count = load.get(candidate) ?? 0
    if (count < lowest - 1) {
      best = candidate
      lowest = count
    }
  }
  return best
}

function sorted(cpus: readonly number[]): readonly number[] {
  return [...cpus].sort((a, b) => a - b)
}
