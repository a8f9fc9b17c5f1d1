import { isIP } from 'node:net'

/** Whether `host` (a name or an address) can only be reached from this machine. */
export function isLoopbackAddress(host: string): boolean {
  if (host.toLowerCase() === 'localhost' || host === '::1') return true
  const ipv4 = host.toLowerCase().startsWith('::ffff:') ? host.slice('::ffff:'.length) : host
  return isIP(ipv4) === 4 && ipv4.startsWith('127.')
}

/**
 * Who is counted as one: this machine, whichever of its loopback addresses is used; of IPv6 a network, since a machine has
 * all addresses of one; else an address.
 */
export function sourceOf(address: string): string {
  if (isLoopbackAddress(address)) return 'loopback'
  if (isIP(address) !== 6 || address.toLowerCase().startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('::').map(part => part.split(':').filter(Boolean))
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...(tail ?? [])].slice(0, 4).join(':')
}

/** What a request tells of the way it came: the address of the other end of the connection, and its headers. */
interface RequestOrigin {
  readonly peer: string | undefined
  readonly headers: Readonly<Record<string, unknown>>
}

/**
 * Whether the client itself is on this machine. A request that a proxy passed on is not, whatever the proxy says: its
 * forwarding headers came from a client that could write anything into them.
 */
export function isLocalClient({ peer, headers }: RequestOrigin): boolean {
  const isForwarded = 'x-forwarded-for' in headers || 'forwarded' in headers || 'via' in headers
  return peer !== undefined && !isForwarded && isLoopbackAddress(peer)
}
