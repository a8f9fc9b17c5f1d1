import { configId, type OptionSpec, optionOf, splitList } from './option-spec.ts'

/** Locks that stand in a container's configuration. */
export const LOCKS = [
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

const TEXT: OptionSpec = { type: 'string' }
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
  features: TEXT,
  hookscript: TEXT,
  hostname: { type: 'string', maxLength: 255, format: dnsName },
  lock: { type: 'string', values: LOCKS },
  memory: { type: 'integer', minimum: 16 },
  nameserver: TEXT,
  onboot: FLAG,
  ostype: TEXT,
  protection: FLAG,
  rootfs: TEXT,
  searchdomain: TEXT,
  startup: TEXT,
  swap: { type: 'integer', minimum: 0 },
  tags: { type: 'string', format: tagList },
  template: FLAG,
  timezone: TEXT,
  tty: { type: 'integer', minimum: 0, maximum: 6 },
  unprivileged: FLAG,
}

/** Options with a number, and how many there are of each. */
export const NUMBERED_OPTIONS: Readonly<Record<string, number>> = { net: 32, mp: 256, dev: 256, unused: 256 }

/** Whether the configuration can have a key of this name. */
export function isConfigOption(name: string): boolean {
  return optionOf({ positional: [], options: CONFIG_OPTIONS, numbered: NUMBERED_OPTIONS }, name) !== undefined
}

/** What `pct set` takes beside the options of the configuration. */
export const SET_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  ...CONFIG_OPTIONS,
  delete: { type: 'list', format: configIdList },
  revert: { type: 'list', format: configIdList },
  digest: { type: 'string', maxLength: 40 },
}

/** Tags as Proxmox keeps them: lower case, sorted, each once. */
export function normalisedTags(text: string): string {
  return [...new Set(splitList(text).map(tag => tag.toLowerCase()))].sort().join(';')
}

function dnsName(value: string): string | undefined {
  const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
  return new RegExp(`^${label}(?:\\.${label})*$`).test(value) ? undefined : 'value does not look like a valid DNS name'
}

function tagList(value: string): string | undefined {
  const isRight = splitList(value).every(tag => /^[a-z0-9_][a-z0-9_\-+.]*$/i.test(tag))
  return isRight ? undefined : 'invalid characters in tag'
}

function configIdList(value: string): string | undefined {
  return splitList(value)
    .map(configId)
    .find(problem => problem !== undefined)
}
