import { BYTES_PER_MB, KIB_PER_MB, MS_PER_MINUTE, MS_PER_SECOND, USEC_PER_MS } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import type { HostIdentity } from '../host/host-identity.ts'
import type { HostClock } from '../host/runs.ts'
import { formatFlatKeyed } from '../kernel/flat-keyed.ts'
import { writeKernelFile } from '../kernel/kernel-file.ts'
import { formatNetDev, NO_TRAFFIC, type Traffic } from '../kernel/net-dev.ts'
import type { DiskCounters } from './container-state.ts'

/** What the host's own /proc files show beside its containers. */
export interface HostFigures {
  /** CPU time of everything on the host, microseconds. */
  readonly busyUsec: number
  /** Load averages over 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number]
}

/** What all containers together did in a step. */
export interface HostStep {
  readonly elapsedMs: number
  /** Cores they used, and tasks that ran or waited. */
  readonly usedCores: number
  readonly runnable: number
}

/** The one disk that all volumes are on. */
export const HOST_DISK = { number: '259:0', name: 'nvme0n1' } as const

/** What Proxmox itself needs. */
const OWN_CORES = 0.08
const OWN_MEMORY_MB = 1_400
const TICK_USEC = 10_000
const BYTES_PER_KIB = BYTES_PER_MB / KIB_PER_MB

export function stepHost(figures: HostFigures, { elapsedMs, usedCores, runnable }: HostStep): HostFigures {
  const average = (old: number, minutes: number) => {
    const kept = Math.exp(-elapsedMs / (minutes * MS_PER_MINUTE))
    return old * kept + (runnable + OWN_CORES) * (1 - kept)
  }
  const [one, five, fifteen] = figures.load
  return {
    busyUsec: figures.busyUsec + (usedCores + OWN_CORES) * elapsedMs * USEC_PER_MS,
    load: [average(one, 1), average(five, 5), average(fifteen, 15)],
  }
}

/** What is in a `proc/stat` and a `proc/loadavg`. */
export function parseHostFigures(statText: string, loadText: string): HostFigures {
  const [user = 0, , system = 0] = (/^cpu\s+(.*)$/m.exec(statText)?.[1] ?? '').split(' ').map(Number)
  const [one = 0, five = 0, fifteen = 0] = loadText.split(' ').map(Number)
  return { busyUsec: (user + system) * TICK_USEC, load: [one || 0, five || 0, fifteen || 0] }
}

export interface HostMemory {
  /** Memory of all containers, page cache included, and the page cache alone, bytes. */
  readonly containerBytes: number
  readonly cacheBytes: number
  /** What others than containers use, beside the host's own. */
  readonly otherMb: number
}

/** Writes `proc/{uptime,stat,loadavg,meminfo,net/dev}`. */
export function writeHostFiles(
  paths: HostPaths,
  identity: HostIdentity,
  now: {
    readonly clock: HostClock
    readonly figures: HostFigures
    readonly memory: HostMemory
    readonly processes: number
    /** Interface on the host -> its traffic. */
    readonly interfaces: readonly (readonly [string, Traffic])[]
    readonly disk: DiskCounters
  },
): void {
  const idleSeconds = Math.max(
    0,
    (now.clock.uptimeMs / MS_PER_SECOND) * identity.cores - now.figures.busyUsec / USEC_PER_MS / MS_PER_SECOND,
  )
  const [one, five, fifteen] = now.figures.load.map(value => value.toFixed(2))
  writeKernelFile(
    `${paths.proc}/uptime`,
    `${(now.clock.uptimeMs / MS_PER_SECOND).toFixed(2)} ${idleSeconds.toFixed(2)}\n`,
  )
  writeKernelFile(`${paths.proc}/stat`, statText(identity, now.clock, now.figures))
  writeKernelFile(
    `${paths.proc}/loadavg`,
    `${one} ${five} ${fifteen} 1/${now.processes + 180} ${now.processes + 4_000}\n`,
  )
  writeKernelFile(`${paths.proc}/meminfo`, meminfoText(identity.memoryMb, now.memory))
  writeKernelFile(`${paths.proc}/diskstats`, diskstatsText(now.disk))
  writeKernelFile(
    `${paths.proc}/net/dev`,
    formatNetDev([['lo', NO_TRAFFIC], ...uplinks(now.interfaces), ...now.interfaces]),
  )
}

/** The bridge and the card below it carry what the containers send and get. */
function uplinks(interfaces: readonly (readonly [string, Traffic])[]): readonly (readonly [string, Traffic])[] {
  let sum = NO_TRAFFIC
  for (const [, { rxBytes, rxPackets, txBytes, txPackets }] of interfaces) {
    sum = {
      rxBytes: sum.rxBytes + txBytes,
      rxPackets: sum.rxPackets + txPackets,
      txBytes: sum.txBytes + rxBytes,
      txPackets: sum.txPackets + rxPackets,
    }
  }
  return [
    ['eno1', sum],
    ['vmbr0', sum],
  ]
}

/** Source: Documentation/admin-guide/iostats.rst; sectors of 512 bytes. */
function diskstatsText({ reads, writes, readBytes, writtenBytes }: DiskCounters): string {
  const [major = '', minor = ''] = HOST_DISK.number.split(':')
  const figures = [reads, 0, readBytes / 512, reads / 4, writes, 0, writtenBytes / 512, writes / 2, 0, writes, writes]
  const rest = [...figures, 0, 0, 0, 0, 0, 0].map(Math.trunc).join(' ')
  return `${major.padStart(4)} ${minor.padStart(7)} ${HOST_DISK.name} ${rest}\n`
}

/** Source: Documentation/filesystems/proc.rst, 1.7; ticks of a hundredth of a second. */
function statText({ cores, bootedAtSeconds }: HostIdentity, clock: HostClock, { busyUsec }: HostFigures): string {
  const busyTicks = Math.trunc(busyUsec / TICK_USEC)
  const ticks = Math.trunc(clock.uptimeMs / 10)
  const line = (name: string, busy: number, all: number) => {
    const system = Math.trunc(busy * 0.12)
    return `${name} ${busy - system} 0 ${system} ${Math.max(0, all - busy)} 0 0 0 0 0 0\n`
  }
  let text = line('cpu ', busyTicks, ticks * cores)
  for (let cpu = 0; cpu < cores; cpu++) {
    const share = Math.trunc(busyTicks / cores) + (cpu < busyTicks % cores ? 1 : 0)
    text += line(`cpu${cpu}`, share, ticks)
  }
  return `${text}intr 0\nctxt ${busyTicks * 40}\nbtime ${bootedAtSeconds}\nprocesses ${Math.trunc(busyTicks / 10) + 4_000}\nprocs_running 1\nprocs_blocked 0\n`
}

function meminfoText(totalMb: number, { containerBytes, cacheBytes, otherMb }: HostMemory): string {
  const totalKb = totalMb * KIB_PER_MB
  const usedKb = Math.min(
    totalKb,
    (OWN_MEMORY_MB + otherMb) * KIB_PER_MB + Math.trunc((containerBytes - cacheBytes) / BYTES_PER_KIB),
  )
  const cacheKb = Math.min(totalKb - usedKb, Math.trunc(cacheBytes / BYTES_PER_KIB) + 400 * KIB_PER_MB)
  const freeKb = totalKb - usedKb - cacheKb
  const rows: [string, number][] = [
    ['MemTotal', totalKb],
    ['MemFree', freeKb],
    ['MemAvailable', Math.trunc(freeKb + cacheKb * 0.95)],
    ['Buffers', 48 * KIB_PER_MB],
    ['Cached', cacheKb],
    ['SwapCached', 0],
    ['SwapTotal', 8_192 * KIB_PER_MB],
    ['SwapFree', 8_192 * KIB_PER_MB],
    ['Dirty', 512],
    ['Shmem', 60 * KIB_PER_MB],
    ['SReclaimable', 120 * KIB_PER_MB],
  ]
  return rows.map(([name, kb]) => `${`${name}:`.padEnd(16)}${String(kb).padStart(8)} kB\n`).join('')
}

/** `proc/cpuinfo` of the host. */
export function cpuinfoText(cores: number): string {
  const block = (cpu: number) =>
    [
      `processor\t: ${cpu}`,
      'vendor_id\t: GenuineIntel',
      'cpu family\t: 6',
      'model\t\t: 158',
      'model name\t: Pretend CPU @ 2.40GHz',
      'cpu MHz\t\t: 2400.000',
      'physical id\t: 0',
      `siblings\t: ${cores}`,
      `core id\t\t: ${cpu}`,
      `cpu cores\t: ${cores}`,
      'flags\t\t: fpu tsc msr sse sse2 ht syscall nx lm avx avx2',
      '',
      '',
    ].join('\n')
  return Array.from({ length: cores }, (_, cpu) => block(cpu)).join('')
}

/** `cpu.stat` of the root cgroup. */
export function rootCpuStat(busyUsec: number): string {
  const system = busyUsec * 0.12
  return formatFlatKeyed([
    ['usage_usec', busyUsec],
    ['user_usec', busyUsec - system],
    ['system_usec', system],
  ])
}
