import { readFileSync, statfsSync } from 'node:fs'
import { BYTES_PER_GB, BYTES_PER_MB, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { containerCgroup, type HostPaths } from '../files/host-paths.ts'
import { readIfThere } from '../files/json-file.ts'
import { parseFlatKeyed } from '../kernel/flat-keyed.ts'
import { readLimit } from '../kernel/kernel-file.ts'
import { parseNetDev } from '../kernel/net-dev.ts'
import { parseSize } from '../schema/size.ts'
import type { ConfValues } from './conf-text.ts'
import type { HostIdentity } from './host-identity.ts'
import { type Run, readClock, readRun } from './runs.ts'

export type StatusValue = string | number

/** What Proxmox assumes of a volume that does not tell its size. */
const UNTOLD_DISK_BYTES = 4 * BYTES_PER_GB

/** The host whose containers are looked at. */
interface Host {
  readonly paths: HostPaths
  readonly identity: HostIdentity
}

/**
 * What Proxmox knows of a container, by name, without the CPU share: that needs two looks in one process, so that a
 * command always has 0. Source: pve-container, LXC.pm, vmstatus.
 */
export function statusValues(host: Host, vmid: number, values: ConfValues): Readonly<Record<string, StatusValue>> {
  const { identity, paths } = host
  const run = readRun(paths, vmid)
  const cores = values['cores'] ?? (Number(values['cpulimit'] ?? 0) > 0 ? values['cpulimit'] : undefined)
  const optional: Record<string, string | undefined> = { lock: values['lock'], tags: values['tags'] }
  return {
    type: 'lxc',
    vmid,
    status: run === undefined ? 'stopped' : 'running',
    name: (values['hostname'] ?? `CT${vmid}`).replaceAll(/\s/g, ''),
    cpus: Number(cores) || identity.cores,
    ...Object.fromEntries(
      Object.entries(optional).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    ),
    ...(values['template'] === '1' ? { template: 1 } : {}),
    maxmem: Number(values['memory'] ?? 512) * BYTES_PER_MB,
    maxswap: Number(values['swap'] ?? 0) * BYTES_PER_MB,
    ...(run === undefined ? stoppedValues(values) : runningValues(host, run)),
  }
}

function stoppedValues(values: ConfValues): Record<string, StatusValue> {
  const size = /(?:^|,)size=([^,]+)/.exec(values['rootfs'] ?? '')?.[1]
  return {
    disk: 0,
    maxdisk: (size === undefined ? undefined : parseSize(size)) ?? UNTOLD_DISK_BYTES,
    mem: 0,
    swap: 0,
    uptime: 0,
    netin: 0,
    netout: 0,
    diskread: 0,
    diskwrite: 0,
  }
}

function runningValues({ paths }: Host, run: Run): Record<string, StatusValue> {
  const cgroup = containerCgroup(paths, run.vmid)
  const { blocks, bfree, bsize } = statfsSync(`${paths.proc}/${run.initPid}/root`)
  const stat = parseFlatKeyed(readFileSync(`${cgroup}/memory.stat`, 'utf8'))
  const io = readFileSync(`${cgroup}/io.stat`, 'utf8')
  const sum = (key: string) =>
    [...io.matchAll(new RegExp(`\\b${key}=(\\d+)`, 'g'))].reduce((total, match) => total + Number(match[1]), 0)
  return {
    pid: run.initPid,
    disk: (blocks - bfree) * bsize,
    maxdisk: blocks * bsize,
    mem: (readLimit(`${cgroup}/memory.current`) ?? 0) - (stat.get('file') ?? 0),
    swap: readLimit(`${cgroup}/memory.swap.current`) ?? 0,
    uptime: Math.trunc(readClock(paths).uptimeMs / MS_PER_SECOND - run.startedAtSeconds),
    ...networkValues(readFileSync(`${paths.proc}/net/dev`, 'utf8'), run.vmid),
    diskread: sum('rbytes'),
    diskwrite: sum('wbytes'),
    ...pressureValues(cgroup),
  }
}

/** Counted at the host's end of the cable, where in and out are the other way round. */
function networkValues(netDev: string, vmid: number): Record<string, number> {
  let netin = 0
  let netout = 0
  for (const [name, { rxBytes, txBytes }] of parseNetDev(netDev)) {
    if (!name.startsWith(`veth${vmid}i`)) continue
    netin += txBytes
    netout += rxBytes
  }
  return { netin, netout }
}

function pressureValues(cgroup: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const resource of ['cpu', 'io', 'memory']) {
    const text = readIfThere(`${cgroup}/${resource}.pressure`) ?? ''
    for (const kind of ['some', 'full']) {
      const average = new RegExp(`^${kind} avg10=([\\d.]+)`, 'm').exec(text)?.[1]
      if (average !== undefined) values[`pressure${resource}${kind}`] = average
    }
  }
  return values
}
