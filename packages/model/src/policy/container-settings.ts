import type { PolicyName } from './policies/policy-names.ts'
import type { SizingSettings } from './policy.ts'
import { roundUp, tidy } from './rounding.ts'
import type { Mode, ScalingSection, Schedule, SchedulesSection, Tier, TiersSection } from './settings.ts'

/** Tags by which an administrator says on the container itself what is to be done. Proxmox keeps tags in lower case. */
export const TAGS = { off: 'autoscale-off', pause: 'autoscale-pause', tierPrefix: 'autoscale-tier-' } as const

export interface SettingsInput {
  readonly vmid: number
  readonly name: string | undefined
  readonly tags: readonly string[]
  readonly scaling: ScalingSection
  readonly tiers: TiersSection
  readonly schedules: SchedulesSection
  readonly ignoreLxc: readonly number[]
  /** What limits fall back to; undefined when it is not known. */
  readonly host: { readonly cores: number | undefined; readonly memoryMb: number | undefined } | undefined
}

/** A value in force and the place it comes from. */
export interface Origin {
  readonly value: unknown
  readonly from: string
}

/** The settings in force for one container. Times are milliseconds. */
export interface ContainerSettings {
  readonly policy: PolicyName
  readonly mode: Mode
  readonly cpuUnit: 'cores' | 'cpulimit'
  readonly sizing: SizingSettings
  readonly minConfidence: number
  readonly learningMs: number
  readonly maxChangesPerHour: number
  readonly growCooldownMs: number
  readonly shrinkCooldownMs: number
  readonly memoryShrinkStepPercent: number
  readonly memoryMarginMb: number
  readonly memoryMarginPercent: number
  readonly pressureLimitPercent: number
  readonly truceMs: number
  readonly quarantineMs: number
  readonly startGraceMs: number
  readonly weight: number
  readonly schedules: readonly Schedule[]
  /** Snake_case key -> value and where it comes from, for `lxc-autoscale explain`. */
  readonly provenance: Readonly<Record<string, Origin>>
}

const MS_PER_SECOND = 1_000
const MS_PER_HOUR = 3_600_000
const UNLIMITED_CORES = 8_192
const UNLIMITED_MEMORY_MB = 1_048_576

/**
 * The settings of a container. What comes later wins: scaling, then its tier, then `ignore_lxc`, then its Proxmox tags
 * (autoscale-off, autoscale-pause). Schedules are looked at when a decision is made.
 */
export function containerSettings(input: SettingsInput): ContainerSettings {
  const provenance = effective(input)
  const value = <Key extends keyof ScalingSection>(key: Key) => provenance[key]?.value as ScalingSection[Key]
  const cpuUnit = value('cpu_unit')
  const coresStep = cpuUnit === 'cores' ? 1 : 0.1
  const minCores = roundUp(value('min_cpu_cores'), coresStep)
  return {
    policy: value('policy'),
    mode: value('mode'),
    cpuUnit,
    sizing: {
      coresStep,
      minCores,
      maxCores: Math.max(minCores, roundDown(value('max_cpu_cores') ?? UNLIMITED_CORES, coresStep)),
      minMemoryMb: value('min_ram_mb'),
      maxMemoryMb: Math.max(value('min_ram_mb'), Math.floor(value('max_ram_mb') ?? UNLIMITED_MEMORY_MB)),
      threshold: {
        cpuUpPercent: value('cpu_scale_up_threshold'),
        cpuDownPercent: value('cpu_scale_down_threshold'),
        memoryUpPercent: value('ram_scale_up_threshold'),
        memoryDownPercent: value('ram_scale_down_threshold'),
        cpuStepCores: value('cpu_scale_step'),
        memoryStepMb: value('ram_scale_step_mb'),
      },
      adaptive: { throttlingPrice: value('throttling_price') },
    },
    minConfidence: value('min_confidence'),
    learningMs: value('learning_hours') * MS_PER_HOUR,
    maxChangesPerHour: value('max_changes_per_hour'),
    growCooldownMs: value('grow_cooldown_seconds') * MS_PER_SECOND,
    shrinkCooldownMs: value('shrink_cooldown_seconds') * MS_PER_SECOND,
    memoryShrinkStepPercent: value('memory_shrink_step_percent'),
    memoryMarginMb: value('memory_margin_mb'),
    memoryMarginPercent: value('memory_margin_percent'),
    pressureLimitPercent: value('pressure_limit_percent'),
    truceMs: value('truce_hours') * MS_PER_HOUR,
    quarantineMs: value('quarantine_hours') * MS_PER_HOUR,
    startGraceMs: value('start_grace_seconds') * MS_PER_SECOND,
    weight: value('weight'),
    schedules: Object.values(input.schedules).filter(schedule => isForAll(schedule) || selects(schedule, input)),
    provenance,
  }
}

function effective(input: SettingsInput): Record<string, Origin> {
  const origins: Record<string, Origin> = {}
  for (const [key, value] of Object.entries(input.scaling)) origins[key] = { value, from: 'scaling' }
  fillFromHost(origins, input)
  const tier = tierOf(input)
  for (const [key, value] of Object.entries(tier?.settings ?? {})) {
    const isSetting = key in input.scaling || key.startsWith('max_')
    if (isSetting && value !== undefined) origins[key] = { value, from: `tier ${tier?.name}` }
  }
  if (input.ignoreLxc.includes(input.vmid)) origins['mode'] = { value: 'off', from: 'ignore_lxc' }
  const tags = lowerCase(input.tags)
  if (tags.has(TAGS.pause)) origins['mode'] = { value: 'recommend', from: `tag ${TAGS.pause}` }
  if (tags.has(TAGS.off)) origins['mode'] = { value: 'off', from: `tag ${TAGS.off}` }
  return origins
}

function fillFromHost(origins: Record<string, Origin>, { scaling, host }: SettingsInput): void {
  const cores = scaling.total_cores ?? host?.cores
  const memoryMb = scaling.total_ram_mb ?? host?.memoryMb
  if (scaling.max_cpu_cores === undefined) origins['max_cpu_cores'] = { value: cores, from: 'the host' }
  if (scaling.max_ram_mb === undefined) origins['max_ram_mb'] = { value: memoryMb, from: 'the host' }
}

function tierOf(input: SettingsInput): { name: string; settings: Tier } | undefined {
  const tags = lowerCase(input.tags)
  const tiers = Object.entries(input.tiers).map(([name, settings]) => ({ name, settings }))
  return (
    tiers.find(({ name }) => tags.has(`${TAGS.tierPrefix}${name}`)) ??
    tiers.find(({ settings }) => selects(settings, input))
  )
}

type Selector = Pick<Tier, 'ids' | 'tags' | 'names'>

function isForAll({ ids, tags, names }: Selector): boolean {
  return ids.length + tags.length + names.length === 0
}

function selects({ ids, tags, names }: Selector, input: SettingsInput): boolean {
  const own = lowerCase(input.tags)
  return (
    ids.includes(input.vmid) ||
    tags.some(tag => own.has(tag.toLowerCase())) ||
    names.some(pattern => matches(pattern, input.name ?? ''))
  )
}

/** Whether `name` fits `pattern`, in which `*` stands for any text. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(name)
}

function lowerCase(tags: readonly string[]): ReadonlySet<string> {
  return new Set(tags.map(tag => tag.toLowerCase()))
}

function roundDown(value: number, step: number): number {
  return tidy(Math.floor(value / step + 1e-6) * step)
}
