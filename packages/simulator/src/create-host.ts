import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { MS_PER_HOUR, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { Engine } from './engine/engine.ts'
import { cpuinfoText } from './engine/host-figures.ts'
import { makePast } from './engine/make-past.ts'
import { type HostPaths, hostPaths } from './files/host-paths.ts'
import { replaceJson } from './files/json-file.ts'
import { writeVmlist } from './host/cluster-files.ts'
import type { ContainerConf } from './host/conf-text.ts'
import { storeConf, storeLxcConfig } from './host/container-conf.ts'
import { type ContainerSpec, initialValues } from './host/container-spec.ts'
import type { HostIdentity } from './host/host-identity.ts'
import { withKernel } from './host/kernel-lock.ts'
import { startContainer } from './host/lifecycle.ts'
import { writeClock } from './host/runs.ts'
import { DEFAULT_SETTINGS, type HostSettings, readSettings } from './host/settings.ts'
import { updateSettings } from './host/update-settings.ts'
import { CONTROLLERS, makeLxcGroup } from './kernel/cgroup-tree.ts'
import { allCpus, formatCpuList } from './kernel/cpu-list.ts'
import { seeded } from './kernel/seeded.ts'
import { readTrace, traceFile } from './workload/trace.ts'
import { isBuiltIn, type Shape, usualLoad, type Workload, writeWorkload } from './workload/workload.ts'

/** A host that has been up for an hour. */
const UP_MS = MS_PER_HOUR

export interface HostSpec {
  /** Directory of the host; made if need be, and must be empty. */
  readonly root: string
  readonly seed?: number
  readonly node?: string
  /** Folder that it shares with the other nodes of its cluster; made if need be. */
  readonly shared?: string
  readonly hostCores?: number
  readonly hostMemoryMb?: number
  /** No container was started before those that are made with it; pvestatd has not looked yet. Default: an hour up. */
  readonly hasJustBooted?: boolean
  /** How long the host has been up; default: an hour. */
  readonly upMs?: number
  readonly containers: readonly ContainerSpec[]
  readonly settings?: Partial<HostSettings>
  /** For how long Proxmox has known the containers, whose loads were the same all the time; with it the host keeps RRD files. */
  readonly pastDays?: number | undefined
}

/** What was made. */
export interface PretendHost {
  readonly root: string
  readonly paths: HostPaths
  readonly node: string
}

/**
 * Makes a directory that looks like a Proxmox host.
 * @throws {Error} when the directory is not empty, a trace cannot be read or a shape is unknown.
 */
export async function createHost(spec: HostSpec): Promise<PretendHost> {
  const upMs = spec.upMs ?? UP_MS
  const paths = hostPaths(resolve(spec.root))
  const identity: HostIdentity = {
    node: spec.node ?? 'pve',
    seed: spec.seed ?? 1,
    cores: spec.hostCores ?? 8,
    memoryMb: spec.hostMemoryMb ?? 32_768,
    pveVersion: '9.1.4',
    bootedAtSeconds: Math.trunc((Date.now() - upMs) / MS_PER_SECOND),
  }
  makeDirectories(paths, identity.node, spec.shared)
  writeStaticFiles(paths, identity)
  if (spec.hasJustBooted !== true) makeLxcGroup(`${paths.cgroup}/lxc`, formatCpuList(allCpus(identity.cores)))
  replaceJson(paths.host, identity)
  const setClock = (uptimeMs: number) => writeClock(paths, { uptimeMs, workloadMs: 0 })
  setClock(upMs)
  const keepsRrd = spec.pastDays !== undefined
  replaceJson(paths.settings, { ...DEFAULT_SETTINGS, nodes: [identity.node], keepsRrd, ...spec.settings })
  await updateSettings(paths.root, spec.settings ?? {})
  await withKernel(paths.root, () => {
    for (const container of spec.containers) {
      setClock(upMs - (container.upMs ?? 0))
      const size = addContainer(paths, identity, container)
      const past = { vmid: container.vmid, size, format: readSettings(paths).rrdFormat, nowMs: Date.now() }
      if (spec.pastDays !== undefined) makePast(paths, { ...past, days: spec.pastDays })
    }
    setClock(upMs)
  })
  await writeVmlist(paths)
  await new Engine(paths.root).step(0)
  return { root: paths.root, paths, node: identity.node }
}

function addContainer(paths: HostPaths, identity: HostIdentity, spec: ContainerSpec) {
  const shape = absoluteShape(spec.shape)
  const first = isBuiltIn(shape) ? undefined : readTrace(shape).rows[0]
  const cores = spec.cores ?? Math.max(1, Math.round(first?.allocatedCores ?? 2))
  const memoryMb = spec.memoryMb ?? Math.max(16, Math.round(first?.allocatedMb ?? 1_024))
  writeWorkload(paths, spec.vmid, workloadOf({ ...spec, shape, cores, memoryMb }, identity.seed))
  const conf: ContainerConf = {
    live: {
      values: initialValues(spec, { cores, memoryMb, storages: readSettings(paths).storages }),
      lxc: spec.lxc ?? [],
    },
    pending: {},
    snapshots: {},
  }
  storeConf(paths, identity.node, spec.vmid, conf)
  storeLxcConfig(paths, spec.vmid, conf)
  if (spec.running !== false && spec.template !== true) startContainer(paths, identity, spec.vmid, conf)
  return { cores, memoryMb }
}

/** What runs in a container that is made with this size on a host with this seed. */
export function workloadOf(
  spec: ContainerSpec & { readonly cores: number; readonly memoryMb: number },
  hostSeed: number,
): Workload {
  const { shape, vmid, cores, memoryMb, innerLimit } = spec
  return {
    shape,
    seed: Math.trunc(seeded(hostSeed, vmid) * 2 ** 31),
    processes: spec.processes ?? 3 + Math.trunc(seeded(hostSeed, vmid, 7) * 6),
    hasSystemd: spec.systemd ?? true,
    load: { ...usualLoad(shape, cores, memoryMb), ...spec.load },
    ...(innerLimit === undefined ? {} : { innerLimit }),
  }
}

/** Another process, in another directory, must find the trace too. */
function absoluteShape(shape: Shape): Shape {
  return isBuiltIn(shape) ? shape : `trace:${traceFile(shape)}`
}

function makeDirectories(paths: HostPaths, node: string, shared: string | undefined): void {
  if (existsSync(paths.root) && readdirSync(paths.root).length > 0) {
    throw new Error(`cannot make a pretend host in ${paths.root}: the directory is not empty`)
  }
  if (shared !== undefined) shareWithCluster(paths, resolve(shared))
  const directories = [
    `${paths.proc}/net`,
    `${paths.cgroup}/lxc.monitor`,
    `${paths.pve}/nodes/${node}/lxc`,
    `${paths.pve}/nodes/${node}/qemu-server`,
    paths.rrd,
    paths.bin,
    paths.runs,
    paths.starts,
    paths.workloads,
    paths.volumes,
    paths.highAvailability,
    `${paths.root}/var/lib/lxc`,
    `${paths.root}/var/log`,
  ]
  for (const directory of directories) mkdirSync(directory, { recursive: true })
  symlinkSync(`nodes/${node}`, `${paths.pve}/local`)
  symlinkSync(`nodes/${node}/lxc`, `${paths.pve}/lxc`)
}

/** What moves with a container, or is the same on all nodes, is a link into the shared folder; the rest of /etc/pve is each node's own. */
function shareWithCluster(paths: HostPaths, shared: string): void {
  const links: Record<string, string> = {
    [paths.rrd]: 'rrd',
    [paths.workloads]: 'workloads',
    [paths.volumes]: 'volumes',
    ...Object.fromEntries(['nodes', 'ha'].map(name => [`${paths.pve}/${name}`, `pve/${name}`])),
  }
  for (const [link, folder] of Object.entries(links)) {
    mkdirSync(`${shared}/${folder}`, { recursive: true })
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(`${shared}/${folder}`, link)
  }
  for (const file of ['.vmlist', 'storage.cfg', 'datacenter.cfg'])
    symlinkSync(`${shared}/pve/${file}`, `${paths.pve}/${file}`)
}

/** Files that the engine or a command changes later, and those that nobody changes. */
function writeStaticFiles(paths: HostPaths, identity: HostIdentity): void {
  const cpus = `${formatCpuList(allCpus(identity.cores))}\n`
  const files: Record<string, string> = {
    [`${paths.proc}/cpuinfo`]: cpuinfoText(identity.cores),
    [`${paths.proc}/uptime`]: '0.00 0.00\n',
    [`${paths.proc}/stat`]: '',
    [`${paths.proc}/loadavg`]: '',
    [`${paths.proc}/meminfo`]: '',
    [`${paths.proc}/diskstats`]: '',
    [`${paths.proc}/net/dev`]: '',
    [`${paths.proc}/net/unix`]: '',
    [`${paths.proc}/mounts`]: 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n',
    [`${paths.cgroup}/cgroup.controllers`]: CONTROLLERS,
    [`${paths.cgroup}/cgroup.subtree_control`]: CONTROLLERS,
    [`${paths.cgroup}/cgroup.procs`]: '',
    [`${paths.cgroup}/cpu.stat`]: '',
    [`${paths.cgroup}/cpuset.cpus.effective`]: cpus,
    [paths.syslog]: '',
  }
  for (const [path, text] of Object.entries(files)) writeFileSync(path, text)
}
