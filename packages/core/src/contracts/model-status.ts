import { z } from 'zod'
import { AutoscaleError, ERROR_CODES, errorMessage, systemErrorCode } from '../errors.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { MODES } from './steering.ts'

/** More than what the model says of a thousand containers. */
const MOST_BYTES = 67_108_864

/** How a cycle of the model ended. */
export const CYCLE_OUTCOMES = ['decided', 'stale', 'no-allocations', 'unreadable'] as const
export type CycleOutcome = (typeof CYCLE_OUTCOMES)[number]

/** Of a circuit breaker. `closed`: calls pass. `open`: calls fail at once. `half-open`: one call tries whether it works again. */
export const BREAKER_STATES = ['closed', 'half-open', 'open'] as const
export type BreakerState = (typeof BREAKER_STATES)[number]

/**
 * What became of one change.
 * `applied`: done. `unchanged`: the container had it already. `refused`: the API or its safety rules said no.
 * `moved`: somebody changed the container meanwhile. `locked`: Proxmox works on it. `failed`: tried, and it did not
 * work. `unreachable`: no answer, so it is not known whether it was done. `dry-run`: not sent.
 */
export const OUTCOME_KINDS = [
  'applied',
  'unchanged',
  'refused',
  'moved',
  'locked',
  'failed',
  'unreachable',
  'dry-run',
] as const
export type OutcomeKind = (typeof OUTCOME_KINDS)[number]

/** What keeps the model from a part of its work while it decides. */
const WARNINGS = ['audit_unreadable', 'pauses_unreadable', 'learned_unsaved'] as const

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
  held_by: z
    .object({ cores: z.string().nullable(), memory: z.string().nullable() })
    .describe('The rule by which a resource does not have the size that was asked for; null: none.'),
  held_until: z
    .object({ cores: z.string().nullable(), memory: z.string().nullable() })
    .describe('Until when that rule holds it at the longest, where it knows that.'),
  at_maximum: z.object({ cores: z.boolean(), memory: z.boolean() }).describe('More was asked for than its maximum.'),
  limits: z
    .object({ min_cores: z.number(), max_cores: figure, min_memory_mb: z.number(), max_memory_mb: figure })
    .describe('In force at that moment; null: nothing says so.'),
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

/** A setting in force for a container, and where it comes from. */
const SettingBody = z.object({
  key: z.string(),
  value: z.unknown(),
  from: z.string().describe('`default`, `scaling`, `tier db`, `tag autoscale-off`, `the host`, ...'),
})

export const ContainerStatus = z.object({
  vmid: z.number(),
  name: z.string().nullable(),
  tags: z.array(z.string()),
  tier: z.string().nullable().describe('Name of the tier that it belongs to.'),
  settings: z.int().describe('Its settings in force: the place in `settings` of the whole.'),
  mode: z.enum(MODES),
  learning: z.boolean().describe('Not watched for long enough yet to be shrunk.'),
  known: z
    .object({
      from_proxmox_seconds: figure.describe('How much Proxmox kept of it, without gaps; null when nothing.'),
      own_seconds: z.number().describe('For how long it was watched.'),
      is_past_awaited: z.boolean().describe('What Proxmox kept has not been asked for yet.'),
    })
    .default({ from_proxmox_seconds: null, own_seconds: 0, is_past_awaited: false })
    .describe('For how long it is known.'),
  allocation: Size.nullable().describe('What is configured; null when it is not known, and then nothing is done.'),
  problem: z
    .string()
    .nullable()
    .describe(
      'What of this container itself was in the way of the last decision; what stops all of them is in `cycle`.',
    ),
  paused_until: z
    .string()
    .nullable()
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
  kills: z
    .array(z.object({ time: z.string(), own: z.number(), inner: z.number() }))
    .default([])
    .describe('The newest samples with processes that were killed: at its own limit, and inside limits of their own.'),
})
export type ContainerStatus = z.output<typeof ContainerStatus>

/** Name of the file in the state directory of the model, which every cycle writes: where it is, the model ran before. */
export const STATUS_FILE = 'model-status.json'

/** That file: what the model knew and did in its last cycle. */
export const ModelStatus = z.object({
  version: z.literal(3),
  updated_at: z.iso.datetime(),
  pid: z.number(),
  model_version: z.string(),
  dry_run: z.boolean(),
  cycle: z.object({
    number: z.number().describe('Since the start.'),
    outcome: z.enum(CYCLE_OUTCOMES),
    text: z.string().describe('What was in the way; empty when nothing was.'),
    code: z.enum(ERROR_CODES).nullable().describe('What kind of failure that was; null when it was none.'),
    interval_seconds: z.number().describe('From the begin of a cycle to the begin of the next.'),
    seconds: z.number(),
    stages: z.record(z.string(), z.number()).describe('Seconds of each part.'),
  }),
  metrics: z.object({
    file: z.string(),
    newest: z.string().nullable(),
    age_seconds: figure,
    interval_seconds: figure,
    is_stale: z.boolean(),
  }),
  host: z.object({ cores: figure, memory_mb: figure, memory_available_mb: figure }),
  api: z.object({ url: z.string(), breaker: z.enum(BREAKER_STATES) }),
  warnings: z
    .array(z.object({ code: z.enum(WARNINGS), text: z.string() }))
    .describe('What is wrong although it goes on.'),
  forests: z.object({ containers: z.number(), with_own_forests: z.number(), forests: z.number(), alarms: z.number() }),
  settings: z
    .array(z.array(SettingBody))
    .describe('Settings in force; containers of which all are the same share them.'),
  containers: z.array(ContainerStatus),
})
export type ModelStatus = z.output<typeof ModelStatus>

/** `GET /explain`: what the model said of a container after its last cycle. */
export const ExplainBody = ContainerStatus.extend({
  settings: z.array(SettingBody).describe('In force, with where each comes from.'),
  updated_at: z.iso.datetime().describe('When that cycle ended.'),
})
export type ExplainBody = z.output<typeof ExplainBody>

/** What `status` says of a container, with its settings; undefined when it knows none of that number. */
export function explainedContainer(status: ModelStatus, vmid: number): ExplainBody | undefined {
  const container = status.containers.find(each => each.vmid === vmid)
  if (container === undefined) return undefined
  return { ...container, settings: status.settings[container.settings] ?? [], updated_at: status.updated_at }
}

/**
 * What the file at `path` holds; undefined when there is none.
 * @throws {AutoscaleError} STATE_INVALID when it is damaged or of another version, HOST_UNREADABLE when it cannot be read.
 */
export function readModelStatus(path: string): ModelStatus | undefined {
  try {
    return parseStatus(path, JSON.parse(readRegularFile(path, MOST_BYTES)))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    if (error instanceof AutoscaleError) throw error
    const code = error instanceof SyntaxError ? 'STATE_INVALID' : 'HOST_UNREADABLE'
    throw new AutoscaleError(code, `${path}: ${errorMessage(error)}`, { cause: error })
  }
}

function parseStatus(path: string, value: unknown): ModelStatus {
  const parsed = ModelStatus.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const isOfAnotherVersion = issue?.path[0] === 'version'
  const what = isOfAnotherVersion ? 'is of another version' : `is damaged (${issue?.path.join('.')}: ${issue?.message})`
  throw new AutoscaleError('STATE_INVALID', `${path}: ${what}`)
}
