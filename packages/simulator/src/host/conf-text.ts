import { storedValue } from '../schema/config-options.ts'

/** The keys of one section of a container's configuration, without its raw `lxc.` lines. */
export type ConfValues = Readonly<Record<string, string>>
export type RawLine = readonly [key: string, value: string]

export interface ConfSection {
  readonly values: ConfValues
  readonly lxc: readonly RawLine[]
}

/** A container's configuration file: what is in force, what waits for the next start, and the snapshots. */
export interface ContainerConf {
  readonly live: ConfSection
  /** Has the key `delete` for what is to go. */
  readonly pending: ConfValues
  readonly snapshots: Readonly<Record<string, ConfSection>>
}

export interface ParsedConf {
  readonly conf: ContainerConf
  /** What Proxmox complains about on stderr, without the newline. */
  readonly warnings: readonly string[]
}

export const EMPTY_SECTION: ConfSection = { values: {}, lxc: [] }

interface OpenSection {
  readonly values: Record<string, string>
  readonly lxc: RawLine[]
  description: string
}

/**
 * Reads a configuration file. Source: pve-container, LXC/Config.pm, parse_pct_config: the first header ends the live
 * part, `#` lines are the description, what Proxmox does not know is kept with a warning as long as it has the form of a key.
 */
export function parseConf(text: string, vmid: number): ParsedConf {
  const live = openSection()
  const pending = openSection()
  const snapshots: Record<string, OpenSection> = {}
  const warnings: string[] = []
  let section = live
  for (const line of text.split('\n')) {
    const header = /^\[(pve:pending|[a-z][a-z0-9_-]+)\]\s*$/i.exec(line)?.[1]
    if (header === undefined) {
      const problem = readLine(line, section, section === pending)
      if (problem !== undefined) warnings.push(`vm ${vmid} - ${problem}`)
    } else if (header.toLowerCase() === 'pve:pending') section = pending
    else {
      section = openSection()
      snapshots[header] = section
    }
  }
  return {
    conf: {
      live: closeSection(live),
      pending: closeSection(pending).values,
      snapshots: Object.fromEntries(Object.entries(snapshots).map(([name, open]) => [name, closeSection(open)])),
    },
    warnings,
  }
}

/** Takes one line into `section`; gives what is wrong with it. A line that is no `key: value` is left out. */
function readLine(line: string, section: OpenSection, isPending: boolean): string | undefined {
  if (/^\s*$/.test(line)) return undefined
  if (line.startsWith('#')) {
    section.description += `${decodeText(line.slice(1))}\n`
    return undefined
  }
  const [, rawKey, rawValue = ''] = /^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)\s*(.*?)\s*$/.exec(line) ?? []
  if (rawKey !== undefined) return readRawLine(line, rawKey, rawValue, section)
  const [, key, value] = /^([a-z][a-z_]*\d*):\s*(.+?)\s*$/.exec(line) ?? []
  if (key === undefined || value === undefined) return `unable to parse config: ${line}`
  if (key === 'delete' && !isPending) return "property 'delete' is only allowed in [pve:pending]"
  if (key === 'description') section.description += decodeText(value)
  else if (key === 'delete' || key === 'snapstate') section.values[key] = value
  else {
    const stored = storedValue(key, value)
    section.values[key] = stored.value
    return stored.problem === undefined ? undefined : `unable to parse value of '${key}' - ${stored.problem}`
  }
  return undefined
}

/** Beginnings of the names of raw keys that Proxmox lets through. Source: as above, valid_lxc_conf_keys. */
const RAW_KEYS =
  /^lxc\.(apparmor|arch|autodev|cap|cgroup2?|console|devtty|environment|group|hook|idmap|include|init|kmsg|log|mount|net|prlimit|pty|rootfs\.mount|seccomp|selinux|signal|start|sysctl|tty|uts)(\.|$)/

function readRawLine(line: string, key: string, value: string, section: OpenSection): string | undefined {
  if (key === 'lxc.rootfs.path') return `${key}: lxc.rootfs.path is auto generated from rootfs`
  if (!RAW_KEYS.test(key)) return `unable to parse config: ${line}`
  section.lxc.push([key, value])
  return key.startsWith('lxc.cgroup.') ? `${key} is deprecated, this will be a hard error in the future!` : undefined
}

/** The file as Proxmox writes it: description, sorted keys, raw lines; then pending; then the snapshots by name. */
export function formatConf(conf: ContainerConf): string {
  let text = formatSection(conf.live)
  if (Object.keys(conf.pending).length > 0)
    text += `\n[pve:pending]\n${formatSection({ values: conf.pending, lxc: [] })}`
  for (const name of Object.keys(conf.snapshots).sort()) {
    text += `\n[${name}]\n${formatSection(conf.snapshots[name] ?? EMPTY_SECTION)}`
  }
  return text
}

function formatSection({ values, lxc }: ConfSection): string {
  let text = ''
  for (const line of descriptionLines(values['description'])) text += `#${encodeText(line)}\n`
  for (const key of Object.keys(values).sort()) {
    if (key !== 'description') text += `${key}: ${values[key]}\n`
  }
  for (const [key, value] of lxc) text += `${key}: ${value}\n`
  return text
}

/** Perl's split drops empty fields at the end. */
function descriptionLines(description: string | undefined): readonly string[] {
  return description === undefined || description === '' ? [] : description.replace(/\n+$/, '').split('\n')
}

/** Everything outside printable ASCII, and `:` and `%`, as `%XX` of its UTF-8 bytes. Source: pve-common, Tools.pm. */
export function encodeText(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && byte !== 0x3a
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** The same the other way round. */
export function decodeText(text: string): string {
  const bytes: number[] = []
  const source = Buffer.from(text, 'utf8').toString('latin1')
  for (let at = 0; at < source.length; at++) {
    const code = /^%([0-9a-f]{2})/i.exec(source.slice(at, at + 3))?.[1]
    if (code === undefined) bytes.push(source.charCodeAt(at))
    else {
      bytes.push(Number.parseInt(code, 16))
      at += 2
    }
  }
  return Buffer.from(bytes).toString('utf8')
}

/** `values` without some of its keys. */
export function without(values: ConfValues, ...keys: readonly string[]): ConfValues {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)))
}

/** `values` with one key set, or removed when the value is undefined. */
export function withValue(values: ConfValues, key: string, value: string | undefined): ConfValues {
  return value === undefined ? without(values, key) : { ...values, [key]: value }
}

/** `conf` with other keys in its live part. */
export function withLive(conf: ContainerConf, values: ConfValues): ContainerConf {
  return { ...conf, live: { ...conf.live, values } }
}

function openSection(): OpenSection {
  return { values: {}, lxc: [], description: '' }
}

function closeSection({ values, lxc, description }: OpenSection): ConfSection {
  return { values: description === '' ? values : { ...values, description }, lxc }
}
