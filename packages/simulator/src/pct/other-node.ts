import { addressOf, isOnline } from '../host/cluster-files.ts'
import { nodePaths } from '../host/cluster-place.ts'
import { readIdentity } from '../host/host-identity.ts'
import { readSettings } from '../host/settings.ts'
import type { Context } from './context.ts'
import { EXIT, Failure } from './failure.ts'

/**
 * The context in which a command runs on another node of the cluster, as by ssh. A node that is a name only, without a
 * pretend host, is this one.
 * @throws {Failure} for a node that nobody knows, and for one that is not up
 */
export function contextOn(context: Context, node: string): Context {
  const { identity, settings } = context
  if (node === 'localhost' || node === identity.node) return context
  if (!settings.nodes.includes(node)) {
    throw new Failure(
      `hostname lookup '${node}' failed - failed to get address info for: ${node}: Name or service not known`,
      EXIT.unknownNode,
    )
  }
  if (!isOnline(settings, identity, node)) {
    throw new Failure(
      `proxy handler failed: ssh: connect to host ${addressOf(settings, node)} port 22: No route to host`,
    )
  }
  return otherHost(context, node) ?? context
}

/** The same without a look whether it is up; undefined for one without a pretend host. */
export function otherHost(context: Context, node: string): Context | undefined {
  const other = nodePaths(context.paths, node)
  if (other === undefined) return undefined
  return { ...context, seen: new Map(), paths: other, identity: readIdentity(other), settings: readSettings(other) }
}
