import type { HostFiles } from '@lxc-autoscale/host'
import { pairReadings, type ReadingPair, type Stamped } from '../derive/pair-readings.ts'
import type { ContainerRun } from '../host/container-run.ts'
import type { HostFigures } from './host-figures.ts'

/** What collectors need beside the container. */
export interface CollectorContext {
  readonly files: HostFiles
  /** The host as it was found at the beginning of the cycle. */
  readonly host: () => HostFigures
  /** Whether operations on a block device (`major:minor`) are counted. */
  readonly countsDevice: (device: string) => boolean
  /** The network interfaces that Proxmox configured for a container; empty when it is not known. */
  readonly interfacesOf: (vmid: number) => readonly string[]
}

/**
 * Reads the files of one container that one collector needs. Undefined when nothing could be read; a part that could not be
 * read is undefined in the reading.
 */
export type Source<Reading> = () => Reading | undefined

/** One group of metrics of a container. What `open` gives does all the IO, `derive` all the arithmetic. */
export interface Collector<Reading, Metrics> {
  open(run: ContainerRun, context: CollectorContext): Source<Reading>
  /** Undefined for a collector that needs no earlier reading. */
  readonly isPaired?: true
  derive(pair: ReadingPair<Reading>): Metrics
}

/** When a reading is made. */
export interface Timing {
  readonly monotonicMs: number
  readonly clockEpoch: number
}

/** A collector at work on one run of a container. */
export interface Measurement<Metrics> {
  /** Undefined when nothing could be read. */
  take(timing: Timing): Metrics | undefined
}

/** Holds the last reading of one run, so that no two runs are ever compared. */
export class RunMeasurement<Reading, Metrics> implements Measurement<Metrics> {
  readonly #collector: Collector<Reading, Metrics>
  readonly #source: Source<Reading>
  #previous: Stamped<Reading> | undefined

  constructor(collector: Collector<Reading, Metrics>, run: ContainerRun, context: CollectorContext) {
    this.#collector = collector
    this.#source = collector.open(run, context)
  }

  take({ monotonicMs, clockEpoch }: Timing): Metrics | undefined {
    const reading = this.#source()
    if (reading === undefined) return undefined
    const current = { reading, monotonicMs, clockEpoch }
    const metrics = this.#collector.derive(pairReadings(this.#previous, current))
    if (this.#collector.isPaired === true) this.#previous = current
    return metrics
  }
}

/** Stands for a collector that the configuration switched off: nothing is read, nothing is known. */
export const SWITCHED_OFF: Measurement<never> = { take: () => undefined }
