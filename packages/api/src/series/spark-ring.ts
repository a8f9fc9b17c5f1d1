import { MS_PER_SECOND, SPARK_STEP_SECONDS, SPARK_STEPS, type Spark } from '@lxc-autoscale/core'
import { MINUTES } from './ring-file.ts'

const SPARK_STEP_MS = SPARK_STEP_SECONDS * MS_PER_SECOND
const MINUTES_PER_STEP = SPARK_STEP_MS / MINUTES.stepMs

/** The means of the last hours of one container, in the steps of a sparkline. */
export class SparkRing {
  /** Which step each place holds. */
  readonly #steps = new Int32Array(SPARK_STEPS).fill(-1)
  readonly #cores = new Mean()
  readonly #memoryMb = new Mean()

  /** Adds the means of a minute; NaN is not known. */
  add(minuteSlot: number, cores: number, memoryMb: number): void {
    const step = Math.floor(minuteSlot / MINUTES_PER_STEP)
    const place = step % SPARK_STEPS
    if (this.#steps[place] !== step) {
      this.#steps[place] = step
      this.#cores.reset(place)
      this.#memoryMb.reset(place)
    }
    this.#cores.add(place, cores)
    this.#memoryMb.add(place, memoryMb)
  }

  /** The steps up to the one that ends at `endMs`. */
  spark(endMs: number): Spark {
    const last = Math.floor(endMs / SPARK_STEP_MS) - 1
    const steps = Array.from({ length: SPARK_STEPS }, (_, index) => last - SPARK_STEPS + 1 + index)
    const told = (mean: Mean, scale: number) =>
      steps.map(step => {
        const place = step % SPARK_STEPS
        const value = this.#steps[place] === step ? mean.value(place) : Number.NaN
        return Number.isNaN(value) ? null : Math.round(value * scale) / scale
      })
    return { cores: told(this.#cores, 1_000), memory_mb: told(this.#memoryMb, 10) }
  }
}

class Mean {
  readonly #sums = new Float32Array(SPARK_STEPS)
  readonly #counts = new Uint8Array(SPARK_STEPS)

  reset(place: number): void {
    this.#sums[place] = 0
    this.#counts[place] = 0
  }

  add(place: number, value: number): void {
    if (Number.isNaN(value)) return
    this.#sums[place] = (this.#sums[place] ?? 0) + value
    this.#counts[place] = (this.#counts[place] ?? 0) + 1
  }

  /** NaN when there is none. */
  value(place: number): number {
    return (this.#sums[place] ?? 0) / (this.#counts[place] ?? 0)
  }
}
