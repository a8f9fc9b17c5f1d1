import { existsSync, readFileSync } from 'node:fs'
import { parseFlatKeyed } from './flat-keyed.ts'
import { readLimit } from './kernel-file.ts'
import { type MemoryState, parseMemoryStat } from './memory-state.ts'
import { type MemoryEvents, NO_EVENTS, sumOfEvents } from './reclaim.ts'

/** What the memory files of a cgroup show. */
export interface MemoryFiles {
  readonly memory: MemoryState
  /** What came of the container's own limits, and of a limit inside it. */
  readonly memoryEvents: MemoryEvents
  readonly innerEvents: MemoryEvents
}

/** A group inside a container that has a limit of its own, as a Docker service has. */
export const INNER_GROUP = 'ns/docker-4f9ac1d2.scope'

/** Source: Documentation/admin-guide/cgroup-v2.rst, memory.events. */
export function formatMemoryEvents({ high, max, oom, oomKill }: MemoryEvents): string {
  return `low 0\nhigh ${high}\nmax ${max}\noom ${oom}\noom_kill ${oomKill}\noom_group_kill 0\n`
}

/** The same the other way round. */
function parseMemoryEvents(text: string): MemoryEvents {
  const events = parseFlatKeyed(text)
  const value = (key: string) => events.get(key) ?? 0
  return { high: value('high'), max: value('max'), oom: value('oom'), oomKill: value('oom_kill') }
}

/**
 * The files that tell what happened in a container. `memory.events` counts what happened in all groups below, too;
 * `memory.events.local` what happened in that very group: a limit is hit where it stands, a process is killed where it is.
 * Source: Linux, mm/memcontrol.c, memcg_memory_event and memcg_memory_event_mm.
 */
export function memoryEventTexts(cgroup: string, own: MemoryEvents, inner: MemoryEvents): readonly [string, string][] {
  const kills = { ...inner, oomKill: own.oomKill + inner.oomKill }
  // Without systemd nothing is below `ns` but what has a limit of its own.
  const killedInNs = existsSync(`${cgroup}/ns/init.scope`) ? 0 : own.oomKill
  const innerText = formatMemoryEvents(inner)
  const innerGroup = `${cgroup}/${INNER_GROUP}`
  return [
    [`${cgroup}/memory.events`, formatMemoryEvents(sumOfEvents(own, inner))],
    [`${cgroup}/memory.events.local`, formatMemoryEvents({ ...own, oomKill: 0 })],
    [`${cgroup}/ns/memory.events`, formatMemoryEvents(kills)],
    [`${cgroup}/ns/memory.events.local`, formatMemoryEvents({ ...NO_EVENTS, oomKill: killedInNs })],
    ...['memory.events', 'memory.events.local'].flatMap<[string, string]>(name =>
      inner === NO_EVENTS ? [] : [[`${innerGroup}/${name}`, innerText]],
    ),
  ]
}

/** The part that a command changes when it lowers a limit. */
export function readMemory(cgroup: string): MemoryFiles {
  const swapBytes = readLimit(`${cgroup}/memory.swap.current`) ?? 0
  const events = (name: string) => parseMemoryEvents(readFileSync(`${cgroup}/${name}`, 'utf8'))
  const innerEvents = existsSync(`${cgroup}/${INNER_GROUP}`) ? events(`${INNER_GROUP}/memory.events`) : NO_EVENTS
  const oomKill = events('memory.events').oomKill - innerEvents.oomKill
  return {
    memory: parseMemoryStat(readFileSync(`${cgroup}/memory.stat`, 'utf8'), swapBytes),
    memoryEvents: { ...events('memory.events.local'), oomKill },
    innerEvents,
  }
}
