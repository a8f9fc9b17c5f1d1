import { z } from 'zod'

/** What a token may be given the privileges for. */
export const REST_FEATURES = ['scaling', 'snapshots', 'storage', 'clones', 'cluster'] as const
export type RestFeature = (typeof REST_FEATURES)[number]

/** What a feature needs at a path of Proxmox' access control, and below it unless it is for that path alone. */
export interface Grant {
  readonly feature: RestFeature
  readonly path: string
  readonly privileges: readonly string[]
  readonly isForPathAlone?: true
}

/**
 * Sources: the permissions of the methods in PVE::API2::LXC and below, PVE::LXC, check_ct_modify_config_perm (the field `disk` of a
 * resize counts as an option), PVE::API2::Nodes and Cluster. Each privilege is known to Proxmox VE 8 and 9.
 */
export const GRANTS: readonly Grant[] = [
  { feature: 'scaling', path: '/vms', privileges: ['VM.Audit', 'VM.Config.CPU', 'VM.Config.Memory'] },
  { feature: 'scaling', path: '/nodes', privileges: ['Sys.Audit'] },
  { feature: 'snapshots', path: '/vms', privileges: ['VM.Snapshot'] },
  { feature: 'storage', path: '/vms', privileges: ['VM.Config.Disk', 'VM.Config.Options'] },
  { feature: 'storage', path: '/storage', privileges: ['Datastore.AllocateSpace'] },
  { feature: 'clones', path: '/vms', privileges: ['VM.Allocate', 'VM.Clone', 'VM.PowerMgmt', 'VM.Snapshot'] },
  { feature: 'clones', path: '/storage', privileges: ['Datastore.AllocateSpace'] },
  { feature: 'clones', path: '/sdn/zones', privileges: ['SDN.Use'] },
  { feature: 'cluster', path: '/', privileges: ['Sys.Audit'], isForPathAlone: true },
]

/** What a token may: by path its privileges, each with whether it counts below the path as well. */
export const Permissions = z.record(z.string(), z.record(z.string(), z.coerce.number()))
export type Permissions = z.output<typeof Permissions>

/** What Proxmox gives a token at `path`. Source: PVE::RPCEnvironment, get_effective_permissions, names the paths that differ. */
function privilegesAt(permissions: Permissions, path: string): ReadonlySet<string> {
  const own = permissions[path]
  if (own !== undefined) return new Set(Object.keys(own))
  if (path === '/') return new Set()
  const above = path.slice(0, path.lastIndexOf('/')) || '/'
  const inherited = Object.entries(permissions[above] ?? {}).filter(([, isPassedOn]) => isPassedOn !== 0)
  return permissions[above] === undefined ? privilegesAt(permissions, above) : new Set(inherited.map(([name]) => name))
}

/** What the token lacks for a feature, as `VM.Snapshot on /vms`. What it has for single containers only is none of it. */
export function missingFor(feature: RestFeature, permissions: Permissions): readonly string[] {
  return GRANTS.filter(grant => grant.feature === feature).flatMap(({ path, privileges }) => {
    const below = Object.keys(permissions).filter(other => path === '/vms' && /^\/vms\/\d+$/.test(other))
    const places = [path, ...below].map(place => privilegesAt(permissions, place))
    return privileges.filter(name => !places.some(place => place.has(name))).map(name => `${name} on ${path}`)
  })
}

/** What the token may that no feature needs, but for looking; such a token is worth more to a thief than it has to be. */
export function neededByNothing(permissions: Permissions): readonly string[] {
  const needed = new Set(GRANTS.flatMap(({ privileges }) => privileges))
  const names = new Set(Object.values(permissions).flatMap(privileges => Object.keys(privileges)))
  return [...names].filter(name => !needed.has(name) && !name.endsWith('.Audit')).sort()
}
