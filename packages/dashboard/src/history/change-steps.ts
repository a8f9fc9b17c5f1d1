import type { AllocationBody, HistoryEntryBody } from '@lxc-autoscale/core'
import { isBegun } from '@lxc-autoscale/core/browser'
import { memoryText } from '../format.ts'

/** One thing that a change set. */
export interface Step {
  readonly resource: 'cores' | 'cpulimit' | 'memory_mb'
  readonly from: number | null
  readonly to: number | null
}

type Sizes = Partial<Pick<AllocationBody, Step['resource']>>
const RESOURCES = ['cores', 'cpulimit', 'memory_mb'] as const
/** What it is called in a request. */
const ASKED_AS = { cores: 'cores', cpulimit: 'cpulimit', memory_mb: 'memory' } as const

/** What a change of a size moved; of one that was not made, what it was to move. */
export function stepsOf({ action, before, after, asked }: HistoryEntryBody): Step[] {
  if (action !== 'scale' && action !== 'snapshot-rollback') return []
  const [had, has] = [sizesOf(before), sizesOf(after)]
  return RESOURCES.flatMap(resource => {
    const from = had[resource] ?? null
    const to = after === null ? numberOf(asked[ASKED_AS[resource]]) : (has[resource] ?? null)
    return to === undefined || from === to ? [] : [{ resource, from, to }]
  })
}

/** Whether it gave more or less; both, when it did one and the other. */
export function directionsOf(entry: HistoryEntryBody): ReadonlySet<'up' | 'down'> {
  return new Set(
    stepsOf(entry).flatMap(({ from, to }) =>
      from === null || to === null ? [] : ([to > from ? 'up' : 'down'] as const),
    ),
  )
}

/** What was asked for, in words: `cores 1 → 2, memory 1 GiB → 1.5 GiB`. */
export function entryText(entry: HistoryEntryBody): string {
  const steps = stepsOf(entry)
  if (steps.length > 0) return steps.map(stepText).join(', ')
  const { action, asked } = entry
  if (action === 'scale') return 'nothing was to be changed'
  if (action === 'storage-increase') return `root disk +${String(asked['disk_size'])} GiB`
  const name = asked['snapshot_name'] ?? asked['new_lxc_id'] ?? asked['mode']
  return name === undefined ? action.replace('-', ': ') : `${action.replace('-', ': ')} ${String(name)}`
}

function stepText({ resource, from, to }: Step): string {
  if (resource === 'memory_mb') return `memory ${memoryText(from)} → ${memoryText(to)}`
  const none = resource === 'cores' ? 'all' : 'none'
  const [had, has] = [from, to].map(cores => (cores === null ? none : String(cores)))
  return `${resource === 'cores' ? 'cores' : 'CPU limit'} ${had} → ${has}`
}

/** Whether it can be taken back: a size that was set, or may have been. */
export function isUndoable(entry: HistoryEntryBody): boolean {
  return entry.action === 'scale' && isBegun(entry.outcome) && entry.before !== null && stepsOf(entry).length > 0
}

function sizesOf(body: unknown): Sizes {
  return typeof body === 'object' && body !== null ? body : {}
}

function numberOf(value: unknown): number | undefined {
  const number = Number(value ?? Number.NaN)
  return Number.isFinite(number) ? number : undefined
}
