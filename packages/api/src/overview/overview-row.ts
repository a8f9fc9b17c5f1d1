import {
  AllocationBody,
  type ContainerSample,
  type ContainerStatus,
  givenCores,
  type HistoryEntryBody,
  isDecidedByModel,
  type OverviewRow,
  type SteeringBody,
  whoText,
} from '@lxc-autoscale/core'
import { allocationBody } from '../changes/wire-allocation.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import { containerState, type StateFacts } from './container-state.ts'

/** What is known of one container. */
export interface RowFacts extends Omit<StateFacts, 'container'> {
  readonly container: ContainerFacts
  readonly sample: ContainerSample | undefined
  readonly decided: ContainerStatus | undefined
  readonly steering: SteeringBody
  readonly lastChange: HistoryEntryBody | undefined
}

/** One row of the overview. Figures are no finer than a person can tell, so that a quiet container has a quiet row. */
export function overviewRow(facts: RowFacts): OverviewRow {
  const { container, sample, decided, steering, lastChange } = facts
  const { state, text } = containerState(facts)
  const isRunning = container.status === 'running'
  const measured = isRunning ? sample : undefined
  const inForce = allocationBody(container.inForce)
  const given = allocationBody(container.configured)
  return {
    lxc_id: container.vmid,
    name: container.name,
    tags: [...container.tags],
    tier: decided?.tier ?? null,
    status: container.status,
    state,
    state_text: text,
    cores_used: rounded(measured?.cpuCoresUsed, 2),
    cores_given: rounded(measured?.cpuCores ?? givenCores(isRunning ? inForce : given), 2),
    memory_used_mb: rounded(measured?.memoryUsageMb, 0),
    memory_given_mb: rounded((isRunning ? inForce.memory_mb : given.memory_mb) ?? undefined, 0),
    memory_floor_mb: rounded(measured?.memoryFloorMb, 0),
    throttled_percent: rounded(measured?.cpuThrottledPercent, 1),
    mode: steering.mode ?? decided?.mode ?? null,
    paused_until: steering.paused_until,
    boost: steering.boost,
    last_change: lastChange === undefined ? null : changeBody(lastChange),
  }
}

function changeBody(entry: HistoryEntryBody): NonNullable<OverviewRow['last_change']> {
  const { id, time, before, after, outcome, message, why } = entry
  return {
    id,
    time,
    who: whoText(entry),
    is_by_model: isDecidedByModel(entry),
    text: outcome === 'applied' ? movedText(before, after) : `${outcome}: ${message}`,
    reason: why,
  }
}

const NAMED = [
  ['cores', 'cores', '', 'all'],
  ['cpulimit', 'cpulimit', '', 'none'],
  ['memory_mb', 'memory', ' MB', 'none'],
  ['swap_mb', 'swap', ' MB', 'none'],
] as const

/** `cores 2 -> 3, memory 1024 -> 1536 MB` */
function movedText(before: unknown, after: unknown): string {
  const [had, has] = [AllocationBody.safeParse(before).data, AllocationBody.safeParse(after).data]
  if (had === undefined || has === undefined) return 'not known what it had, or has'
  const moved = NAMED.filter(([field]) => had[field] !== has[field])
  return moved
    .map(([field, name, unit, without]) => `${name} ${had[field] ?? without} -> ${has[field] ?? without}${unit}`)
    .join(', ')
}

function rounded(value: number | undefined, decimals: number): number | null {
  return value === undefined ? null : Number(value.toFixed(decimals))
}
