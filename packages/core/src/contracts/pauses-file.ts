import { dirname, join } from 'node:path'
import { z } from 'zod'
import { AutoscaleError, errorMessage } from '../errors.ts'
import { readRegularFile } from '../files/regular-file.ts'

/** Far more than a line for each container. */
const MOST_BYTES = 1_048_576

/**
 * The file between the commands `ignore` and `mode` of `lxc-autoscale` and the model. It stands beside the model's state
 * directory, not in it: root writes it, and root writes into no folder that belongs to a service.
 */
export function pausesFile(stateDirectory: string): string {
  return join(dirname(stateDirectory), 'pauses.json')
}

/** What the model does with its decisions for a container. */
export const MODES = ['auto', 'grow_only', 'recommend', 'off'] as const
export type Mode = (typeof MODES)[number]

/** Until when something is left alone: a time (ISO 8601), or until that is ended. */
export const Until = z.union([z.iso.datetime(), z.literal('forever')])
const VmidText = z.string().regex(/^[1-9]\d{2,8}$/)

/** What a person has told the model by a command; containers by their number. */
export const Pauses = z.strictObject({
  /** Every container, also those that are made later. */
  all: Until.optional(),
  containers: z.record(VmidText, Until),
  modes: z.record(VmidText, z.enum(MODES)),
})
export type Pauses = z.output<typeof Pauses>

export const NO_PAUSES: Pauses = { containers: {}, modes: {} }

/** Earlier versions wrote the times alone. */
const FormerPauses = z.record(VmidText, z.iso.datetime()).transform((containers): Pauses => ({ containers, modes: {} }))

/**
 * What the file at `path` holds, pauses that are over included.
 * @throws {AutoscaleError} STATE_INVALID when it is damaged; a system error (ENOENT, ...) when it cannot be read
 */
export function readPauses(path: string): Pauses {
  const text = readRegularFile(path, MOST_BYTES)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new AutoscaleError('STATE_INVALID', `${path}: ${errorMessage(error)}`, { cause: error })
  }
  const former = FormerPauses.safeParse(value)
  if (former.success) return former.data
  const { data, error } = Pauses.safeParse(value)
  if (data !== undefined) return data
  throw new AutoscaleError('STATE_INVALID', `${path}: ${z.prettifyError(error).replaceAll('\n', ' ')}`)
}

/** Until when a pause lasts, milliseconds since 1970 UTC; `Infinity`: until it is ended. Undefined when it is none, or over. */
export function openUntilMs(until: string | undefined, nowMs: number): number | undefined {
  const untilMs = until === 'forever' ? Number.POSITIVE_INFINITY : Date.parse(until ?? '')
  return untilMs > nowMs ? untilMs : undefined
}

/** The pause that a container is in at `nowMs`: its own, or that of all, whichever ends later. */
export function pauseOf(
  { all, containers }: Pauses,
  vmid: number,
  nowMs: number,
): { readonly untilMs: number; readonly isOfAll: boolean } | undefined {
  const own = openUntilMs(containers[vmid], nowMs)
  const ofAll = openUntilMs(all, nowMs)
  if (own === undefined && ofAll === undefined) return undefined
  const isOfAll = (ofAll ?? 0) > (own ?? 0)
  return { untilMs: Math.max(own ?? 0, ofAll ?? 0), isOfAll }
}
