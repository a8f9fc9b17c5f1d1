import type { Command } from '../pct/command.ts'
import { clone } from '../pct/commands/clone.ts'
import { destroy } from '../pct/commands/destroy.ts'
import { migrate } from '../pct/commands/migrate.ts'
import { reboot, shutdown, start, stop } from '../pct/commands/power-commands.ts'
import { resize } from '../pct/commands/resize.ts'
import { set } from '../pct/commands/set.ts'
import { delsnapshot, rollback, snapshot } from '../pct/commands/snapshot-commands.ts'

/** Verbs of `pvesh` that change something. Source: pve-manager, CLI/pvesh.pm: they are PUT, POST and DELETE. */
export type ChangeVerb = 'set' | 'create' | 'delete'

/** A command of `pct`, which is the same code in Proxmox, and what the path says. */
export interface PathCommand {
  readonly command: Command
  readonly node: string
  readonly values: Readonly<Record<string, string>>
}

const CONTAINER = '/nodes/:node/lxc/:vmid'
/** All that changes a container, by its path. */
export const CHANGES: readonly (readonly [ChangeVerb, string, Command])[] = [
  ['set', `${CONTAINER}/config`, set],
  ['set', `${CONTAINER}/resize`, resize],
  ['create', `${CONTAINER}/snapshot`, snapshot],
  ['delete', `${CONTAINER}/snapshot/:snapname`, delsnapshot],
  ['create', `${CONTAINER}/snapshot/:snapname/rollback`, rollback],
  ['create', `${CONTAINER}/clone`, clone],
  ['create', `${CONTAINER}/migrate`, migrate],
  ['create', `${CONTAINER}/status/start`, start],
  ['create', `${CONTAINER}/status/stop`, stop],
  ['create', `${CONTAINER}/status/shutdown`, shutdown],
  ['create', `${CONTAINER}/status/reboot`, reboot],
  ['delete', CONTAINER, destroy],
]

/** What changes a container at a path; undefined when nothing does. */
export function changeAt(verb: ChangeVerb, path: string): PathCommand | undefined {
  for (const [name, template, command] of CHANGES) {
    const pattern = new RegExp(`^${template.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}/?$`)
    const { node, ...values } = (name === verb ? pattern.exec(path)?.groups : undefined) ?? {}
    if (node !== undefined) return { command, node, values }
  }
  return undefined
}
