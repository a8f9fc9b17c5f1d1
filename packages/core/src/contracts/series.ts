import { z } from 'zod'
import { HistoryEntryBody } from './scaling-api.ts'
import { WireVmid, wireInteger } from './wire-values.ts'

const time = z.iso.datetime({ offset: true, error: 'must be a time in ISO 8601, such as 2026-01-05T00:00:00Z' })

/** The query of `GET /series`. */
export const SeriesQuery = z.object({
  lxc_id: WireVmid,
  since: time,
  until: time.optional().describe('Now when left out.'),
  steps: wireInteger(10, 2_000)
    .default(600)
    .describe('Most steps that are given; a step is a multiple of what is kept.'),
})

const column = z.array(z.number().nullable())
const Spread = z.object({ min: column, mean: column, max: column })

/** `GET /series`: what was measured of one container in steps of equal length, oldest first; null: not known. */
export const SeriesBody = z.object({
  lxc_id: z.number(),
  since: z.string().describe('Begin of the first step, ISO 8601, UTC.'),
  until: z.string().describe('End of the last step.'),
  step_seconds: z.number(),
  source: z
    .enum(['samples', 'minutes', 'ten_minutes'])
    .describe('The finest of what is kept that reaches so far back.'),
  cores_used: Spread,
  cores_given: column.describe('Cores in force at the end of the step.'),
  throttled_percent: column.describe('Mean.'),
  memory_used_mb: Spread,
  memory_given_mb: column.describe('Limit in force at the end of the step.'),
  memory_floor_mb: column.describe('Largest.'),
  swap_used_mb: column.describe('Mean.'),
  cpu_pressure_percent: column.describe('Largest share of 10 s in which something waited for CPU.'),
  memory_pressure_percent: column.describe('The same for memory.'),
  io_pressure_percent: column.describe('The same for disks.'),
  kills: column.describe('Processes killed for want of memory, at the own limit.'),
  anomalies: z
    .array(
      z.object({
        from: z.string(),
        until: z.string().nullable().describe('Null: it lasts.'),
        text: z.string(),
        features: z.array(z.object({ name: z.string(), share: z.number() })),
      }),
    )
    .describe('When the model called it abnormal, and which features were strange.'),
  changes: z.array(HistoryEntryBody).describe('What was made of it in that time, newest first.'),
})
export type SeriesBody = z.output<typeof SeriesBody>
