import type { ContainerSample, MetricsCycle } from '@lxc-autoscale/core'
import { ContainerHistory } from './container-history.ts'
import type { Reading } from './reading.ts'

/** The usual interval is the median of so many. */
const INTERVALS_REMEMBERED = 15
const FEWEST_INTERVALS = 2
/** A sample so far in the future says that the clock of the host was set back. */
const CLOCK_TOLERANCE_MS = 60_000

/** The series of all containers. */
export class FleetHistory {
  readonly #containers = new Map<number, ContainerHistory>()
  readonly #intervalsMs: number[] = []
  #newestMs: number | undefined
  #intervalMs: number | undefined

  /** Time of the newest sample of all, milliseconds since 1970; undefined before the first. */
  get newestMs(): number | undefined {
    return this.#newestMs
  }

  /** Usual time between two cycles; undefined before the third. */
  get intervalMs(): number | undefined {
    return this.#intervalMs
  }

  vmids(): readonly number[] {
    return [...this.#containers.keys()]
  }

  newest(vmid: number): ContainerSample | undefined {
    return this.#containers.get(vmid)?.newest
  }

  /**
   * The new samples of a cycle. What is not newer than what is known of its container is left out.
   * @param nowMs wall clock; a known sample that lies after it says that the clock was set back, and time begins anew
   */
  add({ containers }: MetricsCycle, nowMs?: number): readonly Reading[] {
    if (nowMs !== undefined && this.#newestMs !== undefined && this.#newestMs > nowMs + CLOCK_TOLERANCE_MS) {
      this.#restartTime()
    }
    const cycleMs = newestTime(containers)
    if (cycleMs !== undefined) this.#noteTime(cycleMs)
    const readings: Reading[] = []
    for (const [vmid, sample] of containers) {
      const reading = this.#container(vmid).add(sample, this.#intervalMs)
      if (reading !== undefined) readings.push(reading)
    }
    return readings
  }

  /** Forgets the containers whose newest sample is more than `windowMs` older than the newest of all, and names them. */
  forgetVanished(windowMs: number): readonly number[] {
    const oldestMs = (this.#newestMs ?? 0) - windowMs
    const vanished = this.vmids().filter(vmid => (this.newest(vmid)?.timestampMs ?? 0) < oldestMs)
    for (const vmid of vanished) this.#containers.delete(vmid)
    return vanished
  }

  #container(vmid: number): ContainerHistory {
    const known = this.#containers.get(vmid)
    if (known !== undefined) return known
    const history = new ContainerHistory(vmid)
    this.#containers.set(vmid, history)
    return history
  }

  #noteTime(cycleMs: number): void {
    if (this.#newestMs !== undefined && cycleMs <= this.#newestMs) return
    if (this.#newestMs !== undefined) this.#intervalsMs.push(cycleMs - this.#newestMs)
    if (this.#intervalsMs.length > INTERVALS_REMEMBERED) this.#intervalsMs.shift()
    if (this.#intervalsMs.length >= FEWEST_INTERVALS) this.#intervalMs = median(this.#intervalsMs)
    this.#newestMs = cycleMs
  }

  #restartTime(): void {
    this.#newestMs = undefined
    for (const container of this.#containers.values()) container.restartTime()
  }
}

function newestTime(containers: ReadonlyMap<number, ContainerSample>): number | undefined {
  let newestMs: number | undefined
  for (const { timestampMs } of containers.values()) {
    if (newestMs === undefined || timestampMs > newestMs) newestMs = timestampMs
  }
  return newestMs
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
