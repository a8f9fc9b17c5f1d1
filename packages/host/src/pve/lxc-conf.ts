import { MB_PER_GB, parseVmid } from '@lxc-autoscale/core'
import type { Limits } from './limits.ts'

/** The containers whose configuration files are among the names of a folder, by rising number. */
export function configuredVmids(names: readonly string[]): number[] {
  return names
    .flatMap(name => (name.endsWith(SUFFIX) ? (parseVmid(name.slice(0, -SUFFIX.length)) ?? []) : []))
    .sort((a, b) => a - b)
}

const SUFFIX = '.conf'

/** The values of one section, the description unescaped. Keys that Proxmox does not know are among them, as it keeps them. */
export type ConfValues = ReadonlyMap<string, string>

/** One snapshot as the configuration file of its container holds it. */
export interface SnapshotFacts {
  readonly name: string
  /** Seconds since 1970 UTC; undefined when Proxmox wrote none. */
  readonly timeSeconds: number | undefined
  readonly description: string | undefined
  readonly parent: string | undefined
  /** False while Proxmox is still making or removing it. */
  readonly isComplete: boolean
  /** What its container had when it was taken; undefined where that is not told. */
  readonly limits: Limits | undefined
}

/** The file /etc/pve/lxc/ID.conf. */
export interface LxcConf {
  /** What is in force, or will be at the next start. */
  readonly values: ConfValues
  /** The lines of it that Proxmox hands on to LXC as they are, in their order. */
  readonly raw: readonly RawLine[]
  readonly snapshots: readonly SnapshotFacts[]
}

interface RawLine {
  readonly key: string
  readonly value: string
}

const PENDING = /^\[pve:pending\]\s*$/i
const SNAPSHOT = /^\[([a-z][a-z0-9_-]+)\]\s*$/i
const RAW = /^(lxc\.[a-z0-9_.-]+)(?::|\s*=)\s*(.*?)\s*$/
const KEY_VALUE = /^([a-z][a-z_]*\d*):\s*(.+?)\s*$/

/**
 * Reads a file of /etc/pve/lxc, or the output of `pct config`. A section begins what is pending or a snapshot; any other line
 * in brackets is none, and what follows it goes on. The last value of a key counts; other lines Proxmox warns about and drops.
 * Source: pve-container, PVE::LXC::Config, parse_pct_config.
 */
export function parseLxcConf(text: string): LxcConf {
  const live = new Section()
  const snapshots = new Map<string, Section>()
  let section = live
  for (const line of text.split('\n')) {
    const snapshot = SNAPSHOT.exec(line)?.[1]
    if (snapshot !== undefined || PENDING.test(line)) section = new Section()
    else section.take(line)
    if (snapshot !== undefined) snapshots.set(snapshot, section)
  }
  return {
    values: live.valuesWithDescription(),
    raw: live.raw,
    snapshots: [...snapshots].map(([name, values]) => snapshotFacts(name, values.valuesWithDescription())),
  }
}

class Section {
  readonly values = new Map<string, string>()
  readonly raw: RawLine[] = []
  #description = ''

  take(line: string): void {
    if (line.startsWith('#')) this.#description += `${unescapeText(line.slice(1).trimEnd())}\n`
    else if (line.startsWith('lxc.')) this.#takeRaw(line)
    else {
      const [, key, value] = KEY_VALUE.exec(line) ?? []
      if (key === undefined || value === undefined) return
      if (key === 'description') this.#description += unescapeText(value)
      else this.values.set(key, value)
    }
  }

  #takeRaw(line: string): void {
    const [, key, value] = RAW.exec(line) ?? []
    if (key !== undefined && value !== undefined) this.raw.push({ key, value })
  }

  valuesWithDescription(): ConfValues {
    return this.#description === '' ? this.values : new Map(this.values).set('description', this.#description)
  }
}

function snapshotFacts(name: string, values: ConfValues): SnapshotFacts {
  return {
    name,
    timeSeconds: decimal(values.get('snaptime')),
    description: values.get('description')?.trimEnd(),
    parent: values.get('parent'),
    isComplete: values.get('snapstate') === undefined,
    limits: configuredLimits(values),
  }
}

