import { z } from 'zod'
import { OUTCOME_KINDS } from '../client/apply-outcome.ts'
import { BREAKER_STATES } from '../client/circuit-breaker.ts'
import { CYCLE_OUTCOMES } from '../telemetry.ts'

const figure = z.number().nullable()
const Size = z.object({ cores: figure, memory_mb: figure })
const Direction = z.enum(['up', 'down', 'keep'])

const DecisionStatus = z.object({
  time: z.string(),
  policy: z.string(),
  from: Size,
  to: Size,
  wanted: Size.describe('What the policy asked for, before the safety rules.'),
  cores: Direction,
  memory: Direction,
  is_in_need: z.boolean(),
  is_to_be_applied: z.boolean().describe('False in mode recommend.'),
  reasons: z.array(z.object({ rule: z.string(), text: z.string() })),
})
export type DecisionStatus = z.output<typeof DecisionStatus>

const ChangeStatus = z.object({
  time: z.string(),
  from: Size,
  to: Size,
  outcome: z.enum(OUTCOME_KINDS),
  code: z.string().nullable(),
  text: z.string(),
})
export type ChangeStatus = z.output<typeof ChangeStatus>

const VerdictStatus = z.object({
  is_anomalous: z.boolean(),
  is_acted_on: z.boolean().describe('Whether it was sure enough (min_confidence) to hold shrinking.'),
  confidence: z.number(),
  score: figure,
  threshold: figure,
  source: z.enum(['container', 'fleet', 'none']),
  features: z.array(z.object({ name: z.string(), share: z.number() })),
  why: z.string(),
})
export type VerdictStatus = z.output<typeof VerdictStatus>

export const ContainerStatus = z.object({
  vmid: z.number(),
  name: z.string().nullable(),
  tags: z.array(z.string()),
  mode: z.string(),
  allocation: Size.nullable().describe('What is configured; null when it is not known, and then nothing is done.'),
  problem: z.string().nullable().describe('Why nothing can be decided; null when something can.'),
  paused_until: z
    .string()
    .nullable()
    .default(null)
    .describe('Until when a person wants it to be left alone: ISO 8601, or `forever`; null when nobody does.'),
  newest: z
    .object({
      time: z.string(),
      cpu_cores_used: figure,
      cpu_usage_percent: figure,
      cpu_throttled_percent: figure,
      memory_usage_mb: figure,
      memory_floor_mb: figure,
    })
    .nullable(),
  decision: DecisionStatus.nullable(),
  policy: z
    .object({ cores: z.string(), memory: z.string() })
    .nullable()
    .describe('What the policy looked at, in words.'),
  last_change: ChangeStatus.nullable(),
  verdict: VerdictStatus.nullable(),
  breaker: z.enum(BREAKER_STATES),
})
export type ContainerStatus = z.output<typeof ContainerStatus>

/** The file `model-status.json` in the state directory: what the model knew and did in its last cycle. */
export const ModelStatus = z.object({
  version: z.literal(1),
  updated_at: z.string(),
  pid: z.number(),
  model_version: z.string(),
  dry_run: z.boolean(),
  cycle: z.object({
    number: z.number().describe('Since the start.'),
    outcome: z.enum(CYCLE_OUTCOMES),
    text: z.string().describe('What was in the way; empty when nothing was.'),
    seconds: z.number(),
    stages: z.record(z.string(), z.number()).describe('Seconds of each part.'),
  }),
  metrics: z.object({
    newest: z.string().nullable(),
    age_seconds: figure,
    interval_seconds: figure,
    is_stale: z.boolean(),
  }),
  host: z.object({ cores: figure, memory_mb: figure, memory_available_mb: figure }),
  api: z.object({ url: z.string(), breaker: z.enum(BREAKER_STATES) }),
  warnings: z.array(z.string()).default([]).describe('What is wrong although it goes on.'),
  forests: z.object({ containers: z.number(), with_own_forests: z.number(), forests: z.number(), alarms: z.number() }),
  containers: z.array(ContainerStatus),
})
export type ModelStatus = z.output<typeof ModelStatus>
