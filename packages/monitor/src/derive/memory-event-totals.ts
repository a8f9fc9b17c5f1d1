import type { MemoryEvents } from '@lxc-autoscale/core'

/** What is counted of the events, by whose limit was met: that of the container, or one inside it (Docker in LXC). */
export interface EventTotals {
  readonly kills: number
  readonly nestedKills: number
  readonly limitHits: number
  readonly nestedLimitHits: number
}

const NONE: EventTotals = { kills: 0, nestedKills: 0, limitHits: 0, nestedLimitHits: 0 }

/**
 * What happened to the memory of each container since the daemon was started. The counters of the kernel begin anew with each
 * start of a container; these go on.
 */
export class MemoryEventTotals {
  readonly #totals = new Map<number, EventTotals>()

  add(vmid: number, { oomKill = 0, innerOomKill = 0, max = 0, innerMax = 0 }: MemoryEvents): void {
    const { kills, nestedKills, limitHits, nestedLimitHits } = this.of(vmid)
    this.#totals.set(vmid, {
      kills: kills + oomKill,
      nestedKills: nestedKills + innerOomKill,
      limitHits: limitHits + max,
      nestedLimitHits: nestedLimitHits + innerMax,
    })
  }

  /** Nothing at all where nothing was told of. */
  of(vmid: number): EventTotals {
    return this.#totals.get(vmid) ?? NONE
  }
}

/** Whether something happened that is to be added. */
export function isEventful({ oomKill, innerOomKill, max, innerMax }: MemoryEvents): boolean {
  return [oomKill, innerOomKill, max, innerMax].some(Boolean)
}
