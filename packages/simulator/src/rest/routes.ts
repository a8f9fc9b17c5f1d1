import { assertMay } from '../pct/access.ts'
import type { Command } from '../pct/command.ts'
import { clone } from '../pct/commands/clone.ts'
import { destroy } from '../pct/commands/destroy.ts'
import { migrate } from '../pct/commands/migrate.ts'
import { reboot, shutdown, start, stop } from '../pct/commands/power-commands.ts'
import { resize } from '../pct/commands/resize.ts'
import { set } from '../pct/commands/set.ts'
import { delsnapshot, rollback, snapshot } from '../pct/commands/snapshot-commands.ts'
import { CHANGES } from '../pvesh/changes.ts'
import { resourceAt } from '../pvesh/resources.ts'
import { TIMEFRAMES } from '../pvesh/rrddata.ts'
import { BOOLEAN, type CommandSpec, type OptionSpec, SNAPSHOT_NAME, TEXT, VMID } from '../schema/option-spec.ts'
import { containerConfig, pendingOptions, snapshotList, visible, withUsage } from './container-answers.ts'
import type { RestRequest } from './rest-request.ts'
import { listTasks, stopTask, taskLog, taskStatus } from './task-answers.ts'

export interface Route extends CommandSpec {
  readonly method: string
  /** `:name` stands for one part. */
  readonly path: string
  /** Looked at before anything else is. @throws {Failure} when it may not */
  readonly permit?: (request: RestRequest) => void
  /** Gives the data of the answer. */
  readonly run: (request: RestRequest) => unknown
}

const CONTAINER = '/nodes/:node/lxc/:vmid'
const TASK = '/nodes/:node/tasks'
const NUMBER: OptionSpec = { type: 'integer', minimum: 0 }
const TIMEFRAME: OptionSpec = { type: 'string', values: TIMEFRAMES }
const CONSOLIDATION: OptionSpec = { type: 'string', values: ['AVERAGE', 'MAX'] }

const METHODS = { set: 'PUT', create: 'POST', delete: 'DELETE' } as const

/** What a command needs before it looks at anything. Source: the `permissions` of each method of pve-container, API2/LXC*.pm. */
const NEEDED: ReadonlyMap<Command, Permit> = new Map([
  [set, onContainerAny(['Disk', 'CPU', 'Memory', 'Network', 'Options'].map(option => `VM.Config.${option}`))],
  [resize, onContainer('VM.Config.Disk')],
  [snapshot, onContainer('VM.Snapshot')],
  [delsnapshot, onContainer('VM.Snapshot')],
  [rollback, onContainerAny(['VM.Snapshot', 'VM.Snapshot.Rollback'])],
  [clone, mayClone],
  [migrate, onContainer('VM.Migrate')],
  [start, onContainer('VM.PowerMgmt')],
  [stop, onContainer('VM.PowerMgmt')],
  [shutdown, onContainer('VM.PowerMgmt')],
  [reboot, onContainer('VM.PowerMgmt')],
  [destroy, onContainer('VM.Allocate')],
])

/** What the pretend REST interface has. Source: pve-container, API2/LXC*.pm; pve-manager, API2; pve-access-control, API2. */
export const ROUTES: readonly Route[] = [
  get('/version', {}),
  get('/nodes', {}),
  get('/nodes/:node/version', {}),
  get('/nodes/:node/status', {}, on('/nodes/:node', 'Sys.Audit')),
  get('/cluster/status', {}, on('/', 'Sys.Audit')),
  get('/cluster/resources', { type: { type: 'string', values: ['vm', 'storage', 'node', 'sdn'] } }),
  get('/nodes/:node/lxc', {}),
  get(`${CONTAINER}/status/current`, { vmid: VMID }, onContainer('VM.Audit')),
  get(`${CONTAINER}/rrddata`, { vmid: VMID, timeframe: TIMEFRAME, cf: CONSOLIDATION }, onContainer('VM.Audit')),
  answer('GET', `${CONTAINER}/config`, {
    options: { vmid: VMID, current: BOOLEAN, snapshot: SNAPSHOT_NAME },
    permit: onContainer('VM.Audit'),
    run: containerConfig,
  }),
  answer('GET', `${CONTAINER}/pending`, {
    options: { vmid: VMID },
    permit: onContainer('VM.Audit'),
    run: pendingOptions,
  }),
  answer('GET', `${CONTAINER}/snapshot`, {
    options: { vmid: VMID },
    permit: onContainer('VM.Audit'),
    run: snapshotList,
  }),
  ...CHANGES.map(([verb, path, command]) => change(METHODS[verb], path, command)),
  answer('GET', TASK, {
    options: {
      ...{ vmid: VMID, start: NUMBER, limit: NUMBER, since: NUMBER, until: NUMBER, errors: BOOLEAN },
      ...{ typefilter: TEXT, userfilter: TEXT, source: { type: 'string', values: ['archive', 'active', 'all'] } },
    },
    run: listTasks,
  }),
  answer('GET', `${TASK}/:upid/status`, { options: { upid: TEXT }, run: taskStatus }),
  answer('GET', `${TASK}/:upid/log`, { options: { upid: TEXT, start: NUMBER, limit: NUMBER }, run: taskLog }),
  answer('DELETE', `${TASK}/:upid`, { options: { upid: TEXT }, run: stopTask }),
  answer('GET', '/access/permissions', {
    options: { path: TEXT, userid: TEXT },
    run: ({ asker, parameters }) => asker.permissions(parameters['path']),
  }),
]

type Options = CommandSpec['options']
type Permit = NonNullable<Route['permit']>

function answer(
  method: string,
  path: string,
  { options, permit, run }: { options: Options; permit?: Permit; run: Route['run'] },
): Route {
  const positional = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name).filter(name => name !== 'node')
  return { method, path, positional, options, run, ...(permit === undefined ? {} : { permit }) }
}

/** A path that `pvesh get` knows too. */
function get(path: string, options: Options, permit?: Permit): Route {
  const run = (request: RestRequest) =>
    visible(request, withUsage(request, resourceAt(request.context, request.path, request.parameters)))
  return answer('GET', path, { options, run, ...(permit === undefined ? {} : { permit }) })
}

/** A command of `pct`, which is the same code in Proxmox. */
function change(method: string, path: string, command: Command): Route {
  const { run, ...spec } = command
  const permit = NEEDED.get(command)
  if (permit === undefined) throw new Error(`nobody says who may ${method} ${path}`)
  return {
    ...spec,
    method,
    path,
    permit,
    run: ({ context, parameters }) => run(context, { values: parameters, extra: [] }),
  }
}

function on(path: string, ...privileges: readonly string[]): Permit {
  return ({ context, node = '' }) => assertMay(context, path.replace(':node', node), privileges)
}

function onContainer(privilege: string): Permit {
  return ({ context, parameters }) => assertMay(context, `/vms/${parameters['vmid']}`, [privilege])
}

function onContainerAny(privileges: readonly string[]): Permit {
  return ({ context, parameters }) => assertMay(context, `/vms/${parameters['vmid']}`, privileges, true)
}

function mayClone({ context, parameters }: RestRequest): void {
  assertMay(context, `/vms/${parameters['vmid']}`, ['VM.Clone'])
  assertMay(context, `/vms/${parameters['newid']}`, ['VM.Allocate'])
}
