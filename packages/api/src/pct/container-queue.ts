import { AutoscaleError } from '@lxc-autoscale/core'

export interface QueueLimits {
  /** Tasks that run at once. */
  readonly maxRunning: number
  /** Tasks that may wait. */
  readonly maxWaiting: number
}

/** A piece of work that needs `pct`. */
export interface QueuedTask<Result> {
  /** The containers it changes; no other task of any of them runs meanwhile. None for a read. */
  readonly vmids: readonly number[]
  /** Whether it may take minutes; such tasks leave one place free for the quick ones. */
  readonly isLong: boolean
  /** Aborted when nobody wants the result any more; a task that has begun is not stopped by it. */
  readonly signal: AbortSignal | undefined
  run(): Promise<Result>
}

interface Waiting {
  readonly vmids: readonly number[]
  readonly isLong: boolean
  start(): void
  refuse(why: string): void
}

/** Lets one task at a time change a container, and a few at once use the host, in the order in which they came. */
export class ContainerQueue {
  readonly #limits: () => QueueLimits
  readonly #busy = new Set<number>()
  #waiting: Waiting[] = []
  #running = 0
  #runningLong = 0
  #isClosed = false
  readonly #idleListeners: (() => void)[] = []

  /** `limits` is asked for each task, so that a new configuration takes effect. */
  constructor(limits: () => QueueLimits) {
    this.#limits = limits
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get running(): number {
    return this.#running
  }

  /**
   * The result of `task` once its turn has come.
   * @throws {AutoscaleError} QUEUE_FULL when too many wait; CANCELLED when its signal was aborted, or the queue closed, before it began.
   */
  run<Result>(task: QueuedTask<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(cancelled('the service is stopping'))
    if (task.signal?.aborted) return Promise.reject(cancelled('the client went away'))
    const { maxWaiting } = this.#limits()
    if (this.#waiting.length >= maxWaiting && !this.#canStart(task)) {
      return Promise.reject(
        new AutoscaleError('QUEUE_FULL', `${this.#waiting.length} changes wait for pct already; try again later`, {
          details: { waiting: this.#waiting.length },
        }),
      )
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting = this.#waiting.filter(other => other !== waiting)
        waiting.refuse('the client went away')
      }
      const waiting: Waiting = {
        vmids: task.vmids,
        isLong: task.isLong,
        start: () => {
          task.signal?.removeEventListener('abort', giveUp)
          void this.#perform(task).then(resolve, reject)
        },
        refuse: why => reject(cancelled(why)),
      }
      task.signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(waiting)
      this.#startWhatCan()
    })
  }

  /** Refuses everything that has not begun, and resolves when what has begun is done. */
  async close(): Promise<void> {
    this.#isClosed = true
    const dropped = this.#waiting
    this.#waiting = []
    for (const waiting of dropped) waiting.refuse('the service is stopping')
    if (this.#running > 0) await new Promise<void>(resolve => this.#idleListeners.push(resolve))
  }

  async #perform<Result>(task: QueuedTask<Result>): Promise<Result> {
    this.#running++
    if (task.isLong) this.#runningLong++
    for (const vmid of task.vmids) this.#busy.add(vmid)
    try {
      return await task.run()
    } finally {
      this.#running--
      if (task.isLong) this.#runningLong--
      for (const vmid of task.vmids) this.#busy.delete(vmid)
      this.#startWhatCan()
      if (this.#running === 0) for (const listener of this.#idleListeners.splice(0)) listener()
    }
  }

  #startWhatCan(): void {
    // Containers of tasks that wait in front: a later task of one of them must not overtake.
    const claimed = new Set<number>()
    for (const waiting of [...this.#waiting]) {
      const isOvertaking = waiting.vmids.some(vmid => claimed.has(vmid))
      if (!isOvertaking && this.#canStart(waiting)) {
        this.#waiting = this.#waiting.filter(other => other !== waiting)
        waiting.start()
      } else for (const vmid of waiting.vmids) claimed.add(vmid)
    }
  }

  #canStart({ vmids, isLong }: Pick<Waiting, 'vmids' | 'isLong'>): boolean {
    const { maxRunning } = this.#limits()
    if (this.#running >= maxRunning) return false
    if (isLong && this.#runningLong >= maxRunning - 1) return false
    return vmids.every(vmid => !this.#busy.has(vmid))
  }
}

function cancelled(why: string): AutoscaleError {
  return new AutoscaleError('CANCELLED', `nothing was done: ${why}`)
}
