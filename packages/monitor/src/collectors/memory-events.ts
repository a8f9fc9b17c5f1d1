import type { MemoryEvents } from '@lxc-autoscale/core'
import { flatKeyed, parseSingleValue } from '@lxc-autoscale/host'
import { growth } from '../derive/rate.ts'
import type { ContainerRun } from '../host/container-run.ts'
import type { Collector, Source } from './collector.ts'

/** Counts since the cgroup was made. */
export interface MemoryEventsReading {
  readonly high: number | undefined
  readonly max: number | undefined
  /** By cgroup: v1 counts a kill where the victim was, v2 in the outer cgroup for the whole tree. */
  readonly oomKillsByFolder: ReadonlyMap<string, number> | undefined
}

export interface MemoryEventsMetrics {
  readonly memoryEvents: MemoryEvents | undefined
}

/**
 * What happened to the memory since the last cycle.
 * Source: Linux, admin-guide/cgroup-v2.rst, memory.events; on v1 memory.failcnt and memory.oom_control.
 */
export const memoryEvents: Collector<MemoryEventsReading, MemoryEventsMetrics> = {
  open: run => (run.layout.kind === 'unified' ? openUnified(run) : openLegacy(run)),

  isPaired: true,

  derive({ previous, current }) {
    if (previous === undefined) return { memoryEvents: undefined }
    return {
      memoryEvents: {
        high: growth({ previous: previous.high, current: current.high }),
        max: growth({ previous: previous.max, current: current.max }),
        oomKill: oomKills(previous.oomKillsByFolder, current.oomKillsByFolder),
        innerMax: undefined,
        innerOomKill: undefined,
      },
    }
  },
}

/** A cgroup that appeared since the last cycle had none before; those of one that vanished are not known any more. */
function oomKills(
  previous: ReadonlyMap<string, number> | undefined,
  current: ReadonlyMap<string, number> | undefined,
): number | undefined {
  if (previous === undefined || current === undefined) return undefined
  let total = 0
  for (const [folder, count] of current) {
    const before = previous.get(folder) ?? 0
    total += count < before ? count : count - before
  }
  return total
}

const parseUnifiedEvents = flatKeyed(['high', 'max', 'oom_kill'])
/** v2 counts in the outer cgroup for all. */
const WHOLE_TREE = ''

function openUnified(run: ContainerRun): Source<MemoryEventsReading> {
  const events = run.file('memory', 'memory.events')
  return () => {
    const values = events?.read(parseUnifiedEvents)
    if (values === undefined) return undefined
    const [high, max, oomKill] = values
    return { high, max, oomKillsByFolder: oomKill === undefined ? undefined : new Map([[WHOLE_TREE, oomKill]]) }
  }
}

const parseOomControl = flatKeyed(['oom_kill'])

function openLegacy(run: ContainerRun): Source<MemoryEventsReading> {
  const failures = run.file('memory', 'memory.failcnt')
  const tree = run.tree('memory', 'memory.oom_control')
  return () => ({
    high: undefined,
    max: failures?.read(parseSingleValue),
    oomKillsByFolder: tree?.read(text => parseOomControl(text)?.[0]),
  })
}
