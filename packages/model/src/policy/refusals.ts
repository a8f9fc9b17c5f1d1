import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { Allocation, Decision, Direction } from './decision.ts'

/** A change of one resource in one direction that the API refused, and has refused since. */
export const Refusal = z.object({
  resource: z.enum(['cores', 'memory']),
  direction: z.enum(['up', 'down']),
  times: z.int().min(1),
  atMs: z.number(),
  /** What the container had, and the least memory that was allowed then: once either has moved it may be asked again. */
  from: z.number(),
  leastMemoryMb: z.number().optional(),
})
export type Refusal = z.output<typeof Refusal>

export interface StandingRefusal extends Refusal {
  /** It was carried out, and the API took it back. */
  readonly isTakenBack?: boolean
}

const FIRST_PAUSE_MS = MS_PER_HOUR
const NEED_PAUSE_MS = 5 * MS_PER_MINUTE
/** The least memory wavers by a little all the time; only when it falls by so much something has changed. */
const LESS_MEMORY = 0.9

/** When a refused change may be asked for again: the pause doubles, up to a day; out of need it stays short. */
export function askAgainMs({ times, atMs }: Refusal, isInNeed: boolean): number {
  return atMs + (isInNeed ? NEED_PAUSE_MS : Math.min(FIRST_PAUSE_MS * 2 ** (times - 1), MS_PER_DAY))
}

export interface Refused {
  readonly decision: Decision
  /** Undefined: whatever it would have changed. */
  readonly resource: Refusal['resource'] | undefined
}

/** `refusals` with those of a decision that was refused. */
export function withRefused(
  refusals: readonly Refusal[],
  { decision, resource: blamed }: Refused,
  { atMs, leastMemoryMb }: Pick<Refusal, 'atMs' | 'leastMemoryMb'>,
): readonly Refusal[] {
  const { cores, memory, from } = decision
  const parts = [
    { resource: 'cores' as const, direction: cores, from: from.cores },
    { resource: 'memory' as const, direction: memory, from: from.memoryMb },
  ]
  return parts.reduce<readonly Refusal[]>((soFar, { resource, direction, from: had }) => {
    if (direction === 'keep' || had === undefined || (blamed !== undefined && blamed !== resource)) return soFar
    const before = find(soFar, resource, direction)
    const times = (before?.times ?? 0) + 1
    return [...soFar.filter(each => each !== before), { resource, direction, times, atMs, from: had, leastMemoryMb }]
  }, refusals)
}

/** Those that still stand now that the container has `allocation`. */
export function standing(
  refusals: readonly Refusal[],
  { cores, memoryMb }: Allocation,
  leastMemoryMb: number | undefined,
): readonly Refusal[] {
  return refusals.filter(refusal => {
    const has = refusal.resource === 'cores' ? cores : memoryMb
    const isFreed = (leastMemoryMb ?? Number.POSITIVE_INFINITY) < (refusal.leastMemoryMb ?? 0) * LESS_MEMORY
    return (has === undefined || has === refusal.from) && !isFreed
  })
}

export function find(
  refusals: readonly StandingRefusal[],
  resource: Refusal['resource'],
  direction: Direction,
): StandingRefusal | undefined {
  return refusals.find(each => each.resource === resource && each.direction === direction)
}
