import type { Limits } from './allocation.ts'

/** One snapshot as the configuration file of its container holds it. */
export interface SnapshotFacts {
  readonly name: string
  /** Seconds since 1970 UTC; undefined when Proxmox wrote none. */
  readonly timeSeconds: number | undefined
  readonly description: string | undefined
  readonly parent: string | undefined
  /** False while Proxmox is still making or removing it. */
  readonly isComplete: boolean
}

/** The live part of a container's configuration. */
export type ConfValues = ReadonlyMap<string, string>

const SECTION = /^\[([a-z][a-z0-9_-]+)\]\s*$/i
const KEY_VALUE = /^([a-z][a-z_]*\d*):\s*(.+?)\s*$/

/**
 * The live values of a file in /etc/pve/lxc (or of the output of `pct config`): what stands before the first section.
 * The description is unescaped. Source of the grammar: pve-container, LXC/Config.pm.
 */
export function parseConf(text: string): ConfValues {
  return parseSection(text.split('\n').slice(0, firstSection(text)))
}

/** The snapshots of a file in /etc/pve/lxc, in the order of the file. */
export function parseSnapshots(text: string): SnapshotFacts[] {
  const lines = text.split('\n')
  const heads = lines.flatMap((line, at) => {
    const name = SECTION.exec(line)?.[1]
    return name === undefined ? [] : [{ name, at }]
  })
  return heads.map(({ name, at }, index) => {
    const values = parseSection(lines.slice(at + 1, heads[index + 1]?.at))
    return {
      name,
      timeSeconds: decimal(values.get('snaptime')),
      description: values.get('description')?.trimEnd(),
      parent: values.get('parent'),
      isComplete: values.get('snapstate') === undefined,
    }
  })
}

function firstSection(text: string): number | undefined {
  const at = text.search(/^\[/m)
  return at < 0 ? undefined : text.slice(0, at).split('\n').length - 1
}

function parseSection(lines: readonly string[]): ConfValues {
  const values = new Map<string, string>()
  let description = ''
  for (const line of lines) {
    if (line.startsWith('#')) description += `${unescapeText(line.slice(1))}\n`
    else {
      const [, key, value] = KEY_VALUE.exec(line) ?? []
      if (key === 'description' && value !== undefined) description += unescapeText(value)
      else if (key !== undefined && value !== undefined) values.set(key, value)
    }
  }
  return description === '' ? values : values.set('description', description)
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

/** What the live part of a configuration allots. */
export function configuredLimits(values: ConfValues): Limits {
  const cpulimit = decimal(values.get('cpulimit'))
  return {
    cores: decimal(values.get('cores')),
    // Proxmox means "no limit" by 0.
    cpuLimit: cpulimit === 0 ? undefined : cpulimit,
    memoryMb: decimal(values.get('memory')),
    swapMb: decimal(values.get('swap')),
  }
}

/** The lines that settle cores or memory past Proxmox, so that its own keys have no effect. Undefined: there is none. */
export interface RawLimits {
  readonly cores: string | undefined
  readonly memory: string | undefined
}

const RAW_CORES = /^lxc\.cgroup2?\.(?:cpuset\.cpus|cpu\.max|cpu\.cfs_quota_us)\s*[:=].*\S/
const RAW_MEMORY = /^lxc\.cgroup2?\.memory\.(?:max|high|limit_in_bytes)\s*[:=].*\S/

/** The raw lines of the live part that settle cores or memory. */
export function rawLimits(text: string): RawLimits {
  const lines = text.split('\n').slice(0, firstSection(text))
  return { cores: lines.find(line => RAW_CORES.test(line)), memory: lines.find(line => RAW_MEMORY.test(line)) }
}

/** Size of the root disk in GB; undefined when the configuration does not say. */
export function rootDiskGb(values: ConfValues): number | undefined {
  const [, digits, unit] = /(?:^|,)size=(\d+(?:\.\d+)?)([KMGT]?)(?:iB)?(?:,|$)/.exec(values.get('rootfs') ?? '') ?? []
  if (digits === undefined) return undefined
  return (
    (Number(digits) * SIZE_UNITS[unit === 'K' || unit === 'M' || unit === 'G' || unit === 'T' ? unit : 'B']) /
    SIZE_UNITS.G
  )
}

const SIZE_UNITS = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const

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
