import type { Figures, SAMPLE_FIELDS, SUMMARY_FIELDS } from './metrics-fields.ts'

/**
 * The file that the monitor writes, and model and API follow: a JSON array, oldest first, one collection cycle per line.
 * Inside the daemons a value that is not known is `undefined`; in the file it is `null`.
 */

/** One container in one cycle. */
export interface ContainerSample extends Figures<typeof SAMPLE_FIELDS> {
  /** When it was measured, milliseconds since 1970 UTC. */
  readonly timestampMs: number
}

export type NetworkUsage = NonNullable<ContainerSample['networkUsage']>
export type Pressure = NonNullable<ContainerSample['pressure']>
export type MemoryEvents = NonNullable<ContainerSample['memoryEvents']>

/** The host and the collection itself in one cycle. */
export interface CycleSummary extends Figures<typeof SUMMARY_FIELDS> {
  readonly collectionStartMs: number
  readonly collectionEndMs: number
}

/** One array element of the file. */
export interface MetricsCycle {
  readonly containers: ReadonlyMap<number, ContainerSample>
  /** Undefined when it has none (a file of the Python predecessor may lack parts of it). */
  readonly summary: CycleSummary | undefined
}
