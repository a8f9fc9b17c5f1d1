import type { Clock } from '@lxc-autoscale/core'
import type { Timing } from './collectors/collector.ts'
import type { Laps } from './collectors/index.ts'
import type { CollectErrors } from './cycle.ts'
import type { FileFailure, HostFiles } from './host/host-files.ts'

/** Takes the time, and counts the failed reads, of each part of one cycle: what passed since the part before was done. */
export class CycleWatch implements Laps {
  readonly partMs = new Map<string, number>()
  readonly errors = new Map<string, CollectErrors>()
  readonly #clock: Clock
  readonly #files: HostFiles
  readonly #timing: { monotonicMs: number; readonly clockEpoch: number }
  #failures: number

  constructor(clock: Clock, files: HostFiles, clockEpoch: number) {
    this.#clock = clock
    this.#files = files
    this.#timing = { monotonicMs: clock.monotonicMs(), clockEpoch }
    this.#failures = files.failures
  }

  /** Now: the moment at which the last part was done. */
  get timing(): Timing {
    return this.#timing
  }

  done(part: string): void {
    const nowMs = this.#clock.monotonicMs()
    this.partMs.set(part, (this.partMs.get(part) ?? 0) + nowMs - this.#timing.monotonicMs)
    this.#timing.monotonicMs = nowMs
    const { failures, lastFailure } = this.#files
    for (; this.#failures < failures; this.#failures++) this.addError(part, lastFailure)
  }

  addError(part: string, example: FileFailure | undefined): void {
    this.errors.set(part, { count: (this.errors.get(part)?.count ?? 0) + 1, example })
  }
}
