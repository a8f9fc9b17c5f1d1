import { readFileSync } from 'node:fs'
import { parseFlatKeyed } from './flat-keyed.ts'
import { readLimit } from './kernel-file.ts'
import { type MemoryState, parseMemoryStat } from './memory-state.ts'
import type { MemoryEvents } from './reclaim.ts'

/** What the memory files of a cgroup show. */
export interface MemoryFiles {
  readonly memory: MemoryState
  readonly memoryEvents: MemoryEvents
}

/** Source: Documentation/admin-guide/cgroup-v2.rst, memory.events. */
export function formatMemoryEvents({ high, max, oom, oomKill }: MemoryEvents): string {
  return `low 0\nhigh ${high}\nmax ${max}\noom ${oom}\noom_kill ${oomKill}\noom_group_kill 0\n`
}

/** The same the other way round. */
export function parseMemoryEvents(text: string): MemoryEvents {
  const events = parseFlatKeyed(text)
  const value = (key: string) => events.get(key) ?? 0
  return { high: value('high'), max: value('max'), oom: value('oom'), oomKill: value('oom_kill') }
}

/** The part that a command changes when it lowers a limit. */
export function readMemory(cgroup: string): MemoryFiles {
  const swapBytes = readLimit(`${cgroup}/memory.swap.current`) ?? 0
  return {
    memory: parseMemoryStat(readFileSync(`${cgroup}/memory.stat`, 'utf8'), swapBytes),
    memoryEvents: parseMemoryEvents(readFileSync(`${cgroup}/memory.events`, 'utf8')),
  }
}
