import { rmSync } from 'node:fs'
import { confFile, type HostPaths } from '../files/host-paths.ts'
import { type ContainerConf, withLive, without } from '../host/conf-text.ts'
import { readConf, storeConf, storeLxcConfig } from '../host/container-conf.ts'
import { readHaResources } from '../host/ha-resources.ts'
import type { HostIdentity } from '../host/host-identity.ts'
import { writeJournal } from '../host/journal.ts'
import { readRun } from '../host/runs.ts'
import type { HostSettings } from '../host/settings.ts'
import { bridgeOf } from '../schema/formats.ts'
import { EXIT, Failure } from './failure.ts'
import type { Output } from './output.ts'

const LXC_PM = '/usr/share/perl5/PVE/LXC.pm'

/** Time as a command sees it; a test brings its own. */
export interface CommandTime {
  nowMs(): number
  sleep(ms: number): Promise<void>
}

/** Time of the machine. */
export const REAL_TIME: CommandTime = {
  nowMs: () => Date.now(),
  sleep: ms => (ms > 0 ? new Promise(resolve => setTimeout(resolve, ms)) : Promise.resolve()),
}

/** The kind of a task, as its UPID says it, and the container that it is for. */
export interface TaskKind {
  readonly type: string
  readonly vmid: number
}
export type TaskWork = (context: Context) => Promise<void>

/** What a user of the REST interface may. */
export interface Access {
  /** Whether one of the privileges (`isAny`) or each of them is there. */
  has(path: string, privileges: readonly string[], isAny?: boolean): boolean
}

/** What every command works with. */
export interface Context {
  /** Container -> the text of its configuration that this command has read; the same text is not complained about twice. */
  readonly seen: Map<number, string>
  readonly paths: HostPaths
  readonly identity: HostIdentity
  readonly settings: HostSettings
  readonly output: Output
  readonly time: CommandTime
  /** Begins a task that goes on behind the request; absent for a command, which waits for its own. */
  readonly beginTask?: (kind: TaskKind, work: TaskWork) => void
  /** What the user may; absent for root. */
  readonly access?: Access
}

/**
 * The configuration of a container of this node.
 * @throws {Failure} exit code 2 when there is none
 */
export function loadConf(context: Context, vmid: number): ContainerConf {
  return loadConfFile(context, vmid).conf
}

/** The same with the raw file, whose digest is that of the configuration. */
export function loadConfFile(
  context: Context,
  vmid: number,
): { readonly conf: ContainerConf; readonly bytes: Uint8Array } {
  const { paths, identity, output, seen } = context
  const parsed = readConf(paths, identity.node, vmid)
  if (parsed === undefined) {
    throw new Failure(`Configuration file 'nodes/${identity.node}/lxc/${vmid}.conf' does not exist`, EXIT.missing)
  }
  if (seen.get(vmid) !== parsed.text) for (const warning of parsed.warnings) output.err(`${warning}\n`)
  seen.set(vmid, parsed.text)
  return parsed
}

/**
 * Writes a container's configuration.
 * @throws {Failure} when the cluster has no quorum or is not synchronised
 */
export function writeConf(context: Context, vmid: number, conf: ContainerConf): void {
  assertWritable(context, vmid)
  context.seen.delete(vmid)
  const { paths, identity, settings } = context
  const before = settings.keepsJournal ? readConf(paths, identity.node, vmid)?.conf.live.values : undefined
  storeConf(paths, identity.node, vmid, conf)
  writeJournal(paths, settings, { kind: 'conf', vmid, before, after: conf.live.values })
}

/** Removes it. @throws {Failure} as above */
export function destroyConf(context: Context, vmid: number): void {
  if (!context.settings.quorate) throw new Failure('failed to remove config file: Permission denied')
  rmSync(confFile(context.paths, context.identity.node, vmid), { force: true })
}

/**
 * Writes anew what lxc-start reads, which is done after the configuration is written.
 * @throws {Failure} when the configuration lacks something, or names a bridge that this host does not have
 */
export function regenerate({ paths, settings }: Context, vmid: number, conf: ContainerConf): void {
  const { values } = conf.live
  if (values['arch'] === undefined) throw new Failure(`missing 'arch' - internal error at ${LXC_PM} line 729.`)
  if (values['ostype'] === undefined) throw new Failure(`missing 'ostype' - internal error at ${LXC_PM} line 735.`)
  for (const key of Object.keys(values).filter(name => /^net\d+$/.test(name))) {
    assertBridge(settings, values[key] ?? '')
  }
  storeLxcConfig(paths, vmid, conf)
}

/** @throws {Failure} when the bridge of a network is not there */
export function assertBridge({ bridges }: HostSettings, network: string): void {
  const bridge = bridgeOf(network)
  if (bridge !== undefined && !bridges.includes(bridge)) {
    throw new Failure(`bridge '${bridge}' does not exist`, EXIT.missing)
  }
}

/** Whether configurations can be written. */
export function isWritable({ settings }: Context): boolean {
  return settings.quorate && settings.pmxcfs === 'ok'
}

function assertWritable({ settings, identity }: Context, vmid: number): void {
  const file = `/etc/pve/nodes/${identity.node}/lxc/${vmid}.conf.tmp.${process.pid}`
  if (!settings.quorate) throw new Failure(`unable to open file '${file}' - Permission denied`, EXIT.refused)
  if (settings.pmxcfs === 'busy')
    throw new Failure(`unable to open file '${file}' - Device or resource busy`, EXIT.busy)
}

/** @throws {Failure} when the configuration carries a lock, other than one that is allowed here */
export function assertUnlocked(conf: ContainerConf, allowed?: string): void {
  const lock = conf.live.values['lock']
  if (lock !== undefined && lock !== allowed) throw new Failure(`CT is locked (${lock})`)
}

/** @throws {Failure} without quorum */
export function assertQuorum({ settings }: Context): void {
  if (!settings.quorate) throw new Failure('cluster not ready - no quorum?')
}

/** Whether the container runs now. */
export function runs({ paths }: Context, vmid: number): boolean {
  return readRun(paths, vmid) !== undefined
}

/** Whether the HA manager decides about the container. */
export function isHighlyAvailable({ paths }: Context, vmid: number): boolean {
  return readHaResources(paths).some(resource => resource.vmid === vmid && resource.state !== 'ignored')
}

/** The configuration without its lock. */
export function unlocked(conf: ContainerConf): ContainerConf {
  return withLive(conf, without(conf.live.values, 'lock'))
}

/** The configuration with a lock. */
export function locked(conf: ContainerConf, lock: string): ContainerConf {
  return withLive(conf, { ...conf.live.values, lock })
}

/** Whether the container is a template. */
export function isTemplate(conf: ContainerConf): boolean {
  return conf.live.values['template'] === '1'
}

/** @throws {Failure} when the file is not the one of `digest`; nobody cares without one. Source: PVE::Tools, assert_if_modified. */
export async function assertUnmodified(bytes: Uint8Array, digest: string | undefined): Promise<void> {
  if (digest === undefined) return
  // Loaded only when somebody asks.
  const { createHash } = await import('node:crypto')
  if (createHash('sha1').update(bytes).digest('hex') === digest) return
  throw new Failure('detected modified configuration - file changed by other user? Try again.')
}
