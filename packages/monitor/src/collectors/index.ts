import { cpu } from './cpu.ts'
import { filesystem } from './filesystem.ts'
import { io } from './io.ts'
import { memory } from './memory.ts'
import { memoryEvents } from './memory-events.ts'
import { network } from './network.ts'
import { pressure } from './pressure.ts'
import { processes } from './processes.ts'
import { swap } from './swap.ts'

/** The collectors by the names that they have in logs and metrics, in the order in which they read. ADD YOURS HERE. */
export const COLLECTORS = {
  cpu,
  memory,
  swap,
  memory_events: memoryEvents,
  io,
  network,
  pressure,
  processes,
  filesystem,
} as const
