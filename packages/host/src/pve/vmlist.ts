import { asObject, parseJson, parseVmid } from '@lxc-autoscale/core'
import { nodeName } from './node-name.ts'

/** Where the cluster says that a guest is. */
export interface GuestPlace {
  readonly node: string
  readonly type: string
}

/**
 * The guests of the whole cluster by number, from `/etc/pve/.vmlist`; undefined when it is cut off or no such list. Without any
 * guest there are no `ids` in it. Source: pve-cluster, pmxcfs/status.c, cfs_create_vmlist_msg.
 */
export function parseVmlist(text: string): ReadonlyMap<number, GuestPlace> | undefined {
  const list = asObject(parseJson(text))
  if (list === undefined) return undefined
  const places = new Map<number, GuestPlace>()
  for (const [digits, value] of Object.entries(asObject(list['ids']) ?? {})) {
    const vmid = parseVmid(digits)
    const entry = asObject(value)
    const [node, type] = [nodeName(entry?.['node']), entry?.['type']]
    if (vmid !== undefined && node !== undefined && typeof type === 'string') places.set(vmid, { node, type })
  }
  return places
}
