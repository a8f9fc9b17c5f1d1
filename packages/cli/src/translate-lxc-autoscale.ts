import { stringify } from 'yaml'
import { isMap } from './migrate-config.ts'

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
type KeyNames = Readonly<Record<string, string>>

/** Key of a section of LXC AutoScale -> key of `scaling` or of a tier. Source: its lxc_autoscale.yaml. */
const SIZING_KEYS: KeyNames = {
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

/** Those of the host as a whole. */
const HOST_AND_SIZING_KEYS: KeyNames = {
  ...SIZING_KEYS,
  reserve_cpu_percent: 'host_cpu_reserve_percent',
  reserve_memory_mb: 'host_memory_reserve_mb',
}

const LOST: KeyNames = {
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
    if (!isMap(section)) lost.push({ key: name, why: 'not a section' })
    else if (/^DEFAULTS?$/.test(name)) {
      const { ignore_lxc, ...rest } = section
      ignored = ignore_lxc
      Object.assign(scaling, translated(rest, HOST_AND_SIZING_KEYS))
      lost.push(...lostKeys(name, rest, HOST_AND_SIZING_KEYS))
    } else if (name.startsWith('TIER_')) {
      const { lxc_containers, ...rest } = section
      const ids = Array.isArray(lxc_containers) ? lxc_containers.map(Number) : []
      tiers[name.slice('TIER_'.length)] = { ids, ...translated(rest, SIZING_KEYS) }
      lost.push(...lostKeys(name, rest, SIZING_KEYS))
    } else lost.push(...lostKeys(name, section, {}))
  }
  return { yaml: stringify(withoutEmpty({ scaling, tiers, ignore_lxc: ignored })), lost }
}

function translated(section: Section, keys: KeyNames): Section {
  return Object.fromEntries(
    Object.entries(section).flatMap(([key, value]) => (keys[key] === undefined ? [] : [[keys[key], value]])),
  )
}

function lostKeys(name: string, section: Section, keys: KeyNames): LostKey[] {
  return Object.keys(section)
    .filter(key => keys[key] === undefined)
    .map(key => ({ key: `${name}.${key}`, why: LOST[key] ?? 'no counterpart' }))
}

function withoutEmpty(root: Section): Section {
  return Object.fromEntries(
    Object.entries(root).filter(
      ([, value]) => value !== undefined && value !== null && !(isMap(value) && Object.keys(value).length === 0),
    ),
  )
}
