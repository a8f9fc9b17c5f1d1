import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { queueCrmCommand, requestState } from '../engine/high-availability.ts'
import type { HostPaths } from '../files/host-paths.ts'
import { nodePaths } from '../host/cluster-place.ts'
import { listVmids } from '../host/container-conf.ts'
import { readHaResources, setHaState, writeHaResources } from '../host/ha-resources.ts'
import { readManagerStatus } from '../host/manager-status.ts'
import { readClock } from '../host/runs.ts'
import { assertQuorum, type Context, isHighlyAvailable } from '../pct/context.ts'
import { EXIT, Failure, UsageFailure } from '../pct/failure.ts'
import { parseArguments } from '../pct/parse-arguments.ts'
import { type CommandSpec, TEXT } from '../schema/option-spec.ts'

const STATE = { type: 'string', values: ['started', 'stopped', 'enabled', 'disabled', 'ignored'] } as const
const WITH_STATE: CommandSpec = { positional: ['sid'], options: { sid: TEXT, state: STATE } }
const WITH_NODE: CommandSpec = { positional: ['sid', 'node'], options: { sid: TEXT, node: TEXT } }
const DEAD_AFTER_SECONDS = 30

type Values = Readonly<Record<string, string>>

const COMMANDS: Readonly<Record<string, { readonly spec: CommandSpec; run(context: Context, values: Values): void }>> =
  {
    add: { spec: WITH_STATE, run: add },
    set: { spec: WITH_STATE, run: set },
    remove: { spec: { positional: ['sid'], options: { sid: TEXT } }, run: remove },
    migrate: { spec: WITH_NODE, run: (context, values) => move(context, 'migrate', values) },
    relocate: { spec: WITH_NODE, run: (context, values) => move(context, 'relocate', values) },
    config: { spec: { positional: [], options: {} }, run: printConfig },
    status: { spec: { positional: [], options: {} }, run: printStatus },
  }

/** `ha-manager add|set|remove|migrate|relocate|config|status`. Source: pve-ha-manager, CLI/ha_manager.pm. */
export function haManager(context: Context, words: readonly string[]): number {
  const { output } = context
  const [name, ...rest] = words
  const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name]
  if (command === undefined) {
    output.err(`ERROR: ${name === undefined ? 'no command specified' : `unknown command 'ha-manager ${name}'`}\n`)
    output.err('USAGE: ha-manager <COMMAND> [ARGS] [OPTIONS]\n')
    return EXIT.other
  }
  try {
    command.run(context, parseArguments(rest, command.spec, output).values)
    return 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const hasUsage = error instanceof UsageFailure || error.message.startsWith('400 ')
    output.err(`${error.message}${hasUsage ? `ha-manager ${name} <sid> [OPTIONS]` : ''}\n`)
    return error.exitCode
  }
}

function add(context: Context, { sid = '', state = 'started' }: Values): void {
  assertQuorum(context)
  const vmid = vmidOf(context, sid)
  if (hostOf(context, vmid) === undefined) throw new Failure(`resource 'ct:${vmid}' does not exist in cluster`)
  const resources = readHaResources(context.paths)
  if (resources.some(resource => resource.vmid === vmid)) throw new Failure(`resource ID 'ct:${vmid}' already defined`)
  writeHaResources(context.paths, [...resources, { vmid, state }])
}

function set(context: Context, { sid = '', state }: Values): void {
  assertQuorum(context)
  const vmid = vmidOf(context, sid)
  if (!readHaResources(context.paths).some(resource => resource.vmid === vmid)) {
    throw new Failure(`no such resource 'ct:${vmid}'`)
  }
  if (state === undefined) return
  setHaState(context.paths, vmid, state)
  const wanted = state === 'started' || state === 'enabled' ? 'started' : 'stopped'
  const place = hostOf(context, vmid)
  if (state === 'ignored' || place === undefined) return
  requestState(place, vmid, { wanted, dueUptimeMs: readClock(place).uptimeMs + context.settings.haDelayMs })
}

function remove(context: Context, { sid = '' }: Values): void {
  const vmid = vmidOf(context, sid)
  const resources = readHaResources(context.paths)
  const rest = resources.filter(resource => resource.vmid !== vmid)
  if (rest.length === resources.length) throw new Failure(`cannot delete service 'ct:${vmid}', not HA managed!`)
  writeHaResources(context.paths, rest)
}

function move(context: Context, task: 'migrate' | 'relocate', { sid = '', node = '' }: Values): void {
  const vmid = vmidOf(context, sid)
  if (!isHighlyAvailable(context, vmid)) throw new Failure(`resource 'ct:${vmid}' is not HA managed`)
  if (readManagerStatus(context.paths)?.service_status[`ct:${vmid}`]?.state === 'error') {
    throw new Failure(`service 'ct:${vmid}' in error state, must be disabled and fixed first`)
  }
  assertQuorum(context)
  queueCrmCommand(context.paths, `${task} ct:${vmid} ${node}`)
}

function printConfig({ paths, output }: Context): void {
  for (const { vmid, state } of readHaResources(paths)) output.out(`ct:${vmid}\n\tstate ${state}\n\n`)
}

function printStatus(context: Context): void {
  const { paths, settings, identity, output, time } = context
  const status = readManagerStatus(paths)
  output.out(`quorum ${settings.quorate ? 'OK' : `No quorum on node '${identity.node}'!`}\n`)
  if (status === undefined) return
  const atMs = status.timestamp * MS_PER_SECOND
  const state = time.nowMs() - atMs > DEAD_AFTER_SECONDS * MS_PER_SECOND ? 'old timestamp - dead?' : 'active'
  // As Perl's localtime has it.
  const [weekday, month, day, year, clock] = new Date(atMs).toString().split(' ')
  const when = (how: string) => `(${how}, ${weekday} ${month} ${day} ${clock} ${year})`
  output.out(`master ${status.master_node} ${when(state)}\n`)
  for (const [node, nodeState] of Object.entries(status.node_status).sort()) {
    output.out(`lrm ${node} ${when(nodeState === 'online' ? state : 'old timestamp - dead?')}\n`)
  }
  for (const { vmid } of readHaResources(paths)) {
    const service = status.service_status[`ct:${vmid}`]
    output.out(`service ct:${vmid} (${service?.node ?? '---'}, ${service?.state ?? 'queued'})\n`)
  }
}

/** Of `ct:101`, or `101`. @throws {Failure} for anything else */
function vmidOf(context: Context, sid: string): number {
  const [, type, digits] = /^(?:(\S+):)?(\d+)$/.exec(sid) ?? []
  if (digits === undefined) throw new Failure(`unable to parse service id '${sid}'`)
  const vmid = Number(digits)
  if (type === undefined && hostOf(context, vmid) === undefined) {
    throw new Failure(`unable to detect SID from VMID - VM/CT ${vmid} does not exist`)
  }
  return vmid
}

/** The host that has a container; undefined when none has. */
function hostOf({ paths, identity, settings }: Context, vmid: number): HostPaths | undefined {
  const node = settings.nodes.find(name => listVmids(paths, name).includes(vmid))
  if (node === undefined) return undefined
  return node === identity.node ? paths : nodePaths(paths, node)
}
