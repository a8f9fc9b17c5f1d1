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
      'Keys of `scaling` of the configuration of the model, such as {"policy": "adaptive", "kill_price": 30}; the others as built in.',
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
