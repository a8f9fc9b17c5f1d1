import { z } from 'zod'
import { WireVmid, wireInteger } from './wire-values.ts'

/** `POST /what-if`: what the policy would have done with the history of a container. */
export const WhatIfRequest = z.object({
  lxc_id: WireVmid,
  hours: wireInteger(1, 1_440).default(24).describe('How far back.'),
  settings: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'Keys of `scaling` of the configuration of the model, such as {"policy": "adaptive", "throttling_price": 80}; the others as built in.',
    ),
})

const column = z.array(z.number().nullable())

/** What would have been. */
export const WhatIfResult = z.object({
  since: z.string(),
  step_seconds: z.number(),
  cores_used: column,
  cores_given: column.describe('What it had.'),
  cores_would: column.describe('What it would have had.'),
  memory_used_mb: column,
  memory_given_mb: column,
  memory_would_mb: column,
  settings: z.record(z.string(), z.unknown()).describe('In force in the replay, that are not built in.'),
  /** Means over the time that is known; `short`: share of it with too little. */
  had: z.object({
    cores: z.number().nullable(),
    memory_mb: z.number().nullable(),
    short_percent: z.number(),
    changes: z.number(),
  }),
  would: z.object({
    cores: z.number().nullable(),
    memory_mb: z.number().nullable(),
    short_percent: z.number(),
    kills: z.number(),
    changes: z.number(),
  }),
})
export type WhatIfResult = z.output<typeof WhatIfResult>

/** `GET /what-if/ID`, and what `POST` and `DELETE` answer. */
export const WhatIfBody = z.object({
  id: z.string(),
  lxc_id: z.number(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  progress: z.number().describe('0 to 1.'),
  text: z.string().describe('Why it failed, or what is being done.'),
  result: WhatIfResult.nullable(),
})
export type WhatIfBody = z.output<typeof WhatIfBody>

/** Columns of equal length, one element for each moment that something is known of, oldest first; null: not known. */
export interface WhatIfSamples {
  /** Seconds since 1970, rising. */
  readonly timesS: readonly number[]
  readonly coresUsed: readonly (number | null)[]
  readonly coresGiven: readonly (number | null)[]
  readonly throttledPercent: readonly (number | null)[]
  readonly memoryUsedMb: readonly (number | null)[]
  readonly memoryGivenMb: readonly (number | null)[]
}

/** What the API hands to the process that replays. */
export interface WhatIfJob {
  readonly vmid: number
  /** Keys of `scaling`, which the API has checked. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly samples: WhatIfSamples
  /** How far local time is ahead of UTC on the host. */
  readonly utcOffsetMs: number
  readonly swapMb: number
  /** What a smaller memory limit leaves above the use. */
  readonly memoryMargin: { readonly mb: number; readonly percent: number }
  /** What limits fall back to; undefined when it is not known. */
  readonly host: { readonly cores: number | undefined; readonly memoryMb: number | undefined }
}

/** What that process tells, one after the other; the result is the last. */
export type WhatIfMessage = { readonly progress: number } | { readonly result: WhatIfResult }
