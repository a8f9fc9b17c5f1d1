import { MODES } from '@lxc-autoscale/core'
import { z } from 'zod'
import { POLICY_NAMES } from './policies/policy-names.ts'

const percent = z.number().min(0).max(100)
const hours = z.number().min(0).max(8_760)
const seconds = z.number().min(0).max(604_800)

/** Every key of `scaling` that may differ from container to container; a tier may set any of them. */
const scalingKeys = {
  policy: z
    .enum(POLICY_NAMES)
    .default('adaptive')
    .describe(
      'How sizes are chosen: `adaptive` learns each container, `threshold` is the rule of the Python predecessor.',
    ),
  mode: z
    .enum(MODES)
    .default('auto')
    .describe(
      '`auto` grows and shrinks, `grow_only` never shrinks, `recommend` decides and says so but changes nothing, `off` leaves alone.',
    ),
  cpu_unit: z
    .enum(['cores', 'cpulimit'])
    .default('cores')
    .describe('Whole cores (`cores`), or tenths of a core by quota (`cpulimit`).'),
  min_cpu_cores: z.number().min(0.1).max(8_192).default(1).describe('Never fewer cores than this.'),
  max_cpu_cores: z
    .number()
    .min(0.1)
    .max(8_192)
    .optional()
    .describe('Never more cores than this; when left out the cores of the host.'),
  min_ram_mb: z.int().min(64).max(1_048_576).default(128).describe('Never less memory than this, MB.'),
  max_ram_mb: z
    .int()
    .min(64)
    .max(1_048_576)
    .optional()
    .describe('Never more memory than this, MB; when left out the memory of the host.'),
  memory_step_mb: z
    .int()
    .min(1)
    .max(4_096)
    .default(16)
    .describe(
      'Memory limits are rounded up to a multiple of this, MB; from 128 times this on the step doubles with each doubling of the size.',
    ),
  min_change_percent: z
    .number()
    .min(0)
    .max(50)
    .default(5)
    .describe(
      'Changes by less than this share of what a container has are not made, unless it is in need or outside its limits. One whole core is always enough.',
    ),
  throttling_price: z
    .number()
    .min(1)
    .max(1_000)
    .default(40)
    .describe(
      'Policy adaptive: what one percent of time throttled costs, in percent of unused cores. Higher is safer and larger.',
    ),
  memory_safety: z
    .enum(['thrifty', 'balanced', 'safe'])
    .default('safe')
    .describe(
      'Policy adaptive: how dear a kill is. `safe` gives the peak of two weeks and half of the largest leap of that time more, `balanced` a quarter of it, `thrifty` looks back eight days only.',
    ),
  cpu_scale_up_threshold: percent.default(75).describe('Policy threshold: add cores above this CPU use, percent.'),
  cpu_scale_down_threshold: percent.default(30).describe('Policy threshold: take cores below this CPU use, percent.'),
  ram_scale_up_threshold: percent.default(75).describe('Policy threshold: add memory above this use, percent.'),
  ram_scale_down_threshold: percent.default(30).describe('Policy threshold: take memory below this use, percent.'),
  cpu_scale_step: z.number().min(0.1).max(64).default(1).describe('Policy threshold: cores added or taken at once.'),
  ram_scale_step_mb: z.int().min(16).max(65_536).default(512).describe('Policy threshold: MB added or taken at once.'),
  min_confidence: percent
    .default(60)
    .describe(
      'Confidence (0-100) from which the verdict "abnormal" of the isolation forest counts: it then holds shrinking.',
    ),
  learning_hours: hours
    .default(3)
    .describe('Hours a container is watched before anything of it is shrunk. It grows from the first sample on.'),
  max_changes_per_hour: z
    .int()
    .min(1)
    .max(60)
    .default(12)
    .describe('Changes of one container in any hour at most; the second half of them is kept for growth out of need.'),
  grow_cooldown_seconds: seconds.default(60).describe('Pause between two growths that are not out of need.'),
  shrink_cooldown_seconds: seconds.default(300).describe('Pause after any change before the container is shrunk.'),
  memory_shrink_step_percent: z
    .number()
    .min(1)
    .max(90)
    .default(50)
    .describe('Memory is shrunk in steps of at most this share of the limit; between two steps pressure is watched.'),
  pressure_limit_percent: percent
    .default(10)
    .describe('Share of time stalled for memory (PSI some, 10 s) from which memory grows at once and is not shrunk.'),
  truce_hours: hours.default(6).describe('Hours a container is left alone after a person changed its size.'),
  quarantine_hours: hours
    .default(24)
    .describe('Hours memory is not shrunk after an OOM kill; doubled by each further kill, up to 16 times.'),
  start_grace_seconds: seconds.default(120).describe('A container that was started less than this ago is left alone.'),
  weight: z
    .number()
    .min(0.01)
    .max(1_000)
    .default(1)
    .describe('Share of what the host has left, against other containers, when it is short.'),
}

