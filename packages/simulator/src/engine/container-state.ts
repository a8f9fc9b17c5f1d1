import { readFileSync } from 'node:fs'
import type { CpuCounters } from '../kernel/cpu-counters.ts'
import { formatCpuStat, parseCpuStat } from '../kernel/cpu-counters.ts'
import { parseFlatKeyed } from '../kernel/flat-keyed.ts'
import { readLimit } from '../kernel/kernel-file.ts'
import { memoryEventTexts, readMemory } from '../kernel/memory-files.ts'
import { currentBytes, formatMemoryStat, type MemoryState } from '../kernel/memory-state.ts'
import { formatNetDev, NO_TRAFFIC, parseNetDev, type Traffic } from '../kernel/net-dev.ts'
import { formatPressure, type Pressure, parsePressure } from '../kernel/pressure.ts'
import type { MemoryEvents } from '../kernel/reclaim.ts'

/** Disk operations of a cgroup. */
export interface DiskCounters {
  readonly readBytes: number
  readonly writtenBytes: number
  readonly reads: number
  readonly writes: number
}

/** Everything of a running container that its kernel files show. Counters keep their fractions. */
export interface ContainerState {
  readonly cpu: CpuCounters
  readonly cpuPressure: Pressure
  readonly memory: MemoryState
  readonly memoryEvents: MemoryEvents
  /** Of a limit inside the container. */
  readonly innerEvents: MemoryEvents
  readonly memoryPressure: Pressure
  readonly peakBytes: number
  readonly pageFaults: number
  readonly disk: DiskCounters
  readonly diskPressure: Pressure
  /** As the container sees it. */
  readonly traffic: Traffic
}

/** Where a container's kernel files are. */
export interface ContainerPlace {
  readonly cgroup: string
  readonly initProcess: string
  /** Device number in `io.stat`, e.g. `259:0`. */
  readonly device: string
}

/** The texts of the kernel files that show `state`, by their path. */
export function kernelTexts(place: ContainerPlace, state: ContainerState): ReadonlyMap<string, string> {
  const { cgroup, initProcess } = place
  return new Map([
    [`${cgroup}/cpu.stat`, formatCpuStat(state.cpu)],
    [`${cgroup}/cpu.pressure`, formatPressure(state.cpuPressure)],
    [`${cgroup}/memory.stat`, formatMemoryStat(state.memory, state.pageFaults)],
    [`${cgroup}/memory.swap.current`, `${state.memory.swap}\n`],
    ...memoryEventTexts(cgroup, state.memoryEvents, state.innerEvents),
    [`${cgroup}/memory.current`, `${currentBytes(state.memory)}\n`],
    [`${cgroup}/memory.peak`, `${state.peakBytes}\n`],
    [`${cgroup}/memory.pressure`, formatPressure(state.memoryPressure)],
    [`${cgroup}/io.stat`, formatIoStat(place.device, state.disk)],
    [`${cgroup}/io.pressure`, formatPressure(state.diskPressure)],
    [
      `${initProcess}/net/dev`,
      formatNetDev([
        ['lo', NO_TRAFFIC],
        ['eth0', state.traffic],
      ]),
    ],
  ])
}

/** The state that a container's kernel files show, so that an engine goes on where another one stopped. */
export function readContainerState(place: ContainerPlace): ContainerState {
  const text = (name: string) => readFileSync(`${place.cgroup}/${name}`, 'utf8')
  const memory = readMemory(place.cgroup)
  return {
    cpu: parseCpuStat(text('cpu.stat')),
    cpuPressure: parsePressure(text('cpu.pressure')),
    ...memory,
    memoryPressure: parsePressure(text('memory.pressure')),
    peakBytes: readLimit(`${place.cgroup}/memory.peak`) ?? 0,
    pageFaults: parseFlatKeyed(text('memory.stat')).get('pgfault') ?? 0,
    disk: parseIoStat(text('io.stat')),
    diskPressure: parsePressure(text('io.pressure')),
    traffic: parseNetDev(readFileSync(`${place.initProcess}/net/dev`, 'utf8')).get('eth0') ?? NO_TRAFFIC,
  }
}

function formatIoStat(device: string, { readBytes, writtenBytes, reads, writes }: DiskCounters): string {
  if (reads + writes < 1) return ''
  const fields = { rbytes: readBytes, wbytes: writtenBytes, rios: reads, wios: writes, dbytes: 0, dios: 0 }
  const words = Object.entries(fields).map(([key, value]) => `${key}=${Math.trunc(value)}`)
  return `${device} ${words.join(' ')}\n`
}

function parseIoStat(text: string): DiskCounters {
  const value = (key: string) => Number(new RegExp(`\\b${key}=(\\d+)`).exec(text)?.[1] ?? 0)
  return { readBytes: value('rbytes'), writtenBytes: value('wbytes'), reads: value('rios'), writes: value('wios') }
}
