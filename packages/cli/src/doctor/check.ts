import type { ApiConfig } from '@lxc-autoscale/api'
import type { ModelConfig } from '@lxc-autoscale/model'
import type { MonitorConfig } from '@lxc-autoscale/monitor'
import type { ApiClient } from '../api/api-client.ts'

/** What a check found. `isGood` undefined: it could not be looked at. */
export interface Finding {
  readonly isGood: boolean | undefined
  readonly detail: string
  /** What to do; empty when nothing is to be done. */
  readonly mend: string
}

/** What the checks look at. A configuration that cannot be used is undefined; the check `configuration` says why. */
export interface Patient {
  readonly configDir: string
  readonly monitor: MonitorConfig | undefined
  readonly model: ModelConfig | undefined
  readonly api: ApiConfig | undefined
  readonly client: ApiClient
  readonly nowMs: number
}

/** One thing that is known to go wrong. */
export interface Check {
  readonly name: string
  look(patient: Patient): Promise<Finding | readonly Finding[]>
}

export const UNITS = ['lxc_monitor', 'lxc_autoscale_ml', 'lxc_autoscale_api'] as const

export function good(detail: string): Finding {
  return { isGood: true, detail, mend: '' }
}

export function bad(detail: string, mend: string): Finding {
  return { isGood: false, detail, mend }
}

export function unseen(detail: string): Finding {
  return { isGood: undefined, detail, mend: '' }
}
