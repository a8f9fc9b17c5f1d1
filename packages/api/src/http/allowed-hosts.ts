import { isIP } from 'node:net'
import { AutoscaleError } from '@lxc-autoscale/core'

/** Names of this machine for itself. */
const OWN_NAMES = ['localhost', '127.0.0.1', '::1', '[::1]']

/**
 * Decides by the Host header whether a request was meant for this API, which has `names`. A web page whose name an attacker
 * made to lead here (DNS rebinding) sends that name; an address can only be the one that was really connected to.
 * The check, which is given the address of this end of the connection, throws {AutoscaleError} HOST_NOT_ALLOWED.
 */
export function hostCheck(names: readonly string[]) {
  const known = new Set([...OWN_NAMES, ...names].map(name => name.toLowerCase()))
  /** As it was sent last, and found to be known. */
  let newest: string | undefined
  return (host: string | undefined, localAddress: string | undefined): void => {
    if (host === newest && newest !== undefined) return
    const name = (host ?? '').replace(/:\d{1,5}$/, '').toLowerCase()
    if (known.has(name)) newest = host
    if (known.has(name) || isOwnAddress(name, localAddress)) return
    throw new AutoscaleError(
      'HOST_NOT_ALLOWED',
      `this API does not serve the host ${JSON.stringify(name.slice(0, 80))}; add the name to server.allowed_hosts if it should`,
    )
  }
}

function isOwnAddress(name: string, localAddress: string | undefined): boolean {
  const address = name.replace(/^\[(.*)\]$/, '$1')
  return isIP(address) !== 0 && address === localAddress?.replace(/^::ffff:/, '')
}
