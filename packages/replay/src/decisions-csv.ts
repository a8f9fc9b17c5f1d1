import type { ReplayRun } from './closed-loop.ts'

/** The header of a file of decisions. */
const DECISIONS_HEADER = 't_seconds,cpu_cores,mem_mb'

/** One row per change: the allocation in force from then on; an empty field is a resource that the trace lacks. */
export function decisionsCsv({ changes }: ReplayRun): string {
  const rows = changes.map(({ timeS, allocation: { cores, memoryMb } }) => `${timeS},${cores ?? ''},${memoryMb ?? ''}`)
  return `${[DECISIONS_HEADER, ...rows].join('\n')}\n`
}
