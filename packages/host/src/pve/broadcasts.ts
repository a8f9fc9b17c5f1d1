import { BYTES_PER_MB, parseVmid } from '@lxc-autoscale/core'
import { MOST_CORES, MOST_HOST_BYTES } from '../bounds.ts'
import { nodeName } from './node-name.ts'

/** What a node told the cluster of one guest. Undefined: it said that it does not know, or what cannot be. */
export interface GuestFigures {
  readonly name: string | undefined
  readonly isRunning: boolean | undefined
  /** When it was measured by the clock of its node, seconds since 1970. */
  readonly timeSeconds: number
  readonly cores: number | undefined
  readonly coresUsed: number | undefined
  readonly memoryMb: number | undefined
  readonly memoryUsedMb: number | undefined
}

/** What a node told the cluster of itself. */
export interface NodeFigures {
  readonly timeSeconds: number
  readonly uptimeSeconds: number | undefined
  readonly load1: number | undefined
  readonly cores: number | undefined
  readonly coresUsed: number | undefined
  readonly memoryMb: number | undefined
  readonly memoryUsedMb: number | undefined
  readonly memoryAvailableMb: number | undefined
}

/** Memory of a node that is not in use, MB: as it says, or what the older format leaves. */
export function availableMb({ memoryAvailableMb, memoryMb, memoryUsedMb }: NodeFigures): number | undefined {
  if (memoryAvailableMb !== undefined) return memoryAvailableMb
  return memoryMb === undefined || memoryUsedMb === undefined ? undefined : memoryMb - memoryUsedMb
}

export interface Broadcasts {
  readonly guests: ReadonlyMap<number, GuestFigures>
  readonly nodes: ReadonlyMap<string, NodeFigures>
}

const GUEST_KEYS = ['pve-vm-9.0/', 'pve2.3-vm/']
const NODE_KEYS = ['pve-node-9.0/', 'pve2-node/']
/** Fields that are used; what newer versions add stands after them. */
const MOST_FIELDS = 18

/**
 * What all nodes told of themselves and their guests within the last five minutes, from `/etc/pve/.rrd`. In a cluster of mixed
 * versions, and after a move, there may be two lines of one guest: the newer one counts.
 * Sources: pve-cluster, pmxcfs/status.c, cfs_rrd_dump; pve-manager, PVE/Service/pvestatd.pm, update_node_status, update_lxc_status.
 */
export function parseBroadcasts(text: string): Broadcasts {
  const guests = new Map<number, GuestFigures>()
  const nodes = new Map<string, NodeFigures>()
  for (const line of text.split('\n')) {
    const key = line.slice(0, Math.max(0, line.indexOf(':')))
    const vmid = parseVmid(nameAfter(key, GUEST_KEYS) ?? '')
    const node = vmid === undefined ? nodeName(nameAfter(key, NODE_KEYS)) : undefined
    if (vmid === undefined && node === undefined) continue
    const fields = line.slice(key.length + 1).split(':', MOST_FIELDS)
    if (vmid !== undefined) keepNewer(guests, vmid, guestFigures(fields))
    if (node !== undefined) keepNewer(nodes, node, nodeFigures(fields))
  }
  return { guests, nodes }
}

function nameAfter(key: string, prefixes: readonly string[]): string | undefined {
  const prefix = prefixes.find(each => key.startsWith(each))
  return prefix === undefined ? undefined : key.slice(prefix.length)
}

function keepNewer<Name, Figures extends { readonly timeSeconds: number }>(
  known: Map<Name, Figures>,
  name: Name,
  figures: Figures | undefined,
): void {
  if (figures === undefined) return
  const other = known.get(name)
  if (other === undefined || other.timeSeconds < figures.timeSeconds) known.set(name, figures)
}

/** Sources: both forms begin `uptime:name:status:template:ctime:maxcpu:cpu:maxmem:mem`. */
function guestFigures(fields: readonly string[]): GuestFigures | undefined {
  const [, name = '', status, , time, maxcpu, cpu, maxmem, mem] = fields
  const timeSeconds = numberWithin(time, MOST_SECONDS)
  if (timeSeconds === undefined) return undefined
  const cores = numberWithin(maxcpu, MOST_CORES)
  return {
    name: name === '' || name === 'U' ? undefined : name.slice(0, MOST_NAME_CHARACTERS),
    isRunning: status === 'running' || status === 'stopped' ? status === 'running' : undefined,
    timeSeconds,
    cores,
    coresUsed: coresOf(cpu, cores),
    memoryMb: megabytes(maxmem),
    memoryUsedMb: megabytes(mem),
  }
}

/**
 * Both forms begin `uptime:sublevel:ctime:load1:maxcpu:cpu:iowait:memtotal:memused:swaptotal:swapused:roottotal:rootused:netin:netout`;
 * the newer one goes on with `memavailable`.
 */
function nodeFigures(fields: readonly string[]): NodeFigures | undefined {
  const [uptime, , time, load1, maxcpu, cpu, , memtotal, memused] = fields
  const timeSeconds = numberWithin(time, MOST_SECONDS)
  if (timeSeconds === undefined) return undefined
  const cores = numberWithin(maxcpu, MOST_CORES)
  return {
    timeSeconds,
    uptimeSeconds: numberWithin(uptime, MOST_SECONDS),
    load1: numberWithin(load1, MOST_LOAD),
    cores,
    coresUsed: coresOf(cpu, cores),
    memoryMb: megabytes(memtotal),
    memoryUsedMb: megabytes(memused),
    memoryAvailableMb: megabytes(fields[15]),
  }
}

/** The year 5138, for times and durations. */
const MOST_SECONDS = 1e11
const MOST_LOAD = 1e6
const MOST_NAME_CHARACTERS = 255
/** A share of time that was measured over a moment may be a little above 1. */
const MOST_SHARE = 2

function coresOf(share: string | undefined, cores: number | undefined): number | undefined {
  const used = numberWithin(share, MOST_SHARE)
  return used === undefined || cores === undefined ? undefined : Math.round(used * cores * 1_000) / 1_000
}

function megabytes(bytes: string | undefined): number | undefined {
  const known = numberWithin(bytes, MOST_HOST_BYTES)
  return known === undefined ? undefined : Math.round(known / BYTES_PER_MB)
}

const DECIMAL = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** Perl writes small numbers with an exponent; `U` and '' are not known. */
function numberWithin(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !DECIMAL.test(text)) return undefined
  const value = Number(text)
  return value <= most ? value : undefined
}
