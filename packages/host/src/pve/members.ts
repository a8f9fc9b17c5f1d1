import { asObject, parseJson } from '@lxc-autoscale/core'
import { nodeName } from './node-name.ts'

/** What `/etc/pve/.members` says of the cluster, as this node sees it. */
export interface ClusterMembers {
  /** This node. */
  readonly node: string
  /** A node without a cluster is always quorate. */
  readonly isQuorate: boolean
  /** Undefined: there is no cluster. */
  readonly cluster: string | undefined
  /** All nodes of the cluster, by name; empty without one. */
  readonly nodes: ReadonlyMap<string, { readonly isOnline: boolean }>
}

/** Undefined when it is cut off or no such list. Source: pve-cluster, pmxcfs/status.c, cfs_create_memberlist_msg. */
export function parseMembers(text: string): ClusterMembers | undefined {
  const members = asObject(parseJson(text))
  const node = nodeName(members?.['nodename'])
  if (node === undefined) return undefined
  const { name, quorate } = asObject(members?.['cluster']) ?? {}
  return {
    node,
    isQuorate: quorate === undefined || quorate === 1,
    cluster: typeof name === 'string' ? name : undefined,
    nodes: new Map(
      Object.entries(asObject(members?.['nodelist']) ?? {}).flatMap(([name, entry]) =>
        nodeName(name) === undefined ? [] : [[name, { isOnline: asObject(entry)?.['online'] === 1 }] as const],
      ),
    ),
  }
}
