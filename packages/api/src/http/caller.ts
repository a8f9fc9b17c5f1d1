import { AutoscaleError, ROLES, type Role } from '@lxc-autoscale/core'

/** Who makes a request. */
export interface Caller {
  /** Name of the key. */
  readonly key: string
  readonly role: Role
  /** The only containers it may see and change; undefined for all. */
  readonly containers: ReadonlySet<number> | undefined
}

/** Everybody, when no key is asked for: whoever reaches the loopback address is trusted as root is. */
export const ANYBODY: Caller = { key: 'anybody', role: 'admin', containers: undefined }

/** A request to a public route without a key. */
export const NOBODY: Caller = { key: 'nobody', role: 'read', containers: new Set() }

/** @throws {AutoscaleError} FORBIDDEN when the caller's role does not include `role`. */
export function requireRole(caller: Caller, role: Role, what: () => string): void {
  if (ROLES.indexOf(caller.role) >= ROLES.indexOf(role)) return
  throw new AutoscaleError(
    'FORBIDDEN',
    `${what()} needs a key with the role ${role}; ${caller.key} has the role ${caller.role}`,
    {
      details: { role: caller.role, needed_role: role },
    },
  )
}

export function mayReach(caller: Caller, vmid: number): boolean {
  return caller.containers === undefined || caller.containers.has(vmid)
}

/** @throws {AutoscaleError} FORBIDDEN when the key is not for this container. */
export function requireReach(caller: Caller, vmid: number): void {
  if (mayReach(caller, vmid)) return
  throw new AutoscaleError('FORBIDDEN', `the key ${caller.key} is not for container ${vmid}`, {
    details: { lxc_id: vmid },
  })
}

/** @throws {AutoscaleError} FORBIDDEN when the key is for certain containers only. */
export function requireAll(caller: Caller): void {
  if (caller.containers === undefined) return
  throw new AutoscaleError('FORBIDDEN', `the key ${caller.key} is for certain containers only, not for all`)
}
