import type { KeyFate } from './migrate-config.ts'
import { isMap, listOf, type OldValue, type Section } from './old-file.ts'
import { tierName } from './old-values.ts'

export interface Translation {
  /** Values of lxc_autoscale_ml.yaml with the same meaning; not checked yet. */
  readonly values: readonly OldValue[]
  /** Keys that have no counterpart, and why. */
  readonly lost: readonly KeyFate[]
}

type KeyNames = ReadonlyMap<string, string>

/** Key of a section of LXC AutoScale -> key of `scaling` or of a tier. Source: its lxc_autoscale.yaml. */
const SIZING_KEYS: KeyNames = new Map([
  ['cpu_upper_threshold', 'cpu_scale_up_threshold'],
  ['cpu_lower_threshold', 'cpu_scale_down_threshold'],
  ['memory_upper_threshold', 'ram_scale_up_threshold'],
  ['memory_lower_threshold', 'ram_scale_down_threshold'],
  ['min_cores', 'min_cpu_cores'],
  ['max_cores', 'max_cpu_cores'],
  ['min_memory', 'min_ram_mb'],
  ['max_memory', 'max_ram_mb'],
  ['core_min_increment', 'cpu_scale_step'],
  ['memory_min_increment', 'ram_scale_step_mb'],
])

/** Those of the host as a whole. */
const HOST_AND_SIZING_KEYS: KeyNames = new Map([
  ...SIZING_KEYS,
  ['reserve_cpu_percent', 'host_cpu_reserve_percent'],
  ['reserve_memory_mb', 'host_memory_reserve_mb'],
])

const IGNORED = /^ignore_lxc$/i

const REMOTE = 'everything runs on the Proxmox host itself'
const OFF_PEAK = 'see schedules'
const NEWS = 'write it into the section notifications of lxc_autoscale_api.yaml'

/** Keys without a counterpart, by pattern, and what is there instead. */
const LOST: readonly (readonly [RegExp, string])[] = [
  [/^log_file$/, 'the daemons have logs of their own'],
  [/^lock_file$/, 'the model has a lock of its own'],
  [/^backup_dir$/, 'every change is in the audit log: lxc-autoscale history, lxc-autoscale undo'],
  [/^poll_interval$/, 'see monitoring.check_interval and interval_seconds'],
  [/^(?:energy_mode|off_peak_start|off_peak_end|timezone)$/, OFF_PEAK],
  [/^behaviour$/, 'see scaling.throttling_price'],
  [/^core_max_increment$/, 'one step at a time, of cpu_scale_step'],
  [/^min_decrease_chunk$/, 'memory shrinks by steps of ram_scale_step_mb'],
  [/^memory_exclude_cache$/, 'page cache never counts as used'],
  [/^cpu_pinning$/, 'which cores a container runs on is left to Proxmox'],
  [/^(?:gotify|smtp|email|uptime_kuma|ntfy|webhook|slack|discord|telegram)/, NEWS],
  [/^(?:use_remote_proxmox|proxmox_host|proxmox_api|backend|ssh_)/, REMOTE],
]

/** The settings of LXC AutoScale (`DEFAULT`, `TIER_NAME`) in our terms. */
export function translateLxcAutoscale(old: Section): Translation {
  const lost: KeyFate[] = []
  const values: OldValue[] = []
  const ignored: { readonly value: unknown; readonly from: string }[] = []
  const names = new Set<string>()
  const takeSection = (name: string, section: Section, [keys, ...place]: readonly [KeyNames, ...string[]]) => {
    for (const [key, value] of Object.entries(section)) {
      const from = `${name}.${key}`
      const ours = keys.get(key)
      if (IGNORED.test(key)) ignored.push({ value, from })
      else if (ours !== undefined) values.push({ path: [...place, ours], value, from })
      else lost.push(lostKey(from, key))
    }
  }
  for (const [name, section] of Object.entries(old)) {
    if (IGNORED.test(name)) ignored.push({ value: section, from: name })
    else if (!isMap(section)) lost.push(noSection(name, section))
    else if (/^DEFAULTS?$/i.test(name)) takeSection(name, section, [HOST_AND_SIZING_KEYS, 'scaling'])
    else if (/^TIER_/i.test(name)) {
      const { lxc_containers, ...rest } = section
      const tier = tierName(name.slice('TIER_'.length), names)
      values.push({ path: ['tiers', tier, 'ids'], value: lxc_containers, from: `${name}.lxc_containers` })
      takeSection(name, rest, [SIZING_KEYS, 'tiers', tier])
    } else takeSection(name, section, [new Map()])
  }
  return { values: [...lastTierOnly(values), ...ignoredValue(ignored)], lost }
}

/** What should be a section, or what may stand outside of any. */
function noSection(name: string, value: unknown): KeyFate {
  if (!/^(?:DEFAULTS?$|TIER_)/i.test(name)) return lostKey(name, name)
  if (value === null) return { key: name, fate: 'dropped', note: 'is empty' }
  return { key: name, fate: 'refused', note: 'must be a section of keys' }
}

function lostKey(from: string, key: string): KeyFate {
  // Containers that somebody wanted left alone are never left out in passing.
  if (/ignore/i.test(key)) return { key: from, fate: 'refused', note: 'no counterpart; see ignore_lxc' }
  const why = LOST.find(([pattern]) => pattern.test(key))?.[1] ?? 'no counterpart'
  return { key: from, fate: 'dropped', note: why }
}

/** A list of containers that are left alone counts wherever it stands. */
function ignoredValue(lists: readonly { readonly value: unknown; readonly from: string }[]): OldValue[] {
  const [first] = lists
  if (first === undefined) return []
  const value = lists.length === 1 ? first.value : lists.flatMap(list => listOf(list.value))
  return [{ path: ['ignore_lxc'], value, from: lists.map(({ from }) => from).join(' and ') }]
}

/** A container of several tiers had the settings of the last one, and has those of the first one here. */
function lastTierOnly(values: readonly OldValue[]): OldValue[] {
  const taken = new Set<string>()
  return values
    .toReversed()
    .map(old => {
      if (old.path.at(-1) !== 'ids') return old
      const value = listOf(old.value).filter(id => !taken.has(String(id)))
      for (const id of value) taken.add(String(id))
      return value.length === listOf(old.value).length ? old : { ...old, value }
    })
    .reverse()
}
