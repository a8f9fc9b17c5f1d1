import { statSync } from 'node:fs'
import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { bringTo, crmCommandsFile } from '../engine/high-availability.ts'
import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceText } from '../files/json-file.ts'
import { giveGuest, isDown, isOnline } from '../host/cluster-files.ts'
import { withLive, without } from '../host/conf-text.ts'
import { listVmids, readConf, storeConf } from '../host/container-conf.ts'
import { readHaResources } from '../host/ha-resources.ts'
import { type HostIdentity, readIdentity } from '../host/host-identity.ts'
import {
  type ManagerStatus,
  readManagerStatus,
  type ServiceStatus,
  writeManagerStatus,
} from '../host/manager-status.ts'
import { readRun } from '../host/runs.ts'
import { type HostSettings, readSettings } from '../host/settings.ts'
import { type Move, moveContainer } from '../pct/commands/migrate.ts'
import type { CommandTime, Context } from '../pct/context.ts'
import { Failure } from '../pct/failure.ts'
import { lockConfig } from '../pct/locks.ts'
import { halt } from '../pct/power.ts'
import { clusterHosts } from './power.ts'

const SHUTDOWN_MS = 60_000
/** How often it says that it is alive. */
const HEARTBEAT_MS = 5_000

interface Node {
  readonly paths: HostPaths
  readonly identity: HostIdentity
  readonly settings: HostSettings
}

/**
 * The HA managers of all nodes of a pretend cluster in one: it starts what should run, moves what it was told to, and starts
 * the containers of a lost node elsewhere. Source: pve-ha-manager, HA/Manager.pm. Not here: rules, restarts that fail, the
 * watchdog of a node that has lost its quorum.
 */
export class HaManager {
  readonly #root: string
  readonly #time: CommandTime
  /** Lost node -> when it was first missed. */
  readonly #missed = new Map<string, number>()
  readonly #moves = new Map<number, Promise<void>>()
  readonly #failed = new Set<number>()
  #written = ''
  #writtenMs = Number.NEGATIVE_INFINITY
  #starts = 0

  constructor(root: string, time: CommandTime) {
    this.#root = root
    this.#time = time
  }

