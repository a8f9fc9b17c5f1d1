import type { Clock } from '@lxc-autoscale/core'
import type { FileFailure, HostFiles } from '@lxc-autoscale/host'
import type { Timing } from './collectors/collector.ts'
import type { Laps } from './collectors/index.ts'
import type { CollectErrors } from './cycle.ts'

/** Takes the time, and counts the failed reads, of each part of one cycle: what passed since the part before was done. */
export class CycleWatch implements Laps {
  readonly errors = new Map<string, CollectErrors>()
  readonly #clock: Clock
  readonly #files: HostFiles
  readonly #timing: { monotonicMs: number; readonly clockEpoch: number }
  /** Boxes that are changed in place: a part is done some thousand times in a cycle. */
  readonly #parts = new Map<string, { ms: number }>()
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

  /** Milliseconds by part. */
  get partMs(): ReadonlyMap<string, number> {
    return new Map([...this.#parts].map(([part, { ms }]) => [part, ms]))
  }

  done(part: string): void {
    const nowMs = this.#clock.monotonicMs()
    const passedMs = nowMs - this.#timing.monotonicMs
    const box = this.#parts.get(part)
    if (box === undefined) this.#parts.set(part, { ms: passedMs })
    else box.ms += passedMs
    this.#timing.monotonicMs = nowMs
    if (this.#failures < this.#files.failures) this.#takeErrors(part)
  }

  #takeErrors(part: string): void {
    const { failures, lastFailure } = this.#files
    for (; this.#failures < failures; this.#failures++) this.addError(part, lastFailure)
  }

  addError(part: string, example: FileFailure | undefined): void {
    this.errors.set(part, { count: (this.errors.get(part)?.count ?? 0) + 1, example })
  }
}
