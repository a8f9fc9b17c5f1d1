import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerSpec } from '@lxc-autoscale/simulator'
import { KEYS } from '../fakes/api-daemon.ts'
import { type DaemonName, PretendInstallation } from '../fakes/pretend-installation.ts'
import type { SpawnedDaemon } from '../fakes/spawned-daemon.ts'

/** A pretend host with the three daemons, each of which can be ended and started again; the API keeps its port. */
export class DashboardHost {
  readonly #installed: PretendInstallation
  readonly #running = new Map<DaemonName, SpawnedDaemon>()
  #port = 0

  private constructor(installed: PretendInstallation) {
    this.#installed = installed
  }

  /** The API answers and the monitor measures; the model does not run yet. */
  static async start(containers: readonly ContainerSpec[]): Promise<DashboardHost> {
    const host = new DashboardHost(await PretendInstallation.create(containers))
    host.#installed.moveLoads(1)
    host.#running.set('monitor', host.#installed.start('monitor'))
    await host.startApi()
    return host
  }

  get url(): string {
    return this.#installed.apiUrl
  }

  async startApi(): Promise<void> {
    this.#installed.configure('api', {
      server: { port: this.#port },
      authentication: {
        api_keys: [
          { name: 'ada', key: KEYS.admin, role: 'admin' },
          { name: 'guest', key: KEYS.read, role: 'read' },
        ],
      },
    })
    this.#running.set('api', await this.#installed.startApi())
    this.#port = Number(new URL(this.url).port)
  }

  startModel(): void {
    this.#running.set('model', this.#installed.start('model'))
  }

  async end(name: DaemonName, signal: NodeJS.Signals): Promise<void> {
    await this.#running.get(name)?.end(signal)
  }

  /** What Proxmox has of a container; as the file that `pct set` writes has it. */
  configured(vmid: number, key: 'cores' | 'memory'): number {
    const [, value] = new RegExp(`^${key}: (\\d+)$`, 'm').exec(readFileSync(this.#conf(vmid), 'utf8')) ?? []
    return Number(value)
  }

  /** Asks the API as an administrator. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Response> {
    const headers = { 'x-api-key': KEYS.admin, 'content-type': 'application/json' }
    return fetch(`${this.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  remove(): Promise<void> {
    return this.#installed.remove()
  }

  #conf(vmid: number): string {
    return join(this.#installed.host.paths.pve, 'lxc', `${vmid}.conf`)
  }
}
