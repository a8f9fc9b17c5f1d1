import { isIPv4, isIPv6 } from 'node:net'
import { booleanOf, type Format, type OptionSpec, problemOf, splitList } from './option-spec.ts'

/** A key of a property string such as `name=eth0,bridge=vmbr0`. */
type Property = OptionSpec & { readonly required?: true }
type Properties = Readonly<Record<string, Property>>

const FLAG: Property = { type: 'boolean' }
const INTERFACE: Property = { type: 'string', pattern: /^[-_.\w]+$/ }

/** Source: pve-container, LXC/Config.pm, netconf_desc. */
export const NETWORK: Properties = {
  bridge: INTERFACE,
  firewall: FLAG,
  gw: { type: 'string', format: check(isIPv4, 'value does not look like a valid IPv4 address') },
  gw6: { type: 'string', format: check(isIPv6, 'value does not look like a valid IPv6 address') },
  'host-managed': FLAG,
  hwaddr: {
    type: 'string',
    format: check(
      value => /^[a-f0-9][02468ace](:[a-f0-9]{2}){5}$/i.test(value),
      'value does not look like a valid unicast MAC address',
    ),
  },
  ip: {
    type: 'string',
    format: check(
      value => /^(dhcp|manual)$/.test(value) || isNetwork(value, isIPv4, 32),
      'value does not look like a valid ipv4 network configuration',
    ),
  },
  ip6: {
    type: 'string',
    format: check(
      value => /^(auto|dhcp|manual)$/.test(value) || isNetwork(value, isIPv6, 128),
      'value does not look like a valid ipv6 network configuration',
    ),
  },
  link_down: FLAG,
  mtu: { type: 'integer', minimum: 64, maximum: 65_535 },
  name: { ...INTERFACE, required: true },
  rate: { type: 'number' },
  tag: { type: 'integer', minimum: 1, maximum: 4_094 },
  trunks: { type: 'string', pattern: /^\d+(;\d+)*$/ },
  type: { type: 'string', values: ['veth'] },
}

/** Source: as above, features_desc. */
export const FEATURES: Properties = {
  force_rw_sys: FLAG,
  fuse: FLAG,
  keyctl: FLAG,
  mknod: FLAG,
  mount: { type: 'string', pattern: /^[a-zA-Z0-9_; ]+$/ },
  nesting: FLAG,
}

/** A property string with these keys; a word without a key belongs to `defaultKey`. */
export function properties(known: Properties, defaultKey?: string): Format {
  return (text, name) => {
    const { values, problem } = parseProperties(text, known, defaultKey)
    if (problem !== undefined) return problem
    const problems = Object.keys(known).flatMap(key => {
      const path = name === '' ? key : `${name}.${key}`
      const wrong = propertyProblem(values[key], known[key] ?? FLAG, path)
      return wrong === undefined ? [] : [`${path}: ${wrong}`]
    })
    return problems.length === 0 ? undefined : ['format error', ...problems].join('\n')
  }
}

function propertyProblem(value: string | undefined, property: Property, path: string): string | undefined {
  if (value !== undefined) return problemOf(value, property, path)
  return property.required ? 'property is missing and it is not optional' : undefined
}

/** Source: pve-common, JSONSchema.pm, parse_property_string. */
function parseProperties(
  text: string,
  known: Properties,
  defaultKey: string | undefined,
): { readonly values: Readonly<Record<string, string>>; readonly problem?: string } {
  const values: Record<string, string> = {}
  for (const part of text.split(',').filter(word => word.trim() !== '')) {
    const [, key = defaultKey, value = part] = /^([^=]+)=(.+)$/.exec(part) ?? []
    if (value === part && part.includes('=')) {
      return { values, problem: 'missing key in comma-separated list property' }
    }
    if (key === undefined) {
      return { values, problem: 'value without key, but schema does not define a default key' }
    }
    if (values[key] !== undefined) {
      return { values, problem: `duplicate key in comma-separated list property: ${key}` }
    }
    if (!Object.hasOwn(known, key)) {
      return { values, problem: `invalid key in comma-separated list property: ${key}` }
    }
    values[key] = (known[key]?.type === 'boolean' ? booleanOf(value) : undefined) ?? value
  }
  return { values }
}

/** A network as Proxmox keeps it: its name first, the rest by name, with an address and a type. The text must be right. */
export function normalisedNetwork(text: string, freshAddress: () => string): string {
  const { name = '', ...given } = parseProperties(text, NETWORK, undefined).values
  const all: Readonly<Record<string, string>> = { ...given, hwaddr: given['hwaddr'] ?? freshAddress(), type: 'veth' }
  const rest = Object.keys(all).sort()
  return [`name=${name}`, ...rest.map(key => `${key}=${all[key]}`)].join(',')
}

/** The bridge that a network names. */
export function bridgeOf(network: string): string | undefined {
  return parseProperties(network, NETWORK, undefined).values['bridge']
}

/** `storage:name`. Source: pve-storage, Plugin.pm, parse_volume_id. */
export const volumeId: Format = value =>
  /^[a-z][a-z0-9\-_.]*[a-z0-9]:.+$/i.test(value) ? undefined : `unable to parse volume ID '${value}'`

/** Labels of letters, digits and hyphens, joined by dots. Source: pve-common, JSONSchema.pm, as all below. */
export const dnsName: Format = value => {
  const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
  return new RegExp(`^${label}(?:\\.${label})*$`).test(value) ? undefined : 'value does not look like a valid DNS name'
}

/** IPv4 or IPv6; a link-local one may name its interface. */
export const ipAddress: Format = check(
  value => isIPv4(value) || isIPv6(value),
  'value does not look like a valid IP address',
)

/** `host`, or a name that this machine knows. */
export const timezone: Format = value =>
  ['host', 'UTC', ...Intl.supportedValuesOf('timeZone')].includes(value) ? undefined : `invalid time zone '${value}'`

/** `order=1,up=30,down=10`; a number alone is the order. */
export const startupOrder: Format = check(
  value => value !== '' && value.split(',').every(word => /^\s*$|^(order=)?\d+$|^(up|down)=\d+$/.test(word)),
  'unable to parse startup options',
)

/** One tag. */
export const tag: Format = check(value => /^[a-z0-9_][a-z0-9_\-+.]*$/i.test(value), 'invalid characters in tag')

/** The format of each word of a list. */
export function listOf(format: Format): Format {
  return (value, name) =>
    splitList(value)
      .map(word => format(word, name))
      .find(problem => problem !== undefined)
}

function check(isRight: (value: string) => boolean, problem: string): Format {
  return value => (isRight(value) ? undefined : problem)
}

function isNetwork(value: string, isAddress: (text: string) => boolean, mostBits: number): boolean {
  const [address = '', bits = '', ...more] = value.split('/')
  return more.length === 0 && isAddress(address) && /^\d+$/.test(bits) && Number(bits) > 7 && Number(bits) <= mostBits
}
