import { FIGURE_COUNT } from './columns.ts'
import { decodeFigure, encodeFigure, UNKNOWN_CODE } from './figure-code.ts'

/** Cycles that are kept: at ten seconds each, an hour and a third. */
export const RECENT_CYCLES = 480

interface Kept {
  readonly codes: Uint16Array
  /** Number of the newest cycle that is in it. */
  cycle: number
}

/** The samples of the last cycles of all containers, as they were measured. */
export class RecentSamples {
  readonly #timesMs = new Float64Array(RECENT_CYCLES)
  readonly #containers = new Map<number, Kept>()
  /** Number of the newest cycle; the first is 0. */
  #cycle = -1

  /** A cycle begins of which samples follow. */
  begin(timeMs: number): void {
    // After the clock was set back the same time is measured anew.
    for (let cycle = this.#cycle; cycle >= this.#oldest && !(this.#timeOf(cycle) < timeMs); cycle--) {
      this.#timesMs[cycle % RECENT_CYCLES] = Number.NaN
    }
    this.#cycle++
    this.#timesMs[this.#cycle % RECENT_CYCLES] = timeMs
  }

  /** @param figures as FIGURES names them */
  add(vmid: number, figures: Float64Array): void {
    const kept = this.#keptOf(vmid)
    // The cycles that it was not in are of a time before: at most all of them.
    for (let missed = Math.max(kept.cycle + 1, this.#cycle - RECENT_CYCLES + 1); missed < this.#cycle; missed++) {
      const at = (missed % RECENT_CYCLES) * FIGURE_COUNT
      kept.codes.fill(UNKNOWN_CODE, at, at + FIGURE_COUNT)
    }
    const begin = (this.#cycle % RECENT_CYCLES) * FIGURE_COUNT
    for (let place = 0; place < FIGURE_COUNT; place++) {
      kept.codes[begin + place] = encodeFigure(figures[place] ?? Number.NaN)
    }
    kept.cycle = this.#cycle
  }

  /** The time of the oldest cycle that is kept; undefined before the first. */
  get sinceMs(): number | undefined {
    for (let cycle = this.#oldest; cycle <= this.#cycle; cycle++) {
      if (!Number.isNaN(this.#timeOf(cycle))) return this.#timeOf(cycle)
    }
    return undefined
  }

  /** Hands over the samples of a container, in the order in which they were taken. */
  read(vmid: number, take: (timeMs: number, figures: Float64Array) => void): void {
    const kept = this.#containers.get(vmid)
    if (kept === undefined) return
    for (let cycle = this.#oldest; cycle <= kept.cycle; cycle++) {
      const at = (cycle % RECENT_CYCLES) * FIGURE_COUNT
      const figures = Float64Array.from(kept.codes.subarray(at, at + FIGURE_COUNT), decodeFigure)
      if (!Number.isNaN(this.#timeOf(cycle))) take(this.#timeOf(cycle), figures)
    }
  }

  /** Forgets the containers of which no sample is left. */
  forgetGone(): void {
    for (const [vmid, { cycle }] of this.#containers) if (cycle < this.#oldest) this.#containers.delete(vmid)
  }

  /** NaN of one whose time was measured anew since. */
  #timeOf(cycle: number): number {
    return this.#timesMs[cycle % RECENT_CYCLES] ?? Number.NaN
  }

  get #oldest(): number {
    return Math.max(0, this.#cycle - RECENT_CYCLES + 1)
  }

  #keptOf(vmid: number): Kept {
    const known = this.#containers.get(vmid)
    if (known !== undefined) return known
    const kept = { codes: new Uint16Array(RECENT_CYCLES * FIGURE_COUNT).fill(UNKNOWN_CODE), cycle: this.#cycle - 1 }
    this.#containers.set(vmid, kept)
    return kept
  }
}
