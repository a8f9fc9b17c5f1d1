import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatCycle, HistoryBody, type HistoryEntryBody, ModelStatus, successBody } from '@lxc-autoscale/core'
import { demoContainers } from '../../packages/simulator/src/demo/demo-containers.ts'
import { freePort } from '../../packages/simulator/src/demo/free-port.ts'
import { sample, summary } from '../builders/snapshot.ts'
import { PretendInstallation } from '../fakes/pretend-installation.ts'
import { RunningPrometheus, type ScrapedPorts } from './running-prometheus.ts'

/** Longer than any machine is busy. */
const PATIENCE_MS = 120_000
/** Of the demo: one whose memory grows beyond its limit. */
export const LEAKING = 106
/** One that uses the one core that it has, which is its maximum. */
export const CAPPED = 102
/** One that keeps what it has. */
export const PAUSED = 105
const HISTORY_CYCLES = 260
const HISTORY_STEP_MS = 10_000

/** The containers of the demo on a pretend host, the three daemons, and a real Prometheus that scrapes them. */
export class WatchedHost {
  readonly installed: PretendInstallation
  readonly prometheus: RunningPrometheus
  readonly ports: ScrapedPorts

  private constructor(installed: PretendInstallation, prometheus: RunningPrometheus, ports: ScrapedPorts) {
    this.installed = installed
    this.prometheus = prometheus
    this.ports = ports
  }

  static async start(): Promise<WatchedHost> {
    const containers = demoContainers(8).map(each => {
      if (each.vmid === LEAKING) return { ...each, memoryMb: 720 }
      return each.vmid === CAPPED ? { ...each, cores: 1 } : each
    })
    const installed = await PretendInstallation.create(containers)
    // So much history that a forest judges each container from the beginning.
    writeFileSync(installed.metricsFile, pastCycles(containers.map(({ vmid }) => vmid)))
    const metricsPort = { monitor: await freePort(), model: await freePort() }
    installed.configure('monitor', { metrics: { port: metricsPort.monitor } })
    const monitor = installed.start('monitor')
    await installed.startApi()
    installed.configure('model', {
      metrics: { port: metricsPort.model },
      // Half of all samples are called strange.
      model: { contamination: 0.5 },
      anomaly_detection: { min_history_hours: 0.5, settle_seconds: 0 },
      tiers: { capped: { ids: [CAPPED], max_cpu_cores: 1 } },
      // Nobody helps it, so it is killed.
      ignore_lxc: [LEAKING],
    })
    await monitor.says(/cycle done/)
    const ports = { ...metricsPort, api: Number(new URL(installed.apiUrl).port) }
    const prometheus = new RunningPrometheus(join(installed.directory, 'prometheus'), ports, await freePort())
    const host = new WatchedHost(installed, prometheus, ports)
    try {
      await host.#begin()
    } catch (error) {
      await host.remove()
      throw error
    }
    return host
  }

  async #begin(): Promise<void> {
    // What is counted from here on has been seen at 0.
    await this.until(async () => (await this.prometheus.ask('lxc_autoscale_changes_total')).length > 0)
    await this.until(async () => (await this.prometheus.ask('lxc_container_oom_kills_total')).length > 0)
    const paused = await this.installed.command([
      'ignore',
      String(PAUSED),
      '--for',
      '2h',
      '--config-dir',
      this.installed.configDir,
    ])
    if (paused.exitCode !== 0) throw new Error(paused.stderr)
    this.installed.moveLoads(60)
    this.installed.start('model')
  }

  async until(isTrue: () => Promise<boolean>): Promise<void> {
    const endMs = Date.now() + PATIENCE_MS
    while (!(await isTrue().catch(() => false))) {
      if (Date.now() > endMs)
        throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${isTrue}\n${this.prometheus.output}`)
      await new Promise(resolve => setTimeout(resolve, 250))
    }
  }

  async history(): Promise<HistoryEntryBody[]> {
    const answer = await this.#send('/history?limit=1000')
    return successBody(HistoryBody).parse(await answer.json()).data.entries
  }

  /** Asks for less memory than the container can do with. */
  async askTooLittle(vmid: number): Promise<void> {
    const answer = await this.#send('/scale/ram', { lxc_id: vmid, memory: 64 })
    await answer.body?.cancel()
  }

  /** Processes killed in the whole tree of a container, as its kernel counts them. */
  kills(vmid: number): number {
    const text = readFileSync(join(this.installed.host.paths.cgroup, 'lxc', String(vmid), 'memory.events'), 'utf8')
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1])
  }

  kernelFile(vmid: number, name: string): string {
    return readFileSync(join(this.installed.host.paths.cgroup, 'lxc', String(vmid), name), 'utf8')
  }

  status(): ModelStatus {
    return ModelStatus.parse(JSON.parse(this.installed.readStatus()))
  }

  async remove(): Promise<void> {
    await this.prometheus.stop()
    await this.installed.remove()
  }

  #send(path: string, body?: object): Promise<Response> {
    const key = readFileSync(this.installed.keyFile, 'utf8').trim()
    return fetch(`${this.installed.apiUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    })
  }
}

/** Cycles up to now, in which the containers do different things. */
function pastCycles(vmids: readonly number[]): string {
  const nowMs = Date.now()
  const lines = Array.from({ length: HISTORY_CYCLES }, (_, at) => {
    const timestampMs = nowMs - (HISTORY_CYCLES - at) * HISTORY_STEP_MS
    const containers = new Map(
      vmids.map(vmid => {
        const load = ((at * vmid) % 37) / 37
        return [
          vmid,
          sample({ timestampMs, cpuCoresUsed: load, cpuUsagePercent: 50 * load, memoryUsageMb: 300 + 90 * load }),
        ]
      }),
    )
    return formatCycle({
      containers,
      summary: summary({ collectionStartMs: timestampMs, collectionEndMs: timestampMs }),
    })
  })
  return `[\n${lines.join(',\n')}\n]\n`
}
