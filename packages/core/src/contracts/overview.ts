import { z } from 'zod'
import { DecidingVerdict } from './deciding-verdict.ts'
import { BoostBody, MODES } from './steering.ts'

/**
 * `GET /overview` and the events of `GET /events`: what a person sees of the host at one glance. Null is "not known". Beside those
 * below there are `change`, an entry of the history that is new, and `beat`, which says nothing.
 */

/** The state of a container in a word; the first that fits. */
export const CONTAINER_STATES = [
  'stopped',
  'locked',
  'paused',
  'no_data',
  'abnormal',
  'boosted',
  'at_maximum',
  'growing',
  'cooling_down',
  'shrink_held',
  'learning',
  'fits',
] as const
export type ContainerState = (typeof CONTAINER_STATES)[number]

const figure = z.number().nullable()

export const LastChangeBody = z.object({
  id: z.string(),
  time: z.string(),
  who: z.string().describe('Who decided it: "model", or the name of the key; "a person" with the key of the model.'),
  is_by_model: z.boolean(),
  text: z.string().describe('What was changed: "memory 1024 -> 1536 MB".'),
  reason: z.string().nullable(),
})

/** One container. */
export const OverviewRow = z.object({
  lxc_id: z.number(),
  name: z.string().nullable(),
  tags: z.array(z.string()),
  tier: z.string().nullable(),
  status: z.enum(['running', 'stopped', 'unknown']),
  state: z.enum(CONTAINER_STATES),
  state_text: z.string().describe('Why it is in this state, in a sentence.'),
  cores_used: figure,
  cores_given: figure.describe('In force now; null: no limit, or not known.'),
  memory_used_mb: figure,
  memory_given_mb: figure,
  memory_floor_mb: figure.describe('What it cannot give up.'),
  throttled_percent: figure,
  mode: z.enum(MODES).nullable(),
  paused_until: z.string().nullable(),
  boost: BoostBody.nullable(),
  last_change: LastChangeBody.nullable(),
})
export type OverviewRow = z.output<typeof OverviewRow>

const Sizes = z.object({ cores: z.number(), memory_mb: z.number() })
const Resource = z.object({
  total: figure,
  given: figure.describe('Sum of what running containers with a limit are given.'),
  used: figure.describe('Sum of what running containers use.'),
  available: figure.describe('What the host has left, others than containers considered; memory only.'),
  reserved: figure.describe('What is kept for the host itself; memory only.'),
})

/** What is not about one container. */
export const OverviewHead = z.object({
  now: z.string().describe('The clock of the host, ISO 8601, UTC: what is told relative to now is told by it.'),
  version: z.string(),
  node: z.string().nullable(),
  cluster: z.string().nullable().describe('Name of the cluster of this node; null where there is none.'),
  caller: z.object({ key: z.string(), role: z.string() }),
  is_authenticated: z.boolean().describe('False: the API asks nobody for a key.'),
  is_dry_run: z.boolean().nullable(),
  interval_seconds: figure.describe('Of the monitor.'),
  newest_sample: z.string().nullable(),
  verdict: DecidingVerdict.nullable(),
  daemons: z.array(z.object({ name: z.string(), state: z.string(), detail: z.string() })),
  failed_checks: z.array(z.object({ name: z.string(), detail: z.string() })),
  looked_after: z.number(),
  paused: z.number(),
  containers: z.number(),
  cores: Resource,
  memory_mb: Resource,
  freed_since_install: Sizes.describe(
    'What containers had before the first change of the model, less what they have now.',
  ),
  freed_last_7_days: Sizes.describe('The same, from what they had 7 days ago.'),
})
export type OverviewHead = z.output<typeof OverviewHead>

/** The last hours of a container in steps, for a sparkline. */
export const Spark = z.object({ cores: z.array(figure), memory_mb: z.array(figure) })
export type Spark = z.output<typeof Spark>

/** `GET /overview`, and event `overview`. */
export const OverviewBody = z.object({
  head: OverviewHead,
  rows: z.array(OverviewRow),
  /** The newest step, which all of `sparks` end with. */
  sparks_end: z.string(),
  sparks: z.record(z.string(), Spark).describe('By number; the means of each step, oldest first.'),
})
export type OverviewBody = z.output<typeof OverviewBody>

/** Event `rows`: what is new since the last event of the stream. */
export const RowsEvent = z.object({
  head: OverviewHead,
  rows: z.array(OverviewRow).describe('New, or other than before.'),
  gone: z.array(z.number()),
})
export type RowsEvent = z.output<typeof RowsEvent>

/** Event `sparks`: a step is over. */
export const SparksEvent = z.object({
  sparks_end: z.string(),
  sparks: z.record(z.string(), z.tuple([figure, figure])).describe('By number: mean cores and MB of that step.'),
})
export type SparksEvent = z.output<typeof SparksEvent>
