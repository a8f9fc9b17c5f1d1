import {
  dnsName,
  FEATURES,
  ipAddress,
  listOf,
  NETWORK,
  properties,
  startupOrder,
  tag,
  timezone,
  volumeId,
} from './formats.ts'
import { booleanOf, configId, type NumberedSpec, type OptionSpec, optionOf, splitList, TEXT } from './option-spec.ts'

/** Locks that stand in a container's configuration. */
const LOCKS = [
  'backup',
  'create',
  'destroyed',
  'disk',
  'fstrim',
  'migrate',
  'mounted',
  'rollback',
  'snapshot',
  'snapshot-delete',
]

/** Options that are in force as soon as they are in the configuration. Source: pve-container, LXC/Config.pm. */
export const FAST_OPTIONS: ReadonlySet<string> = new Set([
  'cores',
  'description',
  'hookscript',
  'hostname',
  'lock',
  'onboot',
  'protection',
  'startup',
  'tags',
])

const FLAG: OptionSpec = { type: 'boolean' }

/** What `pct set` takes. Source: pve-container, LXC/Config.pm, confdesc; ranges are the same in PVE 6 to 9. */
export const CONFIG_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  arch: { type: 'string', values: ['amd64', 'i386', 'arm64', 'armhf', 'riscv32', 'riscv64'] },
  cmode: { type: 'string', values: ['shell', 'console', 'tty'] },
  console: FLAG,
  cores: { type: 'integer', minimum: 1, maximum: 8_192 },
  cpulimit: { type: 'number', minimum: 0, maximum: 8_192 },
  cpuunits: { type: 'integer', minimum: 0, maximum: 500_000 },
  debug: FLAG,
  description: { type: 'string', maxLength: 8_192 },
  entrypoint: TEXT,
  env: TEXT,
  features: { type: 'string', format: properties(FEATURES) },
  hookscript: { type: 'string', format: volumeId },
  hostname: { type: 'string', maxLength: 255, format: dnsName },
  lock: { type: 'string', values: LOCKS },
  memory: { type: 'integer', minimum: 16 },
  nameserver: { type: 'string', format: listOf(ipAddress) },
  onboot: FLAG,
  ostype: {
    type: 'string',
    values: 'debian devuan ubuntu centos fedora opensuse archlinux alpine gentoo nixos unmanaged'.split(' '),
  },
  protection: FLAG,
  rootfs: TEXT,
  searchdomain: { type: 'string', format: listOf(dnsName) },
  startup: { type: 'string', format: startupOrder },
  swap: { type: 'integer', minimum: 0 },
  tags: { type: 'string', format: listOf(tag) },
  template: FLAG,
  timezone: { type: 'string', format: timezone },
  tty: { type: 'integer', minimum: 0, maximum: 6 },
  unprivileged: FLAG,
}

/** Options with a number, and how many there are of each. */
export const NUMBERED_OPTIONS: Readonly<Record<string, NumberedSpec>> = {
  net: { count: 32, spec: { type: 'string', format: properties(NETWORK) } },
  mp: { count: 256, spec: TEXT },
  dev: { count: 256, spec: TEXT },
  unused: {
    count: 256,
    spec: {
      type: 'string',
      format: properties({ volume: { type: 'string', format: volumeId, required: true } }, 'volume'),
    },
  },
}

/** All keys that a configuration can have. */
const KEYS = {
  positional: [],
  options: {
    ...CONFIG_OPTIONS,
    parent: { type: 'string', maxLength: 40, format: configId },
    snaptime: { type: 'integer', minimum: 0 },
  },
  numbered: NUMBERED_OPTIONS,
} as const

/** What values a key of the configuration has; undefined for a key that Proxmox does not know. */
export function configOption(key: string): OptionSpec | undefined {
  return optionOf(KEYS, key)
}

/**
 * A value as it is read from a configuration file, and what is wrong with it: less is looked at than when it was set.
 * Source: pve-container, LXC/Config.pm, check_type.
 */
export function storedValue(key: string, value: string): { readonly value: string; readonly problem?: string } {
  const spec = configOption(key)
  if (spec === undefined) return { value, problem: `unknown setting '${key}'` }
  const failed = { value, problem: `type check ('${spec.type}') failed - got '${value}'` }
  if (spec.type === 'boolean') return { value: booleanOf(value) ?? value, ...(booleanOf(value) ? {} : failed) }
  if (spec.type === 'integer') return /^\d+$/.test(value) ? { value: String(Number(value)) } : failed
  if (spec.type === 'number') return /^\d+(\.\d+)?$/.test(value) ? { value } : failed
  const problem = spec.format?.(value, '')
  return problem === undefined ? { value } : { value, problem }
}

/** What `pct set` takes beside the options of the configuration. */
export const SET_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  ...CONFIG_OPTIONS,
  delete: { type: 'list', format: listOf(configId) },
  revert: { type: 'list', format: listOf(configId) },
  digest: { type: 'string', maxLength: 40 },
}

/** Tags as Proxmox keeps them: lower case, sorted, each once. */
export function normalisedTags(text: string): string {
  return [...new Set(splitList(text).map(tag => tag.toLowerCase()))].sort().join(';')
}
