import { readFileSync, statfsSync } from 'node:fs'
import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { readBroadcast } from '../host/broadcast.ts'
import { addressOf, isDown, isOnline } from '../host/cluster-files.ts'
import { listVmids } from '../host/container-conf.ts'
import { readMeminfo } from '../host/meminfo.ts'
import { readClock } from '../host/runs.ts'
import { type StatusValue, statusValues } from '../host/status-values.ts'
import { type Context, isHighlyAvailable, loadConf } from '../pct/context.ts'
import { EXIT, Failure } from '../pct/failure.ts'
import { contextOn, otherHost } from '../pct/other-node.ts'
import { mergedValues } from '../pct/pending.ts'
import { rrddata } from './rrddata.ts'

const LEVEL = ''

interface Asked {
  readonly path: string
  /** Options by their names. */
  readonly values: Readonly<Record<string, string>>
}

/**
 * What the API of Proxmox has at a path.
 * @throws {Failure} when there is nothing, or the node is not there
 */
export function resourceAt(context: Context, path: string, values: Asked['values']): unknown {
  const [area, name, ...rest] = path.split('/').filter(part => part !== '')
  if (area === 'version' && name === undefined) return version(context)
  if (area === 'cluster' && name === 'status') return clusterStatus(context)
  if (area === 'cluster' && name === 'resources') return clusterResources(context, values['type'])
  if (area === 'nodes' && name === undefined) return nodesOf(context).map(nodeResource)
  if (area === 'nodes' && name !== undefined) return nodeArea(contextOn(context, name), rest, { path, values })
  throw new Failure(`No 'get' handler defined for '${path}'`, EXIT.unknownPath)
}

function nodeArea(context: Context, rest: readonly string[], asked: Asked): unknown {
  const [area, vmid, ...deeper] = rest
  if (area === 'status' && vmid === undefined) return nodeStatus(context)
  if (area === 'version' && vmid === undefined) return version(context)
  if (area === 'lxc' && vmid === undefined) return containers(context)
  if (area === 'lxc' && vmid !== undefined) {
    return containerArea(context, Number(vmid), { ...asked, area: deeper.join('/') })
  }
  throw new Failure(`No 'get' handler defined for '${asked.path}'`, EXIT.unknownPath)
}

function containerArea(
  context: Context,
  vmid: number,
  { area, path, values }: Asked & { readonly area: string },
): unknown {
  const conf = loadConf(context, vmid)
  if (area === 'config') return mergedValues(conf)
  if (area === 'rrddata') return rrddata(context, vmid, values)
  if (area === 'status/current') {
    const managed = isHighlyAvailable(context, vmid) ? 1 : 0
    return { ...statusValues(context, vmid, conf.live.values), cpu: 0, ha: { managed } }
  }
  throw new Failure(`No 'get' handler defined for '${path}'`, EXIT.unknownPath)
}

/** `cpu` is always 0: a fresh process has only one sample. */
function containers(context: Context): readonly Readonly<Record<string, StatusValue>>[] {
  const { paths, identity } = context
  return listVmids(paths, identity.node).map(vmid => {
    const { values } = loadConf(context, vmid).live
    return { ...statusValues(context, vmid, values), cpu: 0 }
  })
}

function version({ identity }: Context) {
  return {
    release: identity.pveVersion.split('.').slice(0, 2).join('.'),
    repoid: '0123456789abcdef',
    version: identity.pveVersion,
  }
}

function nodeStatus(context: Context) {
  const { paths, identity } = context
  const memory = memoryOf(context)
  const { blocks, bfree, bavail, bsize } = statfsSync(paths.root)
  const load = readFileSync(`${paths.proc}/loadavg`, 'utf8').split(' ').slice(0, 3)
  return {
    'boot-info': { mode: 'legacy-bios' },
    cpu: 0,
    cpuinfo: {
      cores: identity.cores,
      cpus: identity.cores,
      family: '6',
      flags: 'fpu tsc msr pae',
      hvm: '1',
      mhz: '2400.000',
      model: 'Pretend CPU @ 2.40GHz',
      sockets: 1,
      user_hz: 100,
      vendor: 'GenuineIntel',
    },
    'current-kernel': {
      machine: 'x86_64',
      release: '6.17.4-2-pve',
      sysname: 'Linux',
      version: '#1 SMP PREEMPT_DYNAMIC PMX',
    },
    idle: 0,
    ksm: { shared: 0 },
    kversion: 'Linux 6.17.4-2-pve #1 SMP PREEMPT_DYNAMIC PMX',
    loadavg: load,
    memory,
    pveversion: `pve-manager/${identity.pveVersion}/0123456789abcdef`,
    rootfs: { avail: bavail * bsize, free: bfree * bsize, total: blocks * bsize, used: (blocks - bfree) * bsize },
    swap: swapOf(context),
    uptime: uptimeSeconds(context),
    wait: 0,
  }
}

