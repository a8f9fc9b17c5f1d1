import type { ContainerSample } from '@lxc-autoscale/core'
import type { HostFigures, HostFiles } from '@lxc-autoscale/host'
import type { CounterBounds, Timing } from '../derive/counter.ts'
import type { ContainerRun } from '../host/container-run.ts'
import type { FilesystemAnswers } from '../host/filesystem-probe.ts'
import type { ContainerMetric } from './container-metric.ts'

/** The host as the bounds of figures see it: where it grew or shrank since the cycle before, the larger. */
export interface HostMost {
  readonly cores: number
  readonly memoryBytes: number | undefined
  readonly swapBytes: number | undefined
}

/** What collectors need beside the container. */
export interface CollectorContext {
  readonly files: HostFiles
  /** The host as it was found at the beginning of the cycle. */
  readonly host: () => HostFigures
  readonly hostMost: () => HostMost
  /** Whether operations on a block device (`major:minor`) are counted. */
  readonly countsDevice: (device: string) => boolean
  /** The network interfaces that Proxmox configured for a container; empty when it is not known. */
  readonly interfacesOf: (vmid: number) => readonly string[]
  /** What the root file systems answered in this cycle; undefined when they are not measured. */
  readonly filesystems: () => FilesystemAnswers | undefined
}

/** The sample of a container while it is made. */
export type SampleDraft = { -readonly [Name in keyof ContainerSample]: ContainerSample[Name] }

/** Reads in one cycle what one collector reads of one container, and puts its figures into the sample; what it leaves is not known. */
export type Measure = (sample: SampleDraft, timing: Timing) => void

/** One group of metrics of a container. */
export interface Collector {
  readonly metrics: readonly ContainerMetric[]
  /** Called once for each run of a container, so that no two runs are ever compared. */
  open(run: ContainerRun, context: CollectorContext): Measure
}

/** The bounds of counters in one file, or in what stands for one in messages. What they show and cannot be true is counted. */
export function boundsIn(
  files: HostFiles,
  named: { readonly path: string },
  bounds: Pick<CounterBounds, 'most' | 'mostGrowth'>,
): CounterBounds {
  const onImplausible = (value: number, most: number) =>
    files.noteFailure({ path: named.path, reason: 'implausible', value, most })
  return { most: bounds.most, mostGrowth: bounds.mostGrowth, onImplausible }
}
