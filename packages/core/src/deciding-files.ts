import { readModelStatus } from './contracts/model-status.ts'
import { lockHolder } from './daemon/single-instance.ts'
import type { DecidingFacts } from './deciding.ts'
import { AutoscaleError, systemErrorCode } from './errors.ts'

/** What the model wrote down, or why that cannot be used. */
export function statusFacts(statusFile: string): Pick<DecidingFacts, 'status' | 'statusProblem'> {
  try {
    return { status: readModelStatus(statusFile), statusProblem: undefined }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return { status: undefined, statusProblem: error.message }
  }
}

/** Who holds the lock of the model; not known from one that cannot be read, or that nobody wants to look at (empty). */
export function modelFacts(lockFile: string): DecidingFacts['model'] {
  if (lockFile === '') return undefined
  try {
    return lockHolder(lockFile) ?? 'not running'
  } catch (error) {
    if (!(error instanceof AutoscaleError) && systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
