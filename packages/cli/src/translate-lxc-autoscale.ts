import { stringify } from 'yaml'

/** A key of LXC AutoScale that has no counterpart, and why. */
export interface LostKey {
  readonly key: string
  readonly why: string
}

export interface Translation {
  /** lxc_autoscale_ml.yaml with the same meaning; not checked yet. */
  readonly yaml: string
  readonly lost: readonly LostKey[]
}

type Section = Readonly<Record<string, unknown>>

/** Key of a section of LXC AutoScale -> key of `scaling` or of a tier. Source: its lxc_autoscale.yaml. */
const SIZING_KEYS: Readonly<Record<string, string>> = {
  cpu_upper_threshold: 'cpu_scale_up_threshold',
  cpu_lower_threshold: 'cpu_scale_down_threshold',
  memory_upper_threshold: 'ram_scale_up_threshold',
  memory_lower_threshold: 'ram_scale_down_threshold',
  min_cores: 'min_cpu_cores',
  max_cores: 'max_cpu_cores',
  min_memory: 'min_ram_mb',
  core_min_increment: 'cpu_scale_step',
  memory_min_increment: 'ram_scale_step_mb',
}

/** Keys that only the host as a whole has. */
const HOST_KEYS: Readonly<Record<string, string>> = {
  reserve_cpu_percent: 'host_cpu_reserve_percent',
  reserve_memory_mb: 'host_memory_reserve_mb',
}

const LOST: Readonly<Record<string, string>> = {
  log_file: 'the daemons have logs of their own',
  lock_file: 'the model has a lock of its own',
  backup_dir: 'every change is in the audit log: lxc-autoscale history, lxc-autoscale undo',
  poll_interval: 'see monitoring.check_interval and interval_seconds',
  energy_mode: 'see schedules',
  off_peak_start: 'see schedules',
  off_peak_end: 'see schedules',
  behaviour: 'see scaling.throttling_price',
  core_max_increment: 'one step at a time, of cpu_scale_step',
  min_decrease_chunk: 'memory shrinks by steps of ram_scale_step_mb',
  cpu_pinning: 'which cores a container runs on is left to Proxmox',
}

/** The settings of LXC AutoScale (`DEFAULT`, `TIER_NAME`) in our terms. */
export function translateLxcAutoscale(old: Section): Translation {
  const lost: LostKey[] = []
  const scaling: Record<string, unknown> = {}
  const tiers: Record<string, unknown> = {}
  let ignored: unknown
  for (const [name, section] of Object.entries(old)) {
    if (!isSection(section)) lost.push({ key: name, why: 'not a section' })
    else if (/^DEFAULTS?$/.test(name)) {
      const { ignore_lxc, ...rest } = section
      ignored = ignore_lxc
      Object.assign(scaling, translated(name, rest, { ...SIZING_KEYS, ...HOST_KEYS }, lost))
    } else if (name.startsWith('TIER_')) tiers[name.slice('TIER_'.length)] = tierOf(name, section, lost)
    else for (const key of Object.keys(section)) lost.push({ key: `${name}.${key}`, why: 'no counterpart' })
  }
  return { yaml: stringify(withoutEmpty({ scaling, tiers, ignore_lxc: ignored })), lost }
}

function tierOf(name: string, { lxc_containers, ...rest }: Section, lost: LostKey[]): Section {
  const ids = Array.isArray(lxc_containers) ? lxc_containers.map(Number) : []
  return { ids, ...translated(name, rest, SIZING_KEYS, lost) }
}

function translated(
  name: string,
  section: Section,
  keys: Readonly<Record<string, string>>,
  lost: LostKey[],
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(section)) {
    const ours = keys[key]
    if (ours === undefined) lost.push({ key: `${name}.${key}`, why: LOST[key] ?? 'no counterpart' })
    else result[ours] = value
  }
  return result
}

function withoutEmpty(root: Section): Section {
  return Object.fromEntries(
    Object.entries(root).filter(
      ([, value]) => value !== undefined && value !== null && !(isSection(value) && Object.keys(value).length === 0),
    ),
  )
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
