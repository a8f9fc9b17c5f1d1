import { linkSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { formatNoCpuStat } from './cpu-counters.ts'
import { limitText } from './kernel-file.ts'
import { formatMemoryEvents, INNER_GROUP } from './memory-files.ts'
import { formatMemoryStat, type MemoryState } from './memory-state.ts'
import { formatPressure, NO_PRESSURE } from './pressure.ts'
import { NO_EVENTS } from './reclaim.ts'

export interface CgroupSpec {
  /** Content of `cpuset.cpus`, and what comes of it. */
  readonly cpus: string
  readonly effectiveCpus: string
  readonly maxBytes: number
  readonly highBytes: number
  readonly swapMaxBytes: number
  /** Content of `cpu.max`, e.g. `max 100000`. */
  readonly cpuMax: string
  readonly cpuWeight: number
  readonly pids: readonly number[]
  /** A guest with systemd keeps its init in `init.scope` and nothing in `ns` itself. */
  readonly hasSystemd: boolean
  readonly memory: MemoryState
  /** Limit of a group inside the container. */
  readonly innerMaxBytes: number | undefined
}

export const CONTROLLERS = 'cpuset cpu io memory hugetlb pids rdma misc\n'

/** Counters of `ns` that are those of the outer cgroup, since every process of a container is in `ns`. */
const SHARED = [
  'cpu.stat',
  'cpu.pressure',
  'io.pressure',
  'io.stat',
  'memory.current',
  'memory.pressure',
  'memory.stat',
  'memory.swap.current',
  'pids.current',
]

/** Fills the cgroup directory of a container, which must exist and be empty. */
export function fillCgroup(directory: string, spec: CgroupSpec): void {
  fill(directory, outerFiles(spec))
  const ns = `${directory}/ns`
  mkdirSync(ns)
  fill(ns, innerFiles(spec))
  for (const name of SHARED) linkSync(`${directory}/${name}`, `${ns}/${name}`)
  if (spec.hasSystemd) makeSystemdGroups(ns, spec.pids)
  if (spec.innerMaxBytes === undefined) return
  const inner = `${directory}/${INNER_GROUP}`
  mkdirSync(inner)
  fill(inner, { ...groupFiles(), ...eventFiles(), 'cgroup.procs': '', 'memory.max': limitText(spec.innerMaxBytes) })
}

/** Makes the group that all containers are in, which is there from the first start after a boot. */
export function makeLxcGroup(directory: string, cpus: string): void {
  mkdirSync(directory)
  fill(directory, {
    'cgroup.controllers': CONTROLLERS,
    'cgroup.subtree_control': CONTROLLERS,
    'cgroup.procs': '',
    'cpuset.cpus': '\n',
    'cpuset.cpus.effective': `${cpus}\n`,
  })
}

/** Fills the cgroup directory of the process that watches a container (`lxc.monitor/<vmid>`). */
export function fillMonitorCgroup(directory: string, pid: number): void {
  fill(directory, { ...groupFiles(), 'cgroup.procs': procsText([pid]) })
}

/**
 * Makes an empty directory at `path` or beside it whose inode is not `unlikeInode`: the number of a real cgroup does not
 * come back after a restart, but file systems like to use one again.
 */
export function freshDirectory(path: string, unlikeInode: number | undefined): string {
  mkdirSync(path, { recursive: true })
  if (inodeOf(path) !== unlikeInode) return path
  const other = `${path}.other`
  mkdirSync(other)
  return other
}

/** The number by which a reader tells two runs of a container apart. */
export function inodeOf(directory: string): number {
  return statSync(directory).ino
}

function makeSystemdGroups(ns: string, pids: readonly number[]): void {
  const groups: Readonly<Record<string, readonly number[]>> = {
    'init.scope': pids.slice(0, 1),
    'system.slice': [],
    'system.slice/workload.service': pids.slice(1),
  }
  for (const [name, members] of Object.entries(groups)) {
    mkdirSync(`${ns}/${name}`)
    fill(`${ns}/${name}`, { ...groupFiles(), 'cgroup.procs': procsText(members) })
  }
}

function outerFiles(spec: CgroupSpec): Record<string, string> {
  const { memory } = spec
  return {
    ...groupFiles(),
    'cgroup.procs': '',
    'cpu.idle': '0\n',
    'cpu.max': `${spec.cpuMax}\n`,
    'cpu.max.burst': '0\n',
    'cpu.pressure': formatPressure(NO_PRESSURE),
    'cpu.stat': formatNoCpuStat(),
    'cpu.weight': `${spec.cpuWeight}\n`,
    'cpuset.cpus': `${spec.cpus}\n`,
    'cpuset.cpus.effective': `${spec.effectiveCpus}\n`,
    'cpuset.cpus.partition': 'member\n',
    'cpuset.mems': '\n',
    'cpuset.mems.effective': '0\n',
    'io.max': '',
    'io.pressure': formatPressure(NO_PRESSURE),
    'io.stat': '',
    'io.weight': 'default 100\n',
    'memory.current': `${memory.anon + memory.kernel}\n`,
    ...eventFiles(),
    'memory.high': limitText(spec.highBytes),
    'memory.low': '0\n',
    'memory.max': limitText(spec.maxBytes),
    'memory.min': '0\n',
    'memory.oom.group': '0\n',
    'memory.peak': `${memory.anon + memory.kernel}\n`,
    'memory.pressure': formatPressure(NO_PRESSURE),
    'memory.stat': formatMemoryStat(memory, 0),
    'memory.swap.current': '0\n',
    'memory.swap.high': 'max\n',
    'memory.swap.max': limitText(spec.swapMaxBytes),
    'pids.current': `${spec.pids.length}\n`,
    'pids.max': 'max\n',
  }
}

function innerFiles(spec: CgroupSpec): Record<string, string> {
  return {
    ...groupFiles(),
    ...eventFiles(),
    'cgroup.procs': spec.hasSystemd ? '' : procsText(spec.pids),
    'cpu.max': 'max 100000\n',
    'cpu.weight': '100\n',
    'cpuset.cpus': `${spec.cpus}\n`,
    'cpuset.cpus.effective': `${spec.effectiveCpus}\n`,
    'memory.high': 'max\n',
    'memory.max': 'max\n',
    'memory.swap.max': 'max\n',
    'pids.max': 'max\n',
  }
}

function eventFiles(): Record<string, string> {
  const none = formatMemoryEvents(NO_EVENTS)
  return { 'memory.events': none, 'memory.events.local': none }
}

function groupFiles(): Record<string, string> {
  return {
    'cgroup.controllers': CONTROLLERS,
    'cgroup.events': 'populated 1\nfrozen 0\n',
    'cgroup.freeze': '0\n',
    'cgroup.max.depth': 'max\n',
    'cgroup.max.descendants': 'max\n',
    'cgroup.subtree_control': CONTROLLERS,
    'cgroup.threads': '',
    'cgroup.type': 'domain\n',
  }
}

/** The process list of a cgroup. */
function procsText(pids: readonly number[]): string {
  return pids.map(pid => `${pid}\n`).join('')
}

function fill(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text)
}