  /** One look at everything; what takes time goes on beside it. */
  async step(): Promise<void> {
    const nodes = new Map(clusterHosts(this.#root).map(paths => [readIdentity(paths).node, nodeOf(paths)] as const))
    const master = [...nodes.values()].find(({ settings, identity }) => settings.quorate && !isDown(settings, identity))
    if (master === undefined) return
    const before = readManagerStatus(master.paths)
    const services: Record<string, ServiceStatus> = {}
    const nodeStatus = this.#nodeStates(master)
    const commands = this.#dueCommands(master)
    for (const { vmid, state } of readHaResources(master.paths)) {
      const node = [...nodes.keys()].find(name => listVmids(master.paths, name).includes(vmid))
      if (node === undefined || state === 'ignored') continue
      const known = before?.service_status[`ct:${vmid}`]
      services[`ct:${vmid}`] = await this.#look({ vmid, node, wanted: state, known, nodes, nodeStatus, commands })
    }
    this.#tell(master, { master_node: master.identity.node, node_status: nodeStatus, service_status: services })
  }

  /** Waits for the moves that have begun. */
  async settled(): Promise<void> {
    await Promise.all(this.#moves.values())
  }

  #nodeStates({ settings, identity }: Node): ManagerStatus['node_status'] {
    const nowMs = this.#time.nowMs()
    const states: Record<string, 'online' | 'unknown' | 'fence'> = {}
    for (const name of settings.nodes) {
      if (isOnline(settings, identity, name)) this.#missed.delete(name)
      else if (!this.#missed.has(name)) this.#missed.set(name, nowMs)
      const missedMs = this.#missed.get(name)
      states[name] = missedMs === undefined ? 'online' : 'unknown'
      if (missedMs !== undefined && nowMs - missedMs >= settings.fencingDelayMs) states[name] = 'fence'
    }
    return states
  }

  /** Commands that have waited long enough: container -> node that it should go to. */
  #dueCommands({
    paths,
    settings,
  }: Node): ReadonlyMap<number, { readonly task: 'migrate' | 'relocate'; readonly target: string }> {
    const file = crmCommandsFile(paths)
    const text = readIfThere(file) ?? ''
    const changedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (text === '' || Date.now() - changedMs < settings.haDelayMs) return new Map()
    replaceText(file, '')
    return new Map(
      [...text.matchAll(/^(migrate|relocate) ct:(\d+) (\S+)$/gm)].map(([, task, vmid, target = '']) => [
        Number(vmid),
        { task: task === 'migrate' ? 'migrate' : 'relocate', target },
      ]),
    )
  }

  async #look({ vmid, node, wanted, known, nodes, nodeStatus, commands }: Look): Promise<ServiceStatus> {
    if (this.#moves.has(vmid)) return known ?? this.#status(node, 'migrate')
    const here = nodes.get(node)
    const state = wanted === 'started' || wanted === 'enabled' ? 'started' : 'stopped'
    if (wanted === 'disabled') this.#failed.delete(vmid)
    if (here === undefined || this.#failed.has(vmid)) return this.#status(node, 'error', known)
    if (nodeStatus[node] === 'fence' && state === 'started') return await this.#recover(vmid, here, nodes)
    if (nodeStatus[node] !== 'online') return this.#status(node, state, known)
    const command = commands.get(vmid)
    if (command !== undefined && command.target !== node && nodeStatus[command.target] === 'online') {
      this.#begin(here, { vmid, target: command.target })
      return { ...this.#status(node, command.task), target: command.target }
    }
    const isRunning = readRun(here.paths, vmid) !== undefined
    if (state === 'started' && !isRunning) await bringTo(here.paths, here.identity, vmid, 'started')
    return { ...this.#status(node, state, known), ...(isRunning ? { running: 1 as const } : {}) }
  }

  /** Shuts it down, moves it, and leaves the start to a later look. */
  #begin(from: Node, move: Move): void {
    const context: Context = { ...from, seen: new Map(), output: { out() {}, err() {} }, time: this.#time }
    const work = async () => {
      if (readRun(from.paths, move.vmid) !== undefined) {
        await lockConfig(context, move.vmid, () =>
          halt(context, move.vmid, { timeoutMs: SHUTDOWN_MS, killAfter: true }),
        )
      }
      await moveContainer(context, move)
    }
    const done = work()
      .catch((error: unknown) => {
        // As a real one: its container stays where it is, in the state `error`, until somebody looks after it.
        if (!(error instanceof Failure)) throw error
        this.#failed.add(move.vmid)
      })
      .finally(() => this.#moves.delete(move.vmid))
    this.#moves.set(move.vmid, done)
  }

  /** Takes the configuration of a container from a lost node. */
  async #recover(vmid: number, from: Node, nodes: Look['nodes']): Promise<ServiceStatus> {
    const open = [...nodes.values()].filter(({ settings, identity }) => !isDown(settings, identity))
    const [to] = open.sort(
      (a, b) => listVmids(a.paths, a.identity.node).length - listVmids(b.paths, b.identity.node).length,
    )
    const conf = readConf(from.paths, from.identity.node, vmid)?.conf
    if (to === undefined || conf === undefined) return this.#status(from.identity.node, 'fence')
    const { node } = to.identity
    await giveGuest(to.paths, vmid, from.identity.node, node)
    storeConf(to.paths, node, vmid, withLive(conf, without(conf.live.values, 'lock')))
    return this.#status(node, 'recovery')
  }

  /** A state that lasts keeps its number. */
  #status(node: string, state: ServiceStatus['state'], known?: ServiceStatus): ServiceStatus {
    const isSame = known?.state === state && known.node === node
    if (!isSame) this.#starts++
    return { node, state, uid: isSame ? known.uid : `uid${this.#starts}` }
  }

  #tell({ paths }: Node, status: Omit<ManagerStatus, 'timestamp'>): void {
    const nowMs = this.#time.nowMs()
    const text = JSON.stringify(status)
    if (text === this.#written && nowMs - this.#writtenMs < HEARTBEAT_MS) return
    writeManagerStatus(paths, { ...status, timestamp: Math.trunc(nowMs / MS_PER_SECOND) })
    this.#written = text
    this.#writtenMs = nowMs
  }
}

interface Look {
  readonly vmid: number
  readonly node: string
  readonly wanted: string
  readonly known: ServiceStatus | undefined
  readonly nodes: ReadonlyMap<string, Node>
  readonly nodeStatus: ManagerStatus['node_status']
  readonly commands: ReadonlyMap<number, { readonly task: 'migrate' | 'relocate'; readonly target: string }>
}

function nodeOf(paths: HostPaths): Node {
  return { paths, identity: readIdentity(paths), settings: readSettings(paths) }
}
