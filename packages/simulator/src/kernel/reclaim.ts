import { BYTES_PER_MB } from '@lxc-autoscale/core/units'
import { currentBytes, inPages, type MemoryState } from './memory-state.ts'

/** Limits of a cgroup in bytes; Infinity is `max`. */
export interface MemoryLimits {
  readonly max: number
  readonly high: number
  readonly swapMax: number
}

/** How often what happened; the keys of `memory.events`. */
export interface MemoryEvents {
  readonly high: number
  readonly max: number
  readonly oom: number
  readonly oomKill: number
}

export const NO_EVENTS: MemoryEvents = { high: 0, max: 0, oom: 0, oomKill: 0 }

/** Both counted together. */
export function sumOfEvents(a: MemoryEvents, b: MemoryEvents): MemoryEvents {
  return { high: a.high + b.high, max: a.max + b.max, oom: a.oom + b.oom, oomKill: a.oomKill + b.oomKill }
}

export interface LimitOutcome {
  readonly state: MemoryState
  readonly events: MemoryEvents
  /** Bytes that had to be reclaimed; the more, the more the tasks waited. */
  readonly reclaimedBytes: number
}

/** Mapped programs and libraries, which come back at once if they are taken. */
const CACHE_FLOOR = 2 * BYTES_PER_MB
const SLAB_FLOOR = BYTES_PER_MB / 4
/** What is left of a workload whose main process was killed: the shell and the daemons around it. */
const LEFT_AFTER_KILL = 0.06
const INIT_BYTES = BYTES_PER_MB
/** Failed rounds of reclaim before the kernel kills. Source: Linux, mm/memcontrol.c, MAX_RECLAIM_RETRIES. */
const RECLAIM_ROUNDS = 16

/**
 * What the kernel does when a cgroup is above its limits: reclaims page cache, then slab, then swaps; above `max` it kills
 * until the rest fits. Source: Documentation/admin-guide/cgroup-v2.rst, memory.high and memory.max.
 */
export function enforceLimits(state: MemoryState, limits: MemoryLimits): LimitOutcome {
  const beforeBytes = currentBytes(state)
  const softened = reclaimTo(state, limits.high, limits.swapMax)
  const reclaimed = reclaimTo(softened, limits.max, limits.swapMax)
  const isOverHigh = beforeBytes > limits.high
  const isOverMax = beforeBytes > limits.max
  const killed = killUntilFits(reclaimed, limits.max)
  return {
    state: killed.state,
    reclaimedBytes: beforeBytes - currentBytes(reclaimed),
    events: {
      high: isOverHigh ? 1 + Math.floor((beforeBytes - currentBytes(softened)) / BYTES_PER_MB) : 0,
      max: isOverMax ? 1 + (killed.kills > 0 ? RECLAIM_ROUNDS : 0) : 0,
      oom: killed.kills > 0 ? 1 : 0,
      oomKill: killed.kills,
    },
  }
}

/** Takes what can be taken until `limitBytes` is kept; the rest stays. */
export function reclaimTo(state: MemoryState, limitBytes: number, swapMaxBytes: number): MemoryState {
  let excess = currentBytes(state) - limitBytes
  if (!(excess > 0)) return state
  const take = (bytes: number) => {
    const taken = Math.min(Math.max(0, bytes), excess)
    excess -= taken
    return taken
  }
  const cache = state.cache - take(state.cache - CACHE_FLOOR)
  const slabReclaimable = state.slabReclaimable - take(state.slabReclaimable - SLAB_FLOOR)
  const anonOut = take(Math.min(state.anon * 0.7, swapMaxBytes - state.swap))
  const shmemOut = take(Math.min(state.shmem * 0.7, swapMaxBytes - state.swap - anonOut))
  return inPages({
    ...state,
    cache,
    slabReclaimable,
    anon: state.anon - anonOut,
    shmem: state.shmem - shmemOut,
    swap: state.swap + anonOut + shmemOut,
  })
}

/** A process in a container: the biggest is killed first, the init is the last that is left. */
function killUntilFits(state: MemoryState, maxBytes: number): { state: MemoryState; kills: number } {
  let left = state
  let kills = 0
  while (currentBytes(left) > maxBytes && left.anon > INIT_BYTES) {
    const anon = Math.max(INIT_BYTES, left.anon * LEFT_AFTER_KILL)
    left = inPages({
      ...left,
      anon,
      swap: left.swap * LEFT_AFTER_KILL,
      kernel: Math.max(left.kernel * 0.5, INIT_BYTES / 2),
    })
    kills++
  }
  return { state: left, kills }
}
