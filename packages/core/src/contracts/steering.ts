import { z } from 'zod'
import { MODES, Until } from './pauses-file.ts'
import { AllocationBody, WhyText, WireCores, WireCpuLimit, WireMemoryMb, WireVmid, wireInteger } from './wire-values.ts'

/** What people tell the autoscaler to do with a container, beside changing it. The API keeps it, and alone writes it down. */

/** A boost that lasts longer is a new size: 7 days. */
const LONGEST_BOOST_SECONDS = 604_800
/** Source of the bound: ten years; longer is `forever`. */
const LONGEST_PAUSE_SECONDS = 315_360_000

/** More for a stated time. */
export const BoostBody = z.object({
  lxc_id: z.number(),
  change_id: z.string().describe('Number of the change that gave it.'),
  until: z.iso.datetime().describe('When it is given back, ISO 8601, UTC.'),
  who: z.string().describe('Name of the key that asked for it.'),
  before: AllocationBody.describe('What it gets back.'),
  given: AllocationBody.describe('What the boost gave it.'),
})
export type BoostBody = z.output<typeof BoostBody>

/** What is told of one container: `steering` of its configuration. */
export const SteeringBody = z.object({
  paused_until: Until.nullable().describe(
    'Until when it is left alone, its own pause or that of all, whichever ends later.',
  ),
  mode: z
    .enum(MODES)
    .nullable()
    .describe('What the model does with it, whatever tags and configuration say; null: as these say.'),
  boost: BoostBody.nullable(),
})
export type SteeringBody = z.output<typeof SteeringBody>

/** What a container is that nobody told anything of. */
export const NO_STEERING: SteeringBody = { paused_until: null, mode: null, boost: null }

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
    cores: WireCores.optional(),
    cpulimit: WireCpuLimit.optional(),
    memory: WireMemoryMb.optional(),
    seconds: wireInteger(60, LONGEST_BOOST_SECONDS).describe('After so long it is given back.'),
    reason: WhyText.optional(),
    dry_run: z.boolean().optional().describe('Say what would be done, by the same rules, and do nothing.'),
  })
  .refine(
    ({ cores, cpulimit, memory }) => cores !== undefined || cpulimit !== undefined || memory !== undefined,
    'name at least one of cores, cpulimit and memory',
  )
/** `POST /boost/end`: gives back what a boost gave, now. */
export const BoostEndRequest = z.object({ lxc_id: WireVmid, reason: WhyText.optional() })
