import { readFileSync, statfsSync } from 'node:fs'
import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import { listVmids, readConf } from '../host/container-conf.ts'
import type { HostIdentity } from '../host/host-identity.ts'
import { readMeminfo } from '../host/meminfo.ts'
import { readClock } from '../host/runs.ts'
import type { HostSettings } from '../host/settings.ts'
import { type StatusValue, statusValues } from '../host/status-values.ts'
import { parseNetDev } from '../kernel/net-dev.ts'

/** Key and figures of one line of `/etc/pve/.rrd`. */
export type RrdLine = readonly [key: string, figures: string]

/** The host, and what pvestatd computes from two looks. */
export interface PassFigures {
  readonly paths: HostPaths
  readonly identity: HostIdentity
  readonly format: HostSettings['rrdFormat']
  /** What the node's clock shows. */
  readonly clockSeconds: number
  readonly nodeCpu: number
  /** vmid -> share of the CPUs it is allotted; none for one that was started since the look before. */
  readonly cpu: Readonly<Record<string, number>>
}

type Figure = StatusValue | undefined

/** What pvestatd broadcasts of this node and its containers. Source: pve-manager, Service/pvestatd.pm. */
export function rrdLines(pass: PassFigures): readonly RrdLine[] {
  return [nodeLine(pass), ...listVmids(pass.paths, pass.identity.node).map(vmid => containerLine(pass, vmid))]
}

function nodeLine({ paths, identity, format, clockSeconds, nodeCpu }: PassFigures): RrdLine {
  const uptime = Math.trunc(readClock(paths).uptimeMs / MS_PER_SECOND)
  const [load = '0'] = readFileSync(`${paths.proc}/loadavg`, 'utf8').split(' ')
  const [total, available] = [readMeminfo(paths, 'MemTotal'), readMeminfo(paths, 'MemAvailable')]
  const [swap, freeSwap] = [readMeminfo(paths, 'SwapTotal'), readMeminfo(paths, 'SwapFree')]
  const { blocks, bfree, bsize } = statfsSync(paths.root)
  const card = parseNetDev(readFileSync(`${paths.proc}/net/dev`, 'utf8')).get('eno1')
  const memory = [total, total - available, swap, swap - freeSwap]
  const disk = [blocks * bsize, (blocks - bfree) * bsize]
  // The level of a subscription is empty where there is none.
  const figures = [uptime, '', clockSeconds, load, identity.cores, nodeCpu, 0, ...memory, ...disk]
  const traffic = [card?.rxBytes ?? 0, card?.txBytes ?? 0]
  if (format === 'pve2.3-vm') return [`pve2-node/${identity.node}`, joined([...figures, ...traffic])]
  const newer = [available, 0, 0, 0, 0, 0, 0]
  return [`pve-node-9.0/${identity.node}`, joined([...figures, ...traffic, ...newer])]
}

function containerLine({ paths, identity, format, clockSeconds, cpu }: PassFigures, vmid: number): RrdLine {
  const values = statusValues({ paths, identity }, vmid, readConf(paths, identity.node, vmid)?.conf.live.values ?? {})
  const isRunning = values['status'] === 'running'
  const live = (figure: Figure) => (isRunning ? figure : undefined)
  const named = (...names: readonly string[]) => names.map(name => live(values[name]))
  const figures = [
    values['uptime'],
    values['name'],
    values['status'],
    values['template'] ?? 0,
    clockSeconds,
    values['cpus'],
    live(cpu[vmid] ?? 0),
    values['maxmem'],
    live(values['mem']),
    values['maxdisk'],
    values['disk'],
    ...named('netin', 'netout', 'diskread', 'diskwrite'),
  ]
  if (format === 'pve2.3-vm') return [`pve2.3-vm/${vmid}`, joined(figures)]
  // `memhost` is known of virtual machines only.
  const pressure = ['cpusome', 'cpufull', 'iosome', 'iofull', 'memorysome', 'memoryfull'].map(name => `pressure${name}`)
  return [`pve-vm-9.0/${vmid}`, joined([...figures, undefined, ...named(...pressure)])]
}

function joined(figures: readonly Figure[]): string {
  return figures.map(figure => figure ?? 'U').join(':')
}
