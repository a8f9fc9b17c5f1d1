import type { ScalingSection, Schedule, SchedulesSection, Tier, TiersSection } from './settings.ts'

interface Sections {
  readonly scaling: ScalingSection
  readonly tiers: TiersSection
  readonly schedules: SchedulesSection
}

/** A minimum that the file itself shows to be above the maximum in force. */
export interface LimitConflict {
  readonly path: readonly string[]
  readonly message: string
}

interface Most {
  readonly value: number
  /** The key it stands in. */
  readonly key: string
}

/** Each minimum, its maximum, and the size of the host that the maximum falls back to. */
export const LIMIT_KEYS = [
  { min: 'min_cpu_cores', max: 'max_cpu_cores', host: 'total_cores' },
  { min: 'min_ram_mb', max: 'max_ram_mb', host: 'total_ram_mb' },
] as const
type Keys = (typeof LIMIT_KEYS)[number]

/**
 * Every minimum of a tier or a schedule that can never hold, since the maximum is smaller wherever it might. What only the size of
 * the host shows, or the tags of a container, is settled when it is known: the maximum wins.
 */
export function limitConflicts({ scaling, tiers, schedules }: Sections): LimitConflict[] {
  return LIMIT_KEYS.flatMap(keys => [
    ...hostConflict(keys, scaling),
    ...Object.entries(tiers).flatMap(([name, tier]) =>
      conflict(['tiers', name, keys.min], tier[keys.min], [mostOf(keys, scaling, [name, tier])]),
    ),
    ...Object.entries(schedules).flatMap(([name, schedule]) =>
      conflict(['schedules', name, keys.min], schedule[keys.min], maximumsFor(schedule, keys, { scaling, tiers })),
    ),
  ])
}

/** The general minimum, where what the host is said to have stands for the maximum. */
function hostConflict(keys: Keys, scaling: ScalingSection): LimitConflict[] {
  return scaling[keys.max] === undefined
    ? conflict(['scaling', keys.min], scaling[keys.min], [mostOf(keys, scaling)])
    : []
}

function conflict(
  path: LimitConflict['path'],
  least: number | undefined,
  maximums: readonly (Most | undefined)[],
): LimitConflict[] {
  const largest = maximums.reduce((soFar, most) =>
    (most?.value ?? Infinity) > (soFar?.value ?? Infinity) ? most : soFar,
  )
  if (least === undefined || largest === undefined || least <= largest.value) return []
  const message = `${least} is above ${largest.key}, ${largest.value}: at most ${largest.value} is right here, or ${least} and more there`
  return [{ path, message }]
}

/** The maximum in force for the members of a tier, or for those of none; undefined when the file does not tell. */
function mostOf({ max, host }: Keys, scaling: ScalingSection, named?: readonly [string, Tier]): Most | undefined {
  const [name, tier] = named ?? []
  const places = [
    { key: `tiers.${name}.${max}`, value: tier?.[max] },
    { key: `scaling.${max}`, value: scaling[max] },
    { key: `scaling.${host}`, value: scaling[host] },
  ]
  return places.flatMap(({ key, value }) => (value === undefined ? [] : [{ key, value }]))[0]
}

/**
 * The maximums that may be in force for the containers of a schedule: of the tiers that are named by the same words, else of any,
 * since a tag puts a container into any tier.
 */
function maximumsFor(schedule: Schedule, keys: Keys, { scaling, tiers }: Omit<Sections, 'schedules'>) {
  const all = Object.entries(tiers)
  const shared = all.filter(([, tier]) => sharesSelector(schedule, tier))
  if (shared.length > 0) return shared.map(named => mostOf(keys, scaling, named))
  return [mostOf(keys, scaling), ...all.map(named => mostOf(keys, scaling, named))]
}

function sharesSelector(one: Schedule, other: Tier): boolean {
  return (
    one.ids.some(id => other.ids.includes(id)) ||
    one.tags.some(tag => other.tags.includes(tag)) ||
    one.names.some(name => other.names.includes(name))
  )
}
