import { z } from 'zod'
import { AllocationBody, WhyText, WireMemoryMb, WireVmid, wireInteger } from './wire-values.ts'

/** What people tell the autoscaler to do with a container, beside changing it. The API keeps it, and alone writes it down. */

/** What the model does with its decisions for a container. */
export const MODES = ['auto', 'grow_only', 'recommend', 'off'] as const
export type Mode = (typeof MODES)[number]

/** Until when something is left alone: a time (ISO 8601), or until that is ended. */
export const Until = z.union([z.iso.datetime(), z.literal('forever')])

/** The `lxc_id` of an entry of the history that is about every container: a pause of all, and its end. */
export const ALL_CONTAINERS = 0

/** A boost that lasts longer is a new size: 7 days. */
const LONGEST_BOOST_SECONDS = 604_800
/** Source of the bound: ten years; longer is `forever`. */
const LONGEST_PAUSE_SECONDS = 315_360_000

/** More for a stated time. */
export const BoostBody = z.object({
  lxc_id: z.number(),
  change_id: z.string().describe('Number of the change that gave it.'),
  until: z.iso.datetime().describe('When it is given back, ISO 8601, UTC.'),
  who: z.string().describe('Name of the key that asked for it; "a person" with the key of the model.'),
  before: AllocationBody.describe('What it gets back.'),
  given: AllocationBody.describe('What the boost gave it; as in `before` what it has given back already.'),
  trouble: z
    .string()
    .nullable()
    .describe('Why it is not given back although its time is over, and until when that is tried; null: nothing is.'),
})
export type BoostBody = z.output<typeof BoostBody>

/** What is told of one container: `steering` of its configuration. */
export const SteeringBody = z.object({
  paused_until: Until.nullable().describe(
    'Until when it is left alone, its own pause or that of all, whichever ends later.',
  ),
  is_all_paused: z.boolean().describe('That pause is the one of all.'),
  mode: z
    .enum(MODES)
    .nullable()
    .describe('What the model does with it, whatever tags and configuration say; null: as these say.'),
  boost: BoostBody.nullable(),
  problem: z.string().nullable().describe('Why nobody knows what was told; it is left alone then.'),
})
export type SteeringBody = z.output<typeof SteeringBody>

/** What a container is that nobody told anything of. */
export const NO_STEERING: SteeringBody = {
  paused_until: null,
  is_all_paused: false,
  mode: null,
  boost: null,
  problem: null,
}

/** `GET /steering`: all that is told and not over. */
export const SteeringsBody = z.object({
  all_paused_until: Until.nullable(),
  pauses: z.array(z.object({ lxc_id: z.number(), until: Until })),
  modes: z.array(z.object({ lxc_id: z.number(), mode: z.enum(MODES) })),
  boosts: z.array(BoostBody),
  problem: z.string().nullable().describe('Why nobody knows what was told; everything is left alone then.'),
})
export type SteeringsBody = z.output<typeof SteeringsBody>

const whom = {
  lxc_id: WireVmid.optional(),
  all: z.literal(true).optional().describe('Every container, also those that are made later.'),
  reason: WhyText.optional(),
}
const isOne = ({ lxc_id, all }: { lxc_id?: unknown; all?: unknown }) => (lxc_id === undefined) !== (all === undefined)

/** `POST /pause` */
export const PauseRequest = z
  .object({
    ...whom,
    seconds: wireInteger(1, LONGEST_PAUSE_SECONDS).optional().describe('How long; forever when left out.'),
  })
  .refine(isOne, 'name either lxc_id or all')
/** `POST /resume`: ends a pause. */
export const ResumeRequest = z.object(whom).refine(isOne, 'name either lxc_id or all')
/** `POST /mode` */
export const ModeRequest = z.object({
  lxc_id: WireVmid,
  mode: z.enum(MODES).nullable().describe('Null: from now on as its tags and the configuration say.'),
  reason: WhyText.optional(),
})
/** `POST /boost` */
export const BoostRequest = z
  .object({
    lxc_id: WireVmid,
    cores: z
      .number()
      .min(0.05)
      .max(8_192)
      .multipleOf(0.01)
      .optional()
      .describe('Cores that it may use; a part of one only where it has a cpulimit, by which it is given then.'),
    memory: WireMemoryMb.optional(),
    seconds: wireInteger(60, LONGEST_BOOST_SECONDS).describe('After so long it is given back.'),
    reason: WhyText.optional(),
    dry_run: z.boolean().optional().describe('Say what would be done, by the same rules, and do nothing.'),
  })
  .refine(({ cores, memory }) => cores !== undefined || memory !== undefined, 'name at least one of cores and memory')
/** `POST /boost/end`: gives back what a boost gave, now. */
export const BoostEndRequest = z.object({ lxc_id: WireVmid, reason: WhyText.optional() })

const told = <State extends z.ZodType>(state: State) =>
  z.object({ lxc_id: z.number().describe('0: all of them.'), before: state, after: state, changed: z.boolean() })
/** What `POST /pause` and `POST /resume` answer in `data`. */
export const PauseChangeBody = told(z.object({ paused_until: Until.nullable() }))
/** What `POST /mode` answers in `data`. */
export const ModeChangeBody = told(z.object({ mode: z.enum(MODES).nullable() }))

/** Until when a pause lasts, milliseconds since 1970 UTC; `Infinity`: until it is ended. Undefined when it is none, or over. */
export function openUntilMs(until: string | null | undefined, nowMs: number): number | undefined {
  const untilMs = until === 'forever' ? Number.POSITIVE_INFINITY : Date.parse(until ?? '')
  return untilMs > nowMs ? untilMs : undefined
}
