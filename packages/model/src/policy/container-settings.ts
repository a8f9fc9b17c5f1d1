import type { Mode } from '@lxc-autoscale/core'
import { LIMIT_KEYS } from './limit-conflicts.ts'
import type { SizingSettings } from './policy.ts'
import { roundUp, tidy } from './rounding.ts'
import { ScalingSection, type Schedule, type SchedulesSection, type Tier, type TiersSection } from './settings.ts'

/** Tags by which an administrator says on the container itself what is to be done. Proxmox keeps tags in lower case. */
const TAGS = { off: 'autoscale-off', pause: 'autoscale-pause', tierPrefix: 'autoscale-tier-' } as const

export interface SettingsInput {
  readonly vmid: number
  readonly name: string | undefined
  readonly tags: readonly string[]
  readonly scaling: ScalingSection
  readonly tiers: TiersSection
  readonly schedules: SchedulesSection
  readonly ignoreLxc: readonly number[]
  /** What `lxc-autoscale mode` says; left out: nothing. */
  readonly orderedMode?: Mode | undefined
  /** What limits fall back to; undefined when it is not known. */
  readonly host: { readonly cores: number | undefined; readonly memoryMb: number | undefined } | undefined
}

/** A value in force and the place it comes from. */
export interface Origin {
  readonly value: unknown
  readonly from: string
}

export interface NamedSchedule extends Schedule {
  readonly name: string
}

/** The settings in force for one container. */
export interface ContainerSettings {
  /** Every key of `scaling`, in the units of the configuration. */
  readonly scaling: ScalingSection
  /** What a policy sees of them: limits on the grid of sizes. */
  readonly sizing: SizingSettings
  readonly schedules: readonly NamedSchedule[]
  /** Name of the tier that it belongs to. */
  readonly tier: string | undefined
  /** Snake_case key -> value and where it comes from, for `lxc-autoscale explain`. */
  readonly provenance: Readonly<Record<string, Origin>>
}

const UNLIMITED_CORES = 8_192
const UNLIMITED_MEMORY_MB = 1_048_576

/**
 * The settings of a container. What comes later wins: the defaults, then scaling, then its tier, then `ignore_lxc`, then its Proxmox tags
 * (autoscale-off, autoscale-pause), then `lxc-autoscale mode`. A minimum never is above the maximum in force. Schedules are looked at when a decision is made.
 */
export function containerSettings(input: SettingsInput): ContainerSettings {
  const provenance: Record<string, Origin> = {}
  for (const { from, values } of layersOf(input)) {
    for (const [key, value] of Object.entries(values)) if (value !== undefined) provenance[key] = { value, from }
  }
  for (const { min, max } of LIMIT_KEYS) {
    const capped = cappedBy(max, provenance[min], provenance[max])
    if (capped !== undefined) provenance[min] = capped
  }
  const inForce = Object.fromEntries(Object.entries(provenance).map(([key, { value }]) => [key, value]))
  const scaling = inForce as ScalingSection
  return {
    scaling,
    sizing: sizingSettings(scaling),
    schedules: Object.entries(input.schedules).flatMap(([name, schedule]) =>
      isForAll(schedule) || selects(schedule, input) ? [{ ...schedule, name }] : [],
    ),
    tier: tierOf(input)?.name,
    provenance,
  }
}

/** A key, and where its value in force comes from: `min_ram_mb, tier db`. */
export function keyText({ provenance }: Pick<ContainerSettings, 'provenance'>, key: string): string {
  const { from } = provenance[key] ?? {}
  return from === undefined ? key : `${key}, ${from}`
}

/** The maximum in the place of a minimum that is above it, whichever places the two come from; undefined: it is not. */
function cappedBy(maxKey: string, min: Origin | undefined, max: Origin | undefined): Origin | undefined {
  if (typeof min?.value !== 'number' || typeof max?.value !== 'number' || min.value <= max.value) return undefined
  return { value: max.value, from: `${maxKey} of ${max.from}, which the ${min.value} of ${min.from} is above` }
}

