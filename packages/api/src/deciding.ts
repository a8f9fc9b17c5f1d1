import {
  type Clock,
  type DecidingFacts,
  type DecidingVerdict,
  decidingVerdict,
  type ModelStatus,
  modelFacts,
  statusFacts,
} from '@lxc-autoscale/core'
import type { ApiConfig } from './config.ts'
import { fileVersion } from './host/file-version.ts'

export interface DecidingParts {
  readonly clock: Clock
  readonly config: Pick<ApiConfig, 'health'>
}

type Found = Pick<DecidingFacts, 'status' | 'statusProblem'>

/** Whether the model decides, and what it wrote down last: the file is read again when it is another one. */
export class Deciding {
  readonly #parts: DecidingParts
  #read: { readonly version: string; readonly found: Found } | undefined

  constructor(parts: DecidingParts) {
    this.#parts = parts
  }

  /** Undefined when nobody wants to know (`health.model_status_file` is empty). */
  verdict(): DecidingVerdict | undefined {
    const { clock, config } = this.#parts
    const { model_status_file: statusFile, model_lock_file: lockFile } = config.health
    if (statusFile === '') return undefined
    const facts = { nowMs: clock.nowMs(), statusFile, model: modelFacts(lockFile), api: 'answers' } as const
    return decidingVerdict({ ...facts, ...this.#found(statusFile) })
  }

  /** What the model knew and did in its last cycle; undefined when nothing that can be used is there. */
  status(): ModelStatus | undefined {
    const { model_status_file: statusFile } = this.#parts.config.health
    return statusFile === '' ? undefined : this.#found(statusFile).status
  }

  #found(file: string): Found {
    const version = fileVersion(file)
    if (this.#read?.version === version) return this.#read.found
    const found = statusFacts(file)
    this.#read = { version, found }
    return found
  }
}
