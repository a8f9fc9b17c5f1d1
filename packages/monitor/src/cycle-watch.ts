import type { Clock } from '@lxc-autoscale/core'
import { FAILURE_REASONS, type FailureReason, type FileFailure, type HostFiles } from '@lxc-autoscale/host'
import type { Timing } from './derive/counter.ts'

/** Figures that one part of a cycle could not know for one reason, with one example. */
export interface CollectError {
  readonly collector: string
  readonly reason: FailureReason
  readonly count: number
  readonly example: FileFailure | undefined
}

/** Takes the time, and counts what could not be known, of each part of one cycle: what passed since the part before was done. */
export class CycleWatch {
  readonly #clock: Clock
  readonly #files: HostFiles
  readonly #timing: { monotonicMs: number; readonly clockEpoch: number }
  /** Boxes that are changed in place: a part is done some thousand times in a cycle. */
  readonly #parts = new Map<string, { ms: number }>()
  readonly #errors = new Map<string, CollectError>()
  /** What the files had counted when the last part was done, in all and by reason. */
  #failures: number
  readonly #byReason: Map<FailureReason, number>

  constructor(clock: Clock, files: HostFiles, clockEpoch: number) {
    this.#clock = clock
    this.#files = files
    this.#timing = { monotonicMs: clock.monotonicMs(), clockEpoch }
    this.#failures = files.failures
    this.#byReason = new Map(FAILURE_REASONS.map(reason => [reason, files.failuresBy(reason).count]))
  }

  /** Now: the moment at which the last part was done. */
  get timing(): Timing {
    return this.#timing
  }

  /** Milliseconds by part. */
  get partMs(): ReadonlyMap<string, number> {
    return new Map([...this.#parts].map(([part, { ms }]) => [part, ms]))
  }

  get errors(): readonly CollectError[] {
    return [...this.#errors.values()]
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

  #takeErrors(collector: string): void {
    this.#failures = this.#files.failures
    for (const reason of FAILURE_REASONS) {
      const { count: total, last: example } = this.#files.failuresBy(reason)
      const grown = total - (this.#byReason.get(reason) ?? 0)
      if (grown === 0) continue
      this.#byReason.set(reason, total)
      const key = `${collector} ${reason}`
      this.#errors.set(key, { collector, reason, count: (this.#errors.get(key)?.count ?? 0) + grown, example })
    }
  }
}
