import { anotherSince, type HistoryEntryBody, isBegun } from '@lxc-autoscale/core'

/** What is to be taken back of one container, in one step. */
export interface SinceStep {
  readonly vmid: number
  readonly name: string | null
  /** Newest first. */
  readonly changes: readonly HistoryEntryBody[]
  /** Before which the container had what it gets back. */
  readonly oldest: HistoryEntryBody
}

export interface SincePlan {
  /** By the number of the container. */
  readonly steps: readonly SinceStep[]
  /** Changes of other kinds, of which there is no way back. */
  readonly others: readonly HistoryEntryBody[]
}

/** What is told of a container is no change of it. */
const TOLD: ReadonlySet<HistoryEntryBody['action']> = new Set(['pause', 'resume', 'mode'])

/** How the changes of `newestFirst`, which were all begun, are taken back. */
export function planSince(newestFirst: readonly HistoryEntryBody[]): SincePlan {
  const made = newestFirst.filter(({ outcome, action }) => isBegun(outcome) && !TOLD.has(action))
  const steps = new Map<number, SinceStep>()
  /** Numbers that were those of other containers before. */
  const reused = new Set<number>()
  for (const change of made) {
    const { lxc_id: vmid, name, action } = change
    const another = anotherSince(change)
    if (another !== undefined) reused.add(another)
    if (action !== 'scale' || reused.has(vmid)) continue
    const newer = steps.get(vmid)
    const changes = [...(newer?.changes ?? []), change]
    steps.set(vmid, { vmid, name: newer?.name ?? name, changes, oldest: change })
  }
  return {
    steps: [...steps.values()].sort((a, b) => a.vmid - b.vmid),
    others: made.filter(({ action }) => action !== 'scale'),
  }
}
