import { type ContainerSample, emptySample } from '@lxc-autoscale/core'
import type { CollectorContext, Measure, SampleDraft } from './collectors/collector.ts'
import { COLLECTORS } from './collectors/index.ts'
import type { CycleWatch } from './cycle-watch.ts'
import { RollingRange } from './derive/rolling-range.ts'
import type { ContainerRun } from './host/container-run.ts'

/** What the configuration decides. */
export interface CollectorSettings {
  /** The collectors that are switched off: nothing is read, nothing is known. */
  readonly off: ReadonlySet<string>
  /** Cycles over which the smallest and the largest figures are taken. */
  readonly rollingWindow: number
}

const NOTHING_KNOWN = emptySample()

/** One run of a container under measurement. */
export class MeasuredRun {
  readonly run: ContainerRun
  readonly #collectors: readonly { readonly name: string; readonly measure: Measure }[]
  readonly #cpuRange: RollingRange
  readonly #memoryRange: RollingRange

  constructor(run: ContainerRun, context: CollectorContext, { off, rollingWindow }: CollectorSettings) {
    this.run = run
    this.#collectors = Object.entries(COLLECTORS).flatMap(([name, collector]) =>
      off.has(name) ? [] : [{ name, measure: collector.open(run, context) }],
    )
    this.#cpuRange = new RollingRange(rollingWindow)
    this.#memoryRange = new RollingRange(rollingWindow)
  }

  /** Its sample in this cycle. To be called once per cycle. */
  measure(timestampMs: number, watch: CycleWatch): ContainerSample {
    const sample: SampleDraft = { ...NOTHING_KNOWN, timestampMs, runId: this.run.runId }
    for (const { name, measure } of this.#collectors) {
      measure(sample, watch.timing)
      watch.done(name)
    }
    const { cpuUsagePercent, memoryUsageMb, processCount } = sample
    const cpuRange = this.#cpuRange.add(cpuUsagePercent)
    const memoryRange = this.#memoryRange.add(memoryUsageMb)
    sample.minCpuPercent = cpuRange.min
    sample.maxCpuPercent = cpuRange.max
    sample.minMemoryMb = memoryRange.min
    sample.maxMemoryMb = memoryRange.max
    sample.cpuPerProcessPercent = perProcess(cpuUsagePercent, processCount)
    sample.memoryPerProcessMb = perProcess(memoryUsageMb, processCount)
    return sample
  }
}

function perProcess(value: number | undefined, processCount: number | undefined): number | undefined {
  return value === undefined || !processCount ? undefined : value / processCount
}

/** Whether no figure at all could be read of a container. */
export function isUnknown(sample: ContainerSample): boolean {
  const { cpuCores, memoryUsageMb, memoryLimitMb, processCount, ioStats, networkUsage } = sample
  const isMeasured = cpuCores ?? memoryUsageMb ?? memoryLimitMb ?? processCount ?? ioStats ?? networkUsage
  return isMeasured === undefined
}