function sizingSettings(scaling: ScalingSection): SizingSettings {
  const coresStep = scaling.cpu_unit === 'cores' ? 1 : 0.1
  // Nothing smaller than one step can be given.
  const maxCores = Math.max(coresStep, roundDown(scaling.max_cpu_cores ?? UNLIMITED_CORES, coresStep))
  const maxMemoryMb = Math.floor(scaling.max_ram_mb ?? UNLIMITED_MEMORY_MB)
  return {
    coresStep,
    minCores: Math.min(maxCores, roundUp(scaling.min_cpu_cores, coresStep)),
    maxCores,
    minMemoryMb: Math.min(maxMemoryMb, scaling.min_ram_mb),
    maxMemoryMb,
    threshold: {
      cpuUpPercent: scaling.cpu_scale_up_threshold,
      cpuDownPercent: scaling.cpu_scale_down_threshold,
      memoryUpPercent: scaling.ram_scale_up_threshold,
      memoryDownPercent: scaling.ram_scale_down_threshold,
      cpuStepCores: scaling.cpu_scale_step,
      memoryStepMb: scaling.ram_scale_step_mb,
    },
    adaptive: {
      throttlingPrice: scaling.throttling_price,
      memorySafety: scaling.memory_safety,
      minChangePercent: scaling.min_change_percent,
    },
  }
}

/** Settings that come from one place. */
interface Layer {
  readonly from: string
  readonly values: Readonly<Record<string, unknown>>
}

const DEFAULTS: Readonly<Record<string, unknown>> = ScalingSection.parse({})

/** Of a key that was written down with its default it cannot be seen, and does not matter. */
function isNotDefault([key, value]: [string, unknown]): boolean {
  return value !== DEFAULTS[key]
}

/** What later ones say wins. */
function layersOf(input: SettingsInput): Layer[] {
  const { scaling, host, vmid, ignoreLxc, orderedMode } = input
  const { name, settings } = tierOf(input) ?? {}
  const { ids, tags: selected, names, ...tier } = settings ?? {}
  const tags = lowerCase(input.tags)
  return [
    { from: 'default', values: DEFAULTS },
    { from: 'the host', values: { max_cpu_cores: host?.cores, max_ram_mb: host?.memoryMb } },
    { from: 'total_cores', values: { max_cpu_cores: scaling.total_cores } },
    { from: 'total_ram_mb', values: { max_ram_mb: scaling.total_ram_mb } },
    { from: 'scaling', values: Object.fromEntries(Object.entries(scaling).filter(isNotDefault)) },
    { from: `tier ${name}`, values: tier },
    ...(ignoreLxc.includes(vmid) ? [{ from: 'ignore_lxc', values: { mode: 'off' } }] : []),
    ...(tags.has(TAGS.pause) ? [{ from: `tag ${TAGS.pause}`, values: { mode: 'recommend' } }] : []),
    ...(tags.has(TAGS.off) ? [{ from: `tag ${TAGS.off}`, values: { mode: 'off' } }] : []),
    ...(orderedMode === undefined ? [] : [{ from: 'lxc-autoscale mode', values: { mode: orderedMode } }]),
  ]
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

/** Whether `name` fits `pattern`, in which `*` stands for any text. A regular expression of many `*` could take for ever. */
function matches(pattern: string, name: string): boolean {
  const [first = '', ...parts] = pattern.toLowerCase().split('*')
  const last = parts.pop()
  const text = name.toLowerCase()
  if (last === undefined) return text === first
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  for (const part of parts) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}

function lowerCase(tags: readonly string[]): ReadonlySet<string> {
  return new Set(tags.map(tag => tag.toLowerCase()))
}

function roundDown(value: number, step: number): number {
  return tidy(Math.floor(value / step + 1e-6) * step)
}
