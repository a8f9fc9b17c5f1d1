import { dirname, join } from 'node:path'
import { AutoscaleError, errorMessage, MODES, readRegularFile, systemErrorCode, Until } from '@lxc-autoscale/core'
import { z } from 'zod'

/** Far more than a line for each container. */
const MOST_BYTES = 1_048_576

const VmidText = z.string().regex(/^[1-9]\d{2,8}$/)
const Pauses = z.strictObject({
  all: Until.optional(),
  containers: z.record(VmidText, Until),
  modes: z.record(VmidText, z.enum(MODES)),
})
type Pauses = z.output<typeof Pauses>

/** The oldest versions wrote the times alone. */
const TimesAlone = z.record(VmidText, z.iso.datetime()).transform((containers): Pauses => ({ containers, modes: {} }))

/** Where earlier versions of the commands `ignore` and `mode` wrote pauses and modes, beside the folders of the services. */
export function formerPausesFile(stateDirectory: string): string {
  return join(dirname(stateDirectory), 'pauses.json')
}

/** What that file holds; undefined when there is none; why it cannot be used. */
export function readFormerPauses(path: string): Pauses | AutoscaleError | undefined {
  try {
    const value: unknown = JSON.parse(readRegularFile(path, MOST_BYTES))
    return TimesAlone.safeParse(value).data ?? Pauses.parse(value)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const isOurs = error instanceof SyntaxError || error instanceof AutoscaleError || error instanceof z.ZodError
    if (!isOurs && code === undefined) throw error
    const what = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : errorMessage(error)
    const mend = 'set it right or delete it, then systemctl restart lxc_autoscale_api'
    return new AutoscaleError('STATE_INVALID', `${path}: ${what}; ${mend}`, { cause: error })
  }
}
