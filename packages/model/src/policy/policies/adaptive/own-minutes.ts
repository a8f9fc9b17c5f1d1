import type { ResourceSamples } from './sample-minute.ts'

/** The newest minutes that are learned once more when what Proxmox has kept arrives; before them that tells enough. */
const MOST_MINUTES = 180
/** Numbers of a minute: seven of the CPU, four of the memory. NaN as the time of either: it was not measured. */
const WIDTH = 11

/** The newest minutes of a container, as plain numbers: as objects those of many containers would be most of what the process holds. */
export class OwnMinutes {
  readonly #figures = new Float64Array(MOST_MINUTES * WIDTH)
  #added = 0

  get isEmpty(): boolean {
    return this.#added === 0
  }

  add({ cpu, memory }: ResourceSamples): void {
    const figures = this.#figures
    let at = (this.#added++ % MOST_MINUTES) * WIDTH
    figures[at++] = cpu?.timeMs ?? Number.NaN
    figures[at++] = cpu?.localTimeMs ?? 0
    figures[at++] = cpu?.dtMs ?? 0
    figures[at++] = cpu?.usedCores ?? 0
    figures[at++] = Number(cpu?.isShort ?? false)
    figures[at++] = cpu?.neededCores ?? 0
    figures[at++] = cpu?.allocatedCores ?? 0
    figures[at++] = memory?.timeMs ?? Number.NaN
    figures[at++] = memory?.dtMs ?? 0
    figures[at++] = memory?.neededMb ?? 0
    figures[at] = Number(memory?.wasKilled ?? false)
  }

  /** Oldest first. */
  all(): readonly ResourceSamples[] {
    const count = Math.min(this.#added, MOST_MINUTES)
    return Array.from({ length: count }, (_, i) => this.#minute((this.#added - count + i) % MOST_MINUTES))
  }

  #minute(place: number): ResourceSamples {
    const row = this.#figures.subarray(place * WIDTH, (place + 1) * WIDTH)
    const [cpuMs = 0, localTimeMs = 0, cpuDtMs = 0, usedCores = 0, isShort = 0, neededCores = 0, allocatedCores = 0] =
      row
    const [memoryMs = 0, dtMs = 0, neededMb = 0, wasKilled = 0] = row.subarray(7)
    const cpu = {
      timeMs: cpuMs,
      localTimeMs,
      dtMs: cpuDtMs,
      usedCores,
      isShort: isShort === 1,
      neededCores,
      allocatedCores,
    }
    return {
      cpu: Number.isNaN(cpuMs) ? undefined : cpu,
      memory: Number.isNaN(memoryMs) ? undefined : { timeMs: memoryMs, dtMs, neededMb, wasKilled: wasKilled === 1 },
    }
  }
}