const hostKeys = {
  dry_run: z
    .boolean()
    .default(false)
    .describe('Decide and log, but change nothing, in no container; the client then cannot send a change.'),
  total_cores: z.number().positive().optional().describe('Cores of the host; when left out what the monitor reports.'),
  total_ram_mb: z
    .number()
    .positive()
    .optional()
    .describe('Memory of the host, MB; when left out what the monitor reports.'),
  host_memory_reserve_mb: z
    .number()
    .min(0)
    .default(1_024)
    .describe('Memory of the host that growth leaves free, MB, measured by what containers really use.'),
  host_cpu_reserve_percent: percent
    .default(5)
    .describe('Share of the cores of the host that must be idle before containers grow that are not in need.'),
}

/** The section `scaling`. */
export const ScalingSection = z
  .strictObject({ ...scalingKeys, ...hostKeys })
  .refine(({ min_cpu_cores, max_cpu_cores }) => min_cpu_cores <= (max_cpu_cores ?? Number.POSITIVE_INFINITY), {
    path: ['min_cpu_cores'],
    message: 'must not be above max_cpu_cores',
  })
  .refine(({ min_ram_mb, max_ram_mb }) => min_ram_mb <= (max_ram_mb ?? Number.POSITIVE_INFINITY), {
    path: ['min_ram_mb'],
    message: 'must not be above max_ram_mb',
  })
  .describe('How containers are sized and within which limits.')
export type ScalingSection = z.output<typeof ScalingSection>

/** Which containers a tier or a schedule is for. */
const selectors = {
  ids: z.array(z.int().min(100).max(999_999_999)).default([]).describe('Containers by number.'),
  tags: z.array(z.string().min(1)).default([]).describe('Containers that have one of these Proxmox tags.'),
  names: z.array(z.string().min(1)).default([]).describe('Containers by host name; `*` stands for any text: `web-*`.'),
}

type ScalingKeys = typeof scalingKeys
type TierKeys = { [Key in keyof ScalingKeys]: z.ZodOptional<ReturnType<ScalingKeys[Key]['unwrap']>> }

/** The keys of `scaling` without their defaults: what a tier leaves out stays as it is. */
const tierKeys = Object.fromEntries(
  Object.entries(scalingKeys).map(([name, key]) => [
    name,
    key
      .unwrap()
      .optional()
      .describe(key.description ?? ''),
  ]),
) as TierKeys

export const Tier = z.strictObject({ ...selectors, ...tierKeys })
export type Tier = z.output<typeof Tier>

/** The section `tiers`. */
export const TiersSection = z
  .record(z.string().regex(/^[a-z0-9_][a-z0-9_.+-]*$/, 'must be lower-case letters, digits, and - _ . +'), Tier)
  .describe(
    'Named groups of containers with settings of their own: any key of scaling. A container belongs to the first tier that names its number, a tag or its host name; the tag autoscale-tier-NAME comes before that.',
  )
export type TiersSection = z.output<typeof TiersSection>

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const TIME_OF_DAY = 'must be a time such as 22:30'
const timeOfDay = z.string(TIME_OF_DAY).regex(/^([01]\d|2[0-3]):[0-5]\d$/, TIME_OF_DAY)

export const Schedule = z.strictObject({
  ...selectors,
  days: z
    .array(z.enum(WEEKDAYS))
    .default([...WEEKDAYS])
    .describe('Days on which the window begins.'),
  from: timeOfDay.describe('Begin of the window, in the time zone of the host.'),
  to: timeOfDay.describe('End of the window; not after `from` it is on the next day.'),
  shrink: z
    .enum(['only_here', 'never_here', 'any'])
    .default('any')
    .describe('`only_here`: shrink only inside such windows. `never_here`: do not shrink inside it.'),
  min_cpu_cores: z.number().min(0.1).max(8_192).optional().describe('At least so many cores inside the window.'),
  min_ram_mb: z.int().min(64).max(1_048_576).optional().describe('At least so much memory inside the window, MB.'),
})
export type Schedule = z.output<typeof Schedule>

/** The section `schedules`. */
export const SchedulesSection = z
  .record(z.string().min(1), Schedule)
  .describe('Named windows of time, for all containers or for those that ids, tags or names select.')
export type SchedulesSection = z.output<typeof SchedulesSection>
