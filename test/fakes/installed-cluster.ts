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

  constructor(installed: PretendInstallation, model: Settings) {
    this.installed = installed
    this.name = installed.host.node
    const api_keys = [{ name: 'person', key: KEY, role: 'admin' }]
    installed.configure('api', { authentication: { api_keys } })
    installed.configure('model', model)
  }

  /** Starts the daemons, and waits until the model has decided something. */
  async start(model: Settings): Promise<void> {
    this.daemons.push(this.installed.start('monitor'), await this.installed.startApi())
    this.installed.configure('model', model)
    const decider = this.installed.start('model')
    this.daemons.push(decider)
    await decider.says(/INFO +cycle /)
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

  /** Lines of the daemons at the levels that somebody should read. */
  complaints(): readonly string[] {
    return this.daemons.flatMap(({ output }) => output.split('\n').filter(line => /\b(WARN|ERROR|FATAL)\b/.test(line)))
  }

  async kill(): Promise<void> {
    await Promise.all(this.daemons.splice(0).map(daemon => daemon.end('SIGKILL')))
  }
}

/** A pretend cluster that moves in real time, with the daemons on each node. */
export class InstalledCluster {
  readonly root: string
  readonly nodes: Readonly<Record<string, InstalledNode>>
  readonly #model: Settings
  readonly #stop = new AbortController()
  readonly #moving: Promise<void>

  private constructor(root: string, nodes: readonly InstalledNode[], model: Settings) {
    this.root = root
    this.nodes = Object.fromEntries(nodes.map(node => [node.name, node]))
    this.#model = model
    this.#moving = startHosts(root, { speed: 1, signal: this.#stop.signal })
  }

  static async create(
    nodes: Readonly<Record<string, readonly ContainerSpec[]>>,
    { settings, model }: { readonly settings: Partial<HostSettings>; readonly model: Settings },
  ): Promise<InstalledCluster> {
    const root = join(mkdtempSync(join(tmpdir(), 'lxc-autoscale-cluster-')), 'cluster')
    const specs = Object.entries(nodes).map(([node, containers]) => ({ node, containers }))
    const { hosts } = await createCluster({ root, nodes: specs, settings: { ...INSTANT, ...settings } })
    const installed = hosts.map(host => new InstalledNode(PretendInstallation.on(host), model))
    return new InstalledCluster(root, installed, model)
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
    await Promise.all(names.map(name => this.node(name).start(this.#model)))
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
