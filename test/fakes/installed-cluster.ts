import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HistoryEntryBody, ModelStatus } from '@lxc-autoscale/core'
import {
  type ContainerSpec,
  createCluster,
  type HostSettings,
  INSTANT,
  type JournalLine,
  startHosts,
} from '@lxc-autoscale/simulator'
import type { Settings } from '../builders/merged-settings.ts'
import { PretendInstallation } from './pretend-installation.ts'
import type { SpawnedDaemon } from './spawned-daemon.ts'

/** Longer than any machine is busy. */
const PATIENCE_MS = 60_000
const SHARED_NODES = 'shared/pve/nodes'
/** Key of a person at each of the APIs. */
const KEY = 'a-key-of-a-person-0001'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what it asked for
  readonly json: any
}

/** One node with the three daemons, and what a test asks of them. */
export class InstalledNode {
  readonly installed: PretendInstallation
  readonly name: string
  readonly daemons: SpawnedDaemon[] = []
  readonly #model: Settings
  readonly #outputs: string[] = []

  constructor(installed: PretendInstallation, model: Settings) {
    this.installed = installed
    this.name = installed.host.node
    const api_keys = [{ name: 'person', key: KEY, role: 'admin' }]
    installed.configure('api', { authentication: { api_keys } })
    this.#model = model
  }

  /** Starts the daemons, and waits until the model has decided something. */
  async start(): Promise<void> {
    this.daemons.push(this.installed.start('monitor'))
    await this.startApi()
    await this.startModel()
  }

  async startApi(): Promise<void> {
    this.daemons.push(await this.installed.startApi())
    // Which has written the usual configuration of the model, with its port.
    this.installed.configure('model', this.#model)
  }

  async startModel(): Promise<void> {
    const model = this.installed.start('model')
    this.daemons.push(model)
    await model.says(/INFO +cycle /)
  }

  /** Waits until the model has decided twice more, so that it has seen all that is there now. */
  async cycles(): Promise<void> {
    const before = this.status()?.cycle.number ?? 0
    await until(() => (this.status()?.cycle.number ?? 0) > before + 1)
  }

  async ask(path: string, body?: object): Promise<Answer> {
    const headers = { 'X-API-Key': KEY, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }
    const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const answer = await fetch(`${this.installed.apiUrl}${path}`, { headers, ...request })
    return { status: answer.status, json: await answer.json() }
  }

  /** The memory limit that a container of this node is configured with. */
  async memoryMb(vmid: number): Promise<number> {
    return (await this.ask(`/resource/lxc/config?lxc_id=${vmid}`)).json.data.memory_mb
  }

  /** What the model said after its last cycle; undefined while there is none, or it is being written. */
  status(): ModelStatus | undefined {
    return this.installed.hasStatus() ? JSON.parse(this.installed.readStatus()) : undefined
  }

  /** The containers that the model looks after, in order. */
  known(): readonly number[] {
    return (this.status()?.containers ?? []).map(({ vmid }) => vmid).sort((a, b) => a - b)
  }

  async history(): Promise<readonly HistoryEntryBody[]> {
    return (await this.ask('/history?limit=500')).json.data.entries
  }

  /** Changes that were begun. */
  async made(): Promise<readonly HistoryEntryBody[]> {
    return (await this.ask('/history?limit=500&made=true')).json.data.entries
  }

  /** What commands did to the host. */
  journal(): readonly JournalLine[] {
    const { journal } = this.installed.host.paths
    if (!existsSync(journal)) return []
    return readFileSync(journal, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  }

  /** What the daemons said at the levels that somebody should read, by what it was about. */
  complaints(level: 'WARN' | 'ERROR'): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    const lines = this.#outputs
      .concat(this.daemons.map(({ output }) => output))
      .join('\n')
      .split('\n')
    for (const line of lines) {
      const [, what = ''] = new RegExp(`\\b${level} +(.*?)(?: \\w+=|$)`).exec(line) ?? []
      if (what !== '') counts.set(what, (counts.get(what) ?? 0) + 1)
    }
    return counts
  }

  /** Ends all daemons. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const ended = this.daemons.splice(0)
    await Promise.all(ended.map(daemon => daemon.end(signal)))
    this.#outputs.push(...ended.map(({ output }) => output))
  }
}

/** A pretend cluster that moves in real time, with the daemons on each node. */
export class InstalledCluster {
  readonly root: string
  readonly nodes: Readonly<Record<string, InstalledNode>>
  readonly #stop = new AbortController()
  readonly #moving: Promise<void>

  private constructor(root: string, nodes: readonly InstalledNode[]) {
    this.root = root
    this.nodes = Object.fromEntries(nodes.map(node => [node.name, node]))
    this.#moving = startHosts(root, { speed: 1, signal: this.#stop.signal })
  }

  static async create(
    nodes: Readonly<Record<string, readonly ContainerSpec[]>>,
    { settings, model }: { readonly settings: Partial<HostSettings>; readonly model: Settings },
  ): Promise<InstalledCluster> {
    const root = join(mkdtempSync(join(tmpdir(), 'lxc-autoscale-cluster-')), 'cluster')
    const specs = Object.entries(nodes).map(([node, containers]) => ({ node, containers, pastDays: 1 }))
    const { hosts } = await createCluster({ root, nodes: specs, settings: { ...INSTANT, ...settings } })
    const installed = hosts.map(host => new InstalledNode(PretendInstallation.on(host), model))
    return new InstalledCluster(root, installed)
  }

  node(name: string): InstalledNode {
    const node = this.nodes[name]
    if (node === undefined) throw new Error(`no node ${name}`)
    return node
  }

  /** The configuration of a container, wherever it is. */
  conf(vmid: number): string {
    const files = Object.keys(this.nodes).map(name => join(this.root, SHARED_NODES, name, 'lxc', `${vmid}.conf`))
    const file = files.find(path => existsSync(path))
    return file === undefined ? '' : readFileSync(file, 'utf8')
  }

  /** Starts the daemons of these nodes. */
  async start(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map(name => this.node(name).start()))
  }

  async remove(): Promise<void> {
    await Promise.all(Object.values(this.nodes).map(({ installed }) => installed.remove()))
    this.#stop.abort()
    await this.#moving
    rmSync(join(this.root, '..'), { recursive: true, force: true })
  }
}

export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS
  while (!(await isTrue())) {
    if (Date.now() > endMs) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${isTrue}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
