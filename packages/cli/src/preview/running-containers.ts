import { AutoscaleError } from '@lxc-autoscale/core'
import {
  type CgroupLayout,
  configuredLimits,
  configuredVmids,
  findCgroupLayout,
  type HostFiles,
  isOn,
  isRunning,
  type Limits,
  parseLxcConf,
  parseTags,
  type RawLimits,
  rawLimits,
} from '@lxc-autoscale/host'

/** A container of this node that runs now, as Proxmox has it configured. */
export interface RunningContainer {
  readonly vmid: number
  readonly name: string
  readonly tags: readonly string[]
  readonly limits: Limits
  /** What settles its cores or memory past Proxmox. */
  readonly raw: RawLimits
}

export interface HostRoots {
  readonly cgroup: string
  readonly pve: string
}

/** The containers that run on this node, by rising number. @throws {AutoscaleError} HOST_UNREADABLE when it cannot be told. */
export function runningContainers(files: HostFiles, { cgroup, pve }: HostRoots): RunningContainer[] {
  const folder = `${pve}/lxc`
  const names = files.list(folder)
  if (names === undefined) throw unreadable(`${folder} is not there: run this on a Proxmox VE node`)
  const layout = findCgroupLayout(cgroup)
  if (layout === undefined) throw unreadable(`${cgroup} is no cgroup file system: which containers run is not known`)
  return configuredVmids(names).flatMap(
    vmid => runningContainer(files, layout, { vmid, file: `${folder}/${vmid}.conf` }) ?? [],
  )
}

interface Place {
  readonly vmid: number
  readonly file: string
}

/** Undefined when it does not run, or was moved away meanwhile. */
function runningContainer(files: HostFiles, layout: CgroupLayout, { vmid, file }: Place): RunningContainer | undefined {
  if (!isRunning(files, layout, vmid)) return undefined
  const text = files.readText(file)
  if (text === undefined) return undefined
  const conf = parseLxcConf(text)
  if (isOn(conf.values.get('template'))) return undefined
  return {
    vmid,
    name: conf.values.get('hostname') ?? `CT${vmid}`,
    tags: parseTags(conf.values.get('tags')),
    limits: configuredLimits(conf.values),
    raw: rawLimits(conf),
  }
}

function unreadable(message: string): AutoscaleError {
  return new AutoscaleError('HOST_UNREADABLE', message)
}