function clusterStatus({ identity, settings }: Context) {
  const nodes = settings.nodes.map((name, at) => ({
    id: `node/${name}`,
    ip: addressOf(settings, name),
    level: LEVEL,
    local: name === identity.node ? 1 : 0,
    name,
    nodeid: settings.nodes.length < 2 ? 0 : at + 1,
    online: isOnline(settings, identity, name) ? 1 : 0,
    type: 'node',
  }))
  if (settings.nodes.length < 2) return nodes
  const cluster = {
    id: 'cluster',
    name: 'pretend',
    nodes: nodes.length,
    quorate: settings.quorate ? 1 : 0,
    type: 'cluster',
    version: 1,
  }
  // The order is that of a Perl hash: another one each time.
  return [cluster, ...nodes.sort(() => Math.random() - 0.5)]
}

function clusterResources(context: Context, type: string | undefined): readonly unknown[] {
  const isWanted = (kind: string) => type === undefined || type === kind
  const nodes = nodesOf(context)
  return [...(isWanted('vm') ? nodes.flatMap(guests) : []), ...(isWanted('node') ? nodes.map(nodeResource) : [])]
}

/** This host and the other pretend hosts of its cluster, those that are not up among them. */
function nodesOf(context: Context): readonly Context[] {
  const { settings, identity } = context
  const others = settings.nodes.filter(name => name !== identity.node)
  return [context, ...others.flatMap(name => otherHost(context, name) ?? [])]
}

/** Figures come from pvestatd's broadcast, so that `cpu` is more than 0; a container started since then is not known yet. */
function guests(context: Context): readonly unknown[] {
  const { paths, identity, settings } = context
  if (isDown(settings, identity)) {
    return listVmids(paths, identity.node).map(vmid => ({ ...guestBase(identity.node, vmid), status: 'unknown' }))
  }
  const broadcast = readBroadcast(context.paths)
  return containers(context).map(values => {
    const { vmid = 0, name, status, template = 0, uptime, cpus, maxmem, mem, maxdisk, disk, netin, netout } = values
    const base = guestBase(identity.node, vmid)
    const cpu = broadcast?.cpu[vmid] ?? 0
    const isFresh = broadcast !== undefined && (status === 'stopped' || broadcast.cpu[vmid] !== undefined)
    if (!isFresh) return { ...base, status: 'unknown' }
    const { diskread, diskwrite, lock, tags } = values
    const counters = { disk, diskread, diskwrite, maxdisk, netin, netout }
    return {
      ...base,
      ...counters,
      cpu,
      lock,
      maxcpu: cpus,
      maxmem,
      mem,
      memhost: mem,
      name,
      status,
      tags,
      template,
      uptime,
    }
  })
}

function guestBase(node: string, vmid: StatusValue) {
  return { id: `lxc/${vmid}`, node, type: 'lxc', vmid }
}

function nodeResource(context: Context) {
  const { identity, paths, settings } = context
  const id = `node/${identity.node}`
  if (isDown(settings, identity)) return { id, node: identity.node, status: 'offline', type: 'node' }
  const memory = memoryOf(context)
  const { blocks, bfree, bsize } = statfsSync(paths.root)
  return {
    'cgroup-mode': 2,
    cpu: readBroadcast(paths)?.nodeCpu ?? 0,
    disk: (blocks - bfree) * bsize,
    id,
    level: LEVEL,
    maxcpu: identity.cores,
    maxdisk: blocks * bsize,
    maxmem: memory.total,
    mem: memory.used,
    node: identity.node,
    status: 'online',
    type: 'node',
    uptime: uptimeSeconds(context),
  }
}

/** `used` is what is not available. Source: libpve-common, ProcFSTools.pm, since 8.3.1. */
function memoryOf({ paths }: Context) {
  const total = readMeminfo(paths, 'MemTotal')
  const available = readMeminfo(paths, 'MemAvailable')
  return { available, free: readMeminfo(paths, 'MemFree'), total, used: total - available }
}

function swapOf({ paths }: Context) {
  const total = readMeminfo(paths, 'SwapTotal')
  const free = readMeminfo(paths, 'SwapFree')
  return { free, total, used: total - free }
}

function uptimeSeconds({ paths }: Context): number {
  return Math.trunc(readClock(paths).uptimeMs / MS_PER_SECOND)
}
