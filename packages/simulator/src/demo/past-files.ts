import { BYTES_PER_MB, type ContainerSample, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { PretendHost } from '../create-host.ts'
import { pastValues } from '../rrd/past-figures.ts'
import { RRD_FORMATS } from '../rrd/rrd-format.ts'
import { writePast } from '../rrd/write-past.ts'
import type { MadeUpPast } from './made-up-past.ts'

/** The farthest that two cycles of the past are from each other, and something more. */
const MOST_GAP_MS = 30 * MS_PER_MINUTE

/** Leaves what Proxmox would have kept of the containers: what the monitor saw of them in the made-up past, and nothing before. */
export function writePastFiles({ paths }: PretendHost, { cycles, containers }: MadeUpPast): void {
  const format = RRD_FORMATS['pve-vm-9.0']
  const [first, last] = [cycles[0], cycles.at(-1)]
  if (first === undefined || last === undefined) return
  for (const vmid of containers.keys()) {
    const samples = cycles.flatMap(({ samples }) => samples.get(vmid) ?? [])
    const seen = new Steps(samples)
    writePast(`${paths.rrd}/${format.folder}/${vmid}`, {
      format,
      beginSeconds: Math.floor(first.timeMs / MS_PER_SECOND),
      endSeconds: Math.floor(last.timeMs / MS_PER_SECOND),
      at: seconds => {
        const sample = seen.at(seconds * MS_PER_SECOND)
        const { cpuCores, cpuCoresUsed, memoryLimitMb, memoryUsageMb, pressure } = sample ?? {}
        if (cpuCores === undefined || memoryLimitMb === undefined) return undefined
        return pastValues(format, {
          cores: cpuCores,
          coresUsed: cpuCoresUsed ?? Number.NaN,
          memoryLimitBytes: memoryLimitMb * BYTES_PER_MB,
          memoryBytes: (memoryUsageMb ?? Number.NaN) * BYTES_PER_MB,
          cpuWaitingPercent: pressure?.cpuSomePercent ?? 0,
        })
      },
    })
  }
}

/** Samples, oldest first, each of which tells of the time before it. */
class Steps {
  readonly #samples: readonly ContainerSample[]
  #next = 0

  constructor(samples: readonly ContainerSample[]) {
    this.#samples = samples
  }

  /** Asked in the order of time, and from the beginning again. */
  at(timeMs: number): ContainerSample | undefined {
    const samples = this.#samples
    const endOf = (at: number) => samples[at]?.timestampMs ?? Number.POSITIVE_INFINITY
    if (endOf(this.#next - 1) >= timeMs && this.#next > 0) this.#next = 0
    while (endOf(this.#next) < timeMs) this.#next++
    return endOf(this.#next) - timeMs <= MOST_GAP_MS ? samples[this.#next] : undefined
  }
}
