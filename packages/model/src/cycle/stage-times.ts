import { type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { Stage } from '../telemetry.ts'

/** Adds up how long each part of one cycle took. */
export class StageTimes {
  readonly #clock: Clock
  readonly #ms = new Map<Stage, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  time<Result>(stage: Stage, work: () => Result): Result {
    const startMs = this.#clock.monotonicMs()
    try {
      return work()
    } finally {
      this.#add(stage, startMs)
    }
  }

  async timeAsync<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result> {
    const startMs = this.#clock.monotonicMs()
    try {
      return await work()
    } finally {
      this.#add(stage, startMs)
    }
  }

  /** Seconds of each part that was done. */
  seconds(): [Stage, number][] {
    return [...this.#ms].map(([stage, ms]) => [stage, ms / MS_PER_SECOND])
  }

  /** Takes the time of parts that ran inside another one out of it. */
  exclude(outer: Stage, inner: readonly Stage[]): void {
    const innerMs = inner.reduce((sum, stage) => sum + (this.#ms.get(stage) ?? 0), 0)
    this.#ms.set(outer, Math.max(0, (this.#ms.get(outer) ?? 0) - innerMs))
  }

  #add(stage: Stage, startMs: number): void {
    this.#ms.set(stage, (this.#ms.get(stage) ?? 0) + this.#clock.monotonicMs() - startMs)
  }
}
