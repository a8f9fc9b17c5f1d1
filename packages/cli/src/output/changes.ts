import { AllocationBody, type HistoryEntryBody, localTimeText } from '@lxc-autoscale/core'
import { z } from 'zod'
import { figure } from './terminal.ts'

/** `2 cores, 1024 MB` of what an audit line holds; of `only`, if given, what `allocation` has in another way. */
export function allocationText(allocation: unknown, only?: unknown): string {
  const { data } = AllocationBody.partial().safeParse(allocation)
  const other = AllocationBody.partial().safeParse(only).data
  const isShown = (name: keyof AllocationBody) => other === undefined || data?.[name] !== other[name]
  const { cores, cpulimit, memory_mb: memoryMb } = data ?? {}
  const parts = [
    ...(typeof cores === 'number' && isShown('cores') ? [`${figure(cores)} ${cores === 1 ? 'core' : 'cores'}`] : []),
    ...(cores === null && isShown('cores') && other !== undefined ? ['all cores'] : []),
    ...(typeof cpulimit === 'number' && isShown('cpulimit') ? [`limit ${figure(cpulimit)}`] : []),
    ...(typeof memoryMb === 'number' && isShown('memory_mb') ? [`${memoryMb} MB`] : []),
  ]
  return parts.length === 0 ? '-' : parts.join(', ')
}

/** What an entry was about, as it was or is: an allocation, until when it is left alone, its mode. */
export function stateText(state: unknown): string {
  const { paused_until: until, mode } = STATE.safeParse(state).data ?? {}
  if (until !== undefined) return until === null ? 'not paused' : untilText(until)
  return mode === undefined ? allocationText(state) : (mode ?? 'as configured')
}

const STATE = z.object({ paused_until: z.string().nullable().optional(), mode: z.string().nullable().optional() })

function untilText(until: string): string {
  return until === 'forever' ? 'paused' : `until ${localTimeText(Date.parse(until))}`
}

/** What kind of change it was. */
export function actionText({ action, boost }: HistoryEntryBody): string {
  if (boost === undefined) return action
  return boost.until === null ? 'boost-end' : 'boost'
}

/** When it was asked for, by the clock on the wall. */
export function changeTimeText({ time }: HistoryEntryBody): string {
  return localTimeText(Date.parse(time))
}

/** Of a number that is shown beside others: what tells it from nearly every other one. */
const SHOWN_CHARACTERS = 8

export function shownId(id: string): string {
  return id.slice(0, SHOWN_CHARACTERS)
}

/** Why it was asked for, with the number of the change that it takes back cut short. */
export function shortWhy({ why, undo_of: undoOf }: HistoryEntryBody): string | null {
  return undoOf === null ? why : (why?.replace(undoOf, shownId(undoOf)) ?? null)
}