/** Source: pve-common, Tools.pm, decode_text: `%XX` is one byte of UTF-8. */
function unescapeText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll(/%(?![0-9A-Fa-f]{2})/g, '%25'))
  } catch {
    // Not UTF-8 once decoded: the text as it stands is the best there is.
    return text
  }
}

/** MB that a container without the key `memory` has. Source: pct manual, option `memory`. */
export const DEFAULT_MEMORY_MB = 512
/** The 512 of the manual are written when a container is made; one without the key runs with none. Source: PVE::LXC, update_lxc_config. */
const DEFAULT_SWAP_MB = 0

/** What the live values allot: what Proxmox gives where the file has no such key. */
export function configuredLimits(values: ConfValues): Limits {
  const cpuLimit = decimal(values.get('cpulimit'))
  return {
    cores: decimal(values.get('cores')),
    // Proxmox means "no limit" by 0.
    cpuLimit: cpuLimit === 0 ? undefined : cpuLimit,
    memoryMb: decimal(values.get('memory') ?? String(DEFAULT_MEMORY_MB)),
    swapMb: decimal(values.get('swap') ?? String(DEFAULT_SWAP_MB)),
  }
}

/** The lines that settle cores or memory past Proxmox, so that its own keys have no effect. Undefined: there is none. */
export interface RawLimits {
  readonly cores: string | undefined
  readonly memory: string | undefined
}

const RAW_CORES = /^lxc\.cgroup2?\.(?:cpuset\.cpus|cpu\.max|cpu\.cfs_quota_us)$/
const RAW_MEMORY = /^lxc\.cgroup2?\.memory\.(?:max|high|swap\.max|.*limit.*)$/

/** Source: LXC, confile.c, set_config_cgroup_controller: the later line counts, and one without a value takes back those before it. */
export function rawLimits({ raw }: LxcConf): RawLimits {
  return { cores: lastOf(raw, RAW_CORES), memory: lastOf(raw, RAW_MEMORY) }
}

function lastOf(raw: readonly RawLine[], keys: RegExp): string | undefined {
  const inForce = new Map<string, string>()
  for (const { key, value } of raw) {
    if (!keys.test(key)) continue
    inForce.delete(key)
    if (value !== '') inForce.set(key, value)
  }
  const last = [...inForce].at(-1)
  return last === undefined ? undefined : last.join(': ')
}

/** The names of its network interfaces as it sees them. Empty when Proxmox configures none. */
export function interfaceNames(values: ConfValues): readonly string[] {
  return [...values].flatMap(([key, value]) =>
    /^net\d+$/.test(key) ? (/(?:^|,)name=([^,]+)/.exec(value)?.[1] ?? []) : [],
  )
}

const GB_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1 / MB_PER_GB ** 3],
  ['K', 1 / MB_PER_GB ** 2],
  ['M', 1 / MB_PER_GB],
  ['G', 1],
  ['T', MB_PER_GB],
])

/** Size of the root disk in GB; undefined when the configuration does not say. */
export function rootDiskGb(values: ConfValues): number | undefined {
  const [, digits, unit = ''] =
    /(?:^|,)size=(\d+(?:\.\d+)?)([KMGT]?)(?:iB)?(?:,|$)/.exec(values.get('rootfs') ?? '') ?? []
  return digits === undefined ? undefined : Number(digits) * (GB_PER_UNIT.get(unit) ?? 1)
}

/** A setting that is either on or off. Source: pct manual, booleans. */
export function isOn(text: string | undefined): boolean {
  return text !== undefined && /^(1|on|yes|true)$/i.test(text)
}

/** The tags, in lower case. Proxmox separates them by `;`, and reads `,` and blanks as well. */
export function parseTags(text: string | undefined): readonly string[] {
  return (text ?? '')
    .toLowerCase()
    .split(/[;,\s]+/)
    .filter(Boolean)
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}
