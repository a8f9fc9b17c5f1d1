import {
  type AllocationBody,
  asObject,
  type CHANGE_DIRECTIONS,
  givenCores,
  type HistoryEntryBody,
} from '@lxc-autoscale/core'

/** What changes of size are told apart by, so that all that can be counted begins at 0. */
export const RESOURCES = ['cpu', 'memory'] as const
export type Resource = (typeof RESOURCES)[number]
type Direction = (typeof CHANGE_DIRECTIONS)[number]

/** Whether a resource grew or shrank; undefined when it did neither. */
export function directionOf(
  resource: Resource,
  { before, after }: Pick<HistoryEntryBody, 'before' | 'after'>,
): Direction | undefined {
  const sizes = resource === 'cpu' ? [givenCoresOf, figure('cores'), figure('cpulimit')] : [figure('memory_mb')]
  for (const size of sizes) {
    const [from, to] = [size(before), size(after)]
    if (from !== undefined && to !== undefined && from !== to) return to > from ? 'up' : 'down'
  }
  return undefined
}

function givenCoresOf(body: unknown): number | undefined {
  const [cores, cpulimit] = [figure('cores')(body) ?? null, figure('cpulimit')(body) ?? null]
  return givenCores({ cores, cpulimit })
}

function figure(key: keyof AllocationBody): (body: unknown) => number | undefined {
  return body => {
    const value = asObject(body)?.[key]
    return typeof value === 'number' ? value : undefined
  }
}
