import { AutoscaleError } from '@lxc-autoscale/core'

/** Whether somebody waits for an answer only (and may be turned away), or a change is under way. */
export type SlotPriority = 'change' | 'read'

interface Waiting {
  readonly priority: SlotPriority
  start(): void
}

/** Bounds how many commands of Proxmox run at once; changes go before reads. */
export class ProcessSlots {
  readonly #count: number
  readonly #maxWaitingReads: number
  #taken = 0
  #waiting: Waiting[] = []

  constructor(count: number, maxWaitingReads: number) {
    this.#count = count
    this.#maxWaitingReads = maxWaitingReads
  }

  /** Runs `work` when there is room. @throws {AutoscaleError} QUEUE_FULL when too many reads wait already */
  async run<Result>(priority: SlotPriority, work: () => Promise<Result>): Promise<Result> {
    await this.#take(priority)
    try {
      return await work()
    } finally {
      this.#taken--
      this.#next()
    }
  }

  async #take(priority: SlotPriority): Promise<void> {
    if (this.#taken < this.#count) {
      this.#taken++
      return
    }
    const reads = this.#waiting.filter(waiting => waiting.priority === 'read').length
    if (priority === 'read' && reads >= this.#maxWaitingReads) {
      throw new AutoscaleError('QUEUE_FULL', `${reads} requests wait for pct already; try again later`)
    }
    await new Promise<void>(start => this.#waiting.push({ priority, start }))
  }

  #next(): void {
    const next = this.#waiting.find(({ priority }) => priority === 'change') ?? this.#waiting[0]
    if (next === undefined || this.#taken >= this.#count) return
    this.#waiting = this.#waiting.filter(waiting => waiting !== next)
    this.#taken++
    next.start()
  }
}
