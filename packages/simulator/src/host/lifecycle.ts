import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { BYTES_PER_MB, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { containerCgroup, type HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceJson, replaceText } from '../files/json-file.ts'
import { fillCgroup, fillMonitorCgroup, freshDirectory, inodeOf, makeLxcGroup } from '../kernel/cgroup-tree.ts'
import { allCpus, formatCpuList, parseCpuList } from '../kernel/cpu-list.ts'
import { writeKernelFile } from '../kernel/kernel-file.ts'
import { memoryConstraints } from '../kernel/memory-constraints.ts'
import { EMPTY_MEMORY } from '../kernel/memory-state.ts'
import { type ProcessFacts, writeInitFiles, writeProcessFiles } from '../kernel/process-files.ts'
import { seeded } from '../kernel/seeded.ts'
import { parseSize } from '../schema/size.ts'
import { readWorkload } from '../workload/workload.ts'
import type { ContainerConf, RawLine } from './conf-text.ts'
import type { HostIdentity } from './host-identity.ts'
import { type Run, readClock, readRun, removeRun, runningVmids, writeRun } from './runs.ts'

const FIRST_PID = 1_200
/** Uid and gid on the host of root in an unprivileged container. */
const UNPRIVILEGED_UID = 100_000

/** What was remembered of a container's earlier starts. */
interface StartRecord {
  readonly count: number
  readonly inode: number
}

/**
 * Starts a container: processes, cgroup, run. Call it with the kernel lock held. What a killed start left is removed first.
 * A reader sees the container appear whole: its directories are made aside and renamed.
 */
export function startContainer(paths: HostPaths, identity: HostIdentity, vmid: number, conf: ContainerConf): Run {
  removeKernelTrees(paths, vmid, [])
  const values = conf.live.values
  const workload = readWorkload(paths, vmid)
  const record = readStartRecord(paths, vmid)
  const pids = allocatePids(paths, 1 + workload.processes)
  const [monitorPid = FIRST_PID, initPid = FIRST_PID + 1] = pids
  const clock = readClock(paths)
  const run: Run = {
    vmid,
    initPid,
    monitorPid,
    pids: pids.slice(1),
    startedAtSeconds: clock.uptimeMs / MS_PER_SECOND,
    startCount: record.count + 1,
    workloadSinceMs: clock.workloadMs,
    workloadUptimeMs: clock.uptimeMs,
  }
  makeProcesses(paths, run, {
    hostname: values['hostname'] ?? `CT${vmid}`,
    isUnprivileged: values['unprivileged'] === '1',
    hasSystemd: workload.hasSystemd,
  })
  const inode = makeCgroups(paths, run, {
    ...cpusetOf(paths, identity, run, conf),
    ...limitsOf(values),
    pids: run.pids,
    hasSystemd: workload.hasSystemd,
    memory: { ...EMPTY_MEMORY, anon: 3 * BYTES_PER_MB, kernel: BYTES_PER_MB },
    innerMaxBytes: workload.innerLimit === undefined ? undefined : workload.innerLimit.memoryMb * BYTES_PER_MB,
    raw: conf.live.lxc,
    unlikeInode: record.count === 0 ? undefined : record.inode,
  })
  replaceJson(startRecordFile(paths, vmid), { count: run.startCount, inode })
  writeRun(paths, run)
  writeUnixSockets(paths)
  return run
}

/** Stops a container at once. Call it with the kernel lock held. */
export function stopContainer(paths: HostPaths, vmid: number): void {
  const run = readRun(paths, vmid)
  removeRun(paths, vmid)
  writeUnixSockets(paths)
  removeKernelTrees(paths, vmid, run === undefined ? [] : [run.monitorPid, ...run.pids])
}

/** `proc/net/unix` with the command socket of each running container; by it Proxmox tells who runs. */
export function writeUnixSockets(paths: HostPaths): void {
  const lines = runningVmids(paths).map(
    vmid => `0000000000000000: 00000002 00000000 00010000 0001 01 ${20_000 + vmid} @/var/lib/lxc/${vmid}/command\n`,
  )
  writeKernelFile(
    `${paths.proc}/net/unix`,
    `Num       RefCount Protocol Flags    Type St Inode Path\n0000000000000000: 00000002 00000000 00010000 0001 01 14021 /run/systemd/notify\n${lines.join('')}`,
  )
}

/** The limits that lxc-start gets from the configuration. Source: pve-container, LXC.pm, update_lxc_config. */
function limitsOf(values: Readonly<Record<string, string>>) {
  const cpulimit = Number(values['cpulimit'] ?? 0)
  return {
    ...memoryConstraints(Number(values['memory'] ?? 512)),
    swapMaxBytes: Number(values['swap'] ?? 0) * BYTES_PER_MB,
    cpuMax: cpulimit > 0 ? `${Math.trunc(100_000 * cpulimit)} 100000` : 'max 100000',
    cpuWeight: Math.min(Math.max(Number(values['cpuunits'] ?? 100), 1), 10_000),
  }
}

/**
 * The CPUs that a container starts on: those of a raw key, else as many as its `cores`, at random. The first container after
 * a boot is started before its group can have a set, and may use all until pvestatd looks.
 */
function cpusetOf(paths: HostPaths, identity: HostIdentity, run: Run, { live }: ContainerConf) {
  const all = allCpus(identity.cores)
  const pinned = live.lxc.findLast(([key]) => key === 'lxc.cgroup2.cpuset.cpus')?.[1]
  if (pinned !== undefined) {
    const allowed = parseCpuList(pinned).filter(cpu => all.includes(cpu))
    return { cpus: pinned, effectiveCpus: formatCpuList(allowed) }
  }
  if (!existsSync(`${paths.cgroup}/lxc`)) {
    makeLxcGroup(`${paths.cgroup}/lxc`, formatCpuList(all))
    return { cpus: '', effectiveCpus: formatCpuList(all) }
  }
  const cpus = formatCpuList(randomCpus(identity, run, Number(live.values['cores']) || identity.cores))
  return { cpus, effectiveCpus: cpus }
}

function randomCpus(identity: HostIdentity, run: Run, cores: number): readonly number[] {
  return [...allCpus(identity.cores)]
    .sort(
      (a, b) => seeded(identity.seed, run.vmid, run.startCount, a) - seeded(identity.seed, run.vmid, run.startCount, b),
    )
    .slice(0, cores)
}

interface GuestFacts {
  readonly hostname: string
  readonly isUnprivileged: boolean
  readonly hasSystemd: boolean
}

function makeProcesses(paths: HostPaths, run: Run, guest: GuestFacts): void {
  const monitor: ProcessFacts = {
    pid: run.monitorPid,
    parentPid: 1,
    name: 'lxc-start',
    commandLine: ['/usr/bin/lxc-start', '-F', '-n', String(run.vmid)],
    cgroup: `lxc.monitor/${run.vmid}`,
    startedAtSeconds: run.startedAtSeconds,
    uid: 0,
  }
  makeProcess(paths, monitor, directory => {
    mkdirSync(`${directory}/task/${run.monitorPid}`, { recursive: true })
    replaceChildren(`${directory}/task/${run.monitorPid}/children`, [run.initPid])
  })
  run.pids.forEach((pid, at) => {
    const isInit = at === 0
    const facts = guestProcess(run, guest, pid, at)
    makeProcess(paths, facts, directory => {
      if (isInit) writeInitFiles(directory, guest.hostname, guest.isUnprivileged)
    })
  })
}

function guestProcess(run: Run, guest: GuestFacts, pid: number, at: number): ProcessFacts {
  const isInit = at === 0
  const ns = `lxc/${run.vmid}/ns`
  const systemdGroup = isInit ? `${ns}/init.scope` : `${ns}/system.slice/workload.service`
  const initName = guest.hasSystemd ? 'systemd' : 'init'
  return {
    pid,
    parentPid: isInit ? run.monitorPid : run.initPid,
    innerPid: isInit ? 1 : 100 + at,
    name: isInit ? initName : 'workload',
    commandLine: isInit ? ['/sbin/init'] : ['/usr/bin/workload', `--worker=${at}`],
    cgroup: guest.hasSystemd ? systemdGroup : ns,
    startedAtSeconds: run.startedAtSeconds,
    uid: guest.isUnprivileged ? UNPRIVILEGED_UID : 0,
  }
}

function makeProcess(paths: HostPaths, facts: ProcessFacts, more: (directory: string) => void): void {
  const aside = `${paths.state}/staging/process.${facts.pid}`
  mkdirSync(aside, { recursive: true })
  writeProcessFiles(aside, facts)
  more(aside)
  renameSync(aside, `${paths.proc}/${facts.pid}`)
}

function makeCgroups(
  paths: HostPaths,
  run: Run,
  spec: Parameters<typeof fillCgroup>[1] & { unlikeInode: number | undefined; raw: readonly RawLine[] },
): number {
  const aside = `${paths.state}/staging/cgroup.${run.vmid}`
  const monitorAside = `${paths.state}/staging/monitor.${run.vmid}`
  const directory = freshDirectory(aside, spec.unlikeInode)
  fillCgroup(directory, spec)
  for (const [key, value] of spec.raw) writeRawLimit(directory, key, value)
  mkdirSync(monitorAside)
  fillMonitorCgroup(monitorAside, run.monitorPid)
  renameSync(monitorAside, `${paths.cgroup}/lxc.monitor/${run.vmid}`)
  renameSync(directory, containerCgroup(paths, run.vmid))
  rmSync(aside, { recursive: true, force: true })
  return inodeOf(containerCgroup(paths, run.vmid))
}

/** A raw key names a file of the cgroup, and is written after what Proxmox writes. */
function writeRawLimit(directory: string, key: string, value: string): void {
  const [, file] = /^lxc\.cgroup2\.((?:cpu|io|memory|pids)\.[a-z.]+)$/.exec(key) ?? []
  if (file === undefined) return
  writeKernelFile(`${directory}/${file}`, `${parseSize(value) ?? value}\n`)
}

function removeKernelTrees(paths: HostPaths, vmid: number, pids: readonly number[]): void {
  rmSync(`${paths.state}/staging`, { recursive: true, force: true })
  mkdirSync(`${paths.state}/staging`, { recursive: true })
  const trees = [
    containerCgroup(paths, vmid),
    `${paths.cgroup}/lxc.monitor/${vmid}`,
    ...pids.map(pid => `${paths.proc}/${pid}`),
  ]
  trees.forEach((tree, at) => {
    if (existsSync(tree)) renameSync(tree, `${paths.state}/staging/gone.${at}`)
  })
  rmSync(`${paths.state}/staging`, { recursive: true, force: true })
}

/** Process numbers that were never used on this host. */
function allocatePids(paths: HostPaths, count: number): readonly number[] {
  const file = `${paths.state}/next-pid.json`
  const text = readIfThere(file)
  const first: number = text === undefined ? FIRST_PID : JSON.parse(text)
  replaceJson(file, first + count)
  return Array.from({ length: count }, (_, at) => first + at)
}

function readStartRecord(paths: HostPaths, vmid: number): StartRecord {
  const text = readIfThere(startRecordFile(paths, vmid))
  return text === undefined ? { count: 0, inode: 0 } : JSON.parse(text)
}

function startRecordFile(paths: HostPaths, vmid: number): string {
  return `${paths.starts}/${vmid}.json`
}

function replaceChildren(path: string, pids: readonly number[]): void {
  replaceText(path, `${pids.join(' ')} `)
}
