import { createHash, timingSafeEqual } from 'node:crypto'
import type { Acl, HostSettings } from '../host/settings.ts'
import type { Access } from '../pct/context.ts'

/** Who asks, and what it may. */
export interface Asker extends Access {
  /** `USER@REALM!NAME` */
  readonly id: string
  /** Path -> privileges, of the paths that matter to somebody. Source: pve-access-control, get_effective_permissions. */
  permissions(path?: string): Readonly<Record<string, Readonly<Record<string, 1>>>>
}

/** Those of every part of Proxmox that the pretend host has. */
export const ALL_PRIVILEGES: readonly string[] = [
  ...['VM.Allocate', 'VM.Audit', 'VM.Clone', 'VM.Migrate', 'VM.PowerMgmt', 'VM.Snapshot', 'VM.Snapshot.Rollback'],
  ...['VM.Config.CPU', 'VM.Config.Disk', 'VM.Config.Memory', 'VM.Config.Network', 'VM.Config.Options'],
  ...['Datastore.AllocateSpace', 'Datastore.Audit', 'SDN.Use', 'Sys.Audit', 'Sys.Modify'],
]

const TOP_PATHS = ['/', '/access', '/access/groups', '/nodes', '/pool', '/sdn', '/storage', '/vms']

/**
 * Who a request comes from, by its header `Authorization`.
 * @returns what is wrong with it, when nobody knows. Source: pve-manager, HTTPServer.pm, auth_handler.
 */
export function askerOf(header: string | undefined, { restTokens }: HostSettings): Asker | string {
  const [, id = '', secret = ''] = /^PVEAPIToken=(.*)=(.*)$/.exec(header ?? '') ?? []
  if (id === '') return 'No ticket'
  const token = Object.hasOwn(restTokens, id) ? restTokens[id] : undefined
  if (token === undefined || !isEqual(secret, token.secret)) return 'Authentication failed!'
  const privilegesAt = (path: string) => nearest(token.acl, path)
  return {
    id,
    has: (path, privileges, isAny = false) => {
      const own = privilegesAt(path)
      return isAny ? privileges.some(name => own.includes(name)) : privileges.every(name => own.includes(name))
    },
    permissions: path => {
      const paths = path === undefined ? new Set([...TOP_PATHS, ...Object.keys(token.acl)]) : [path]
      const rows = [...paths].map(
        place => [place, Object.fromEntries(privilegesAt(place).map(name => [name, 1 as const]))] as const,
      )
      return Object.fromEntries(rows.filter(([, own]) => path !== undefined || Object.keys(own).length > 0))
    },
  }
}

/** What the longest path of `acl` gives that `path` lies at or below: it stands instead of those above it. */
function nearest(acl: Acl, path: string): readonly string[] {
  let longest = ''
  for (const place of Object.keys(acl)) {
    const fits = place === '/' || path === place || path.startsWith(`${place}/`)
    if (fits && place.length > longest.length) longest = place
  }
  return acl[longest] ?? []
}

function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
