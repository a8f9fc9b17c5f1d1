import type { Context } from './context.ts'
import { EXIT, Failure } from './failure.ts'

/** A privilege is missing. Source: pve-common, Exception.pm, raise_perm_exc. */
export class PermissionFailure extends Failure {
  constructor(what: string) {
    super(`Permission check failed (${what})`, EXIT.other)
  }
}

/**
 * The text names the first privilege that is missing, or all of those of which one is needed.
 * @throws {PermissionFailure}
 */
export function assertMay({ access }: Context, path: string, privileges: readonly string[], isAny = false): void {
  if (access === undefined || access.has(path, privileges, isAny)) return
  const missing = isAny ? privileges.join('|') : privileges.find(privilege => !access.has(path, [privilege]))
  throw new PermissionFailure(`${path}, ${missing}`)
}

/** Needs the privilege of each option that is to be changed. Source: pve-container, LXC.pm, check_ct_modify_config_perm. */
export function assertMayModify(context: Context, vmid: number, options: readonly string[]): void {
  for (const option of options) assertMay(context, `/vms/${vmid}`, [`VM.Config.${privilegeFor(option)}`])
}

function privilegeFor(option: string): string {
  if (/^(cores|cpulimit|cpuunits)$/.test(option)) return 'CPU'
  if (/^(memory|swap)$/.test(option)) return 'Memory'
  if (/^(rootfs|mp\d+)$/.test(option)) return 'Disk'
  return /^(net\d+|nameserver|searchdomain|hostname)$/.test(option) ? 'Network' : 'Options'
}
