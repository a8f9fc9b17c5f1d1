import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { VERSION } from '@lxc-autoscale/core'
import { test as base, describe, expect } from 'vitest'
import { DAEMON_NAMES, type DaemonName, PretendInstallation } from '../fakes/pretend-installation.ts'
import type { SpawnedDaemon } from '../fakes/spawned-daemon.ts'

/** Longer than any machine is busy. */
const PATIENCE_MS = 60_000
const COMMANDS = { monitor: 'lxc-monitor', model: 'lxc-autoscale-ml', api: 'lxc-autoscale-api' } as const
/** A misspelt key of each file, and the one that was meant. */
const MISSPELT = {
  monitor: { text: 'monitoring:\n  chek_interval: 5\n', key: 'monitoring.chek_interval', meant: 'check_interval' },
  model: { text: 'scaling:\n  min_cpu_core: 1\n', key: 'scaling.min_cpu_core', meant: 'min_cpu_cores' },
  api: { text: 'server:\n  prot: 5000\n', key: 'server.prot', meant: 'port' },
} as const
const MODEL_CYCLE = /INFO +cycle /

/** Each test has a host and daemons of its own, so that all can run at the same time. */
const test = base.extend<{ host: Host }>({
  host: async ({ task: _ }, use) => {
    const host = new Host(
      await PretendInstallation.create([
        { vmid: 101, shape: 'steady', cores: 2, memoryMb: 1_024 },
        { vmid: 102, shape: 'idle', cores: 2, memoryMb: 1_024 },
      ]),
    )
    await use(host)
    await host.installed.remove()
  },
})

type Cycle = Readonly<Record<string, Readonly<Record<string, unknown>>>>

class Host {
  readonly installed: PretendInstallation

  constructor(installed: PretendInstallation) {
    this.installed = installed
  }

  configure(name: DaemonName, changes = {}): void {
    this.installed.configure(name, changes)
  }

  start(name: DaemonName, ...words: string[]): SpawnedDaemon {
    return this.installed.start(name, ...words)
  }

  /** Starts a daemon, and what it works with, and waits until it works. */
  async working(name: DaemonName): Promise<SpawnedDaemon> {
    if (name === 'api') return this.installed.startApi()
    if (name === 'monitor') return this.#measuring()
    await Promise.all([this.installed.startApi(), this.#measuring()])
    const model = this.start('model')
    await model.says(MODEL_CYCLE)
    // It writes what it shows a moment after it has said so.
    await until(() => this.installed.hasStatus())
    return model
  }

  async #measuring(): Promise<SpawnedDaemon> {
    const monitor = this.start('monitor')
    await until(() => this.cycles().length > 1)
    return monitor
  }

  /** What the metrics file holds; nothing while a cycle is being appended. */
  cycles(): Cycle[] {
    const { metricsFile } = this.installed
    if (!existsSync(metricsFile)) return []
    try {
      return JSON.parse(readFileSync(metricsFile, 'utf8'))
    } catch {
      // A cycle is being appended.
      return []
    }
  }

  newestNetwork(): unknown {
    return this.cycles().at(-1)?.['101']?.['network_usage']
  }

  modelStatus(): { dry_run: boolean; pid: number; cycle: { number: number; outcome: string } } {
    return JSON.parse(this.installed.readStatus())
  }

  async statusWithNewKey(): Promise<number> {
    const headers = { 'X-API-Key': 'a-new-key-0002' }
    const answer = await fetch(`${this.installed.apiUrl}/resource/lxc/configs`, { headers })
    await answer.body?.cancel()
    return answer.status
  }

  async allocations(): Promise<unknown> {
    const { stdout } = await this.installed.command(['status', '--json', '--config-dir', this.installed.configDir])
    return JSON.parse(stdout).containers.map(({ lxc_id, cores, memory_mb }: Record<string, number>) => ({
      lxc_id,
      cores,
      memory_mb,
    }))
  }
}

/** What it said, when it has ended with `exitCode`. */
async function endedWith(daemon: SpawnedDaemon, exitCode: number): Promise<string> {
  expect({ exitCode: await daemon.ended(), output: daemon.output }).toMatchObject({ exitCode })
  return daemon.output
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS
  while (!(await isTrue())) {
    if (Date.now() > endMs) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${isTrue}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

describe.each(DAEMON_NAMES)('%s', name => {
  test.concurrent('says its version and its options', async ({ host }) => {
    const [version, help] = [host.installed.run(name, '--version'), host.installed.run(name, '--help')]
    expect(await endedWith(version, 0)).toBe(`${COMMANDS[name]} ${VERSION}\n`)
    const text = await endedWith(help, 0)
    for (const option of ['--config', '--check-config', '--version', '--help']) expect(text).toContain(option)
    expect(text.includes('--once')).toBe(name !== 'api')
  })

  test.concurrent('finds a good configuration good, and names file, line, key and nearest key of a bad one', async ({
    host,
  }) => {
    const file = host.installed.configFile(name)
    expect(await endedWith(host.start(name, '--check-config'), 0)).toBe(`${file}: ok\n`)
    const { text, key, meant } = MISSPELT[name]
    writeFileSync(file, text)
    const checked = host.start(name, '--check-config')
    const started = host.start(name)
    for (const output of [await endedWith(checked, 78), await endedWith(started, 78)]) {
      expect(output).toContain(`${file}:2`)
      expect(output).toContain(key.split('.').at(-1))
      expect(output).toContain(meant)
    }
  })

  test.concurrent('does not start from a file that is missing or is no YAML, nor with an option that it does not know', async ({
    host,
  }) => {
    const missing = host.installed.run(name, '--config', `${host.installed.configDir}/none.yaml`)
    const unknown = host.start(name, '--chek-config')
    expect(await endedWith(missing, 78)).toMatch(/none\.yaml: is not there/)
    expect(await endedWith(unknown, 78)).toContain("Unknown option '--chek-config'")
    writeFileSync(host.installed.configFile(name), 'host: {proc: [unclosed\n')
    expect(await endedWith(host.start(name), 78)).toContain(`${host.installed.configFile(name)}:`)
  })

  // One that does not stop within its own deadline ends with 1.
  test.concurrent('stops when it is asked to while it works', async ({ host }) => {
    const daemon = await host.working(name)
    expect(await daemon.end('SIGTERM')).toBe(0)
    expect(daemon.output).toMatch(/INFO +stopped/)
  })

  test.concurrent('takes a good new configuration over and refuses a bad one, the old one staying in force', async ({
    host,
  }) => {
    const daemon = await host.working(name)
    writeFileSync(host.installed.configFile(name), MISSPELT[name].text)
    daemon.process.kill('SIGHUP')
    const [refusal] = await daemon.says(/.*new configuration refused; the old one stays in force.*/)
    expect(refusal).toContain(MISSPELT[name].meant)
    await IN_FORCE[name].old(host)
    host.configure(name, IN_FORCE[name].changes)
    daemon.process.kill('SIGHUP')
    await daemon.says(/configuration re-read/)
    await IN_FORCE[name].changed(host)
    expect(await daemon.end('SIGTERM')).toBe(0)
  })
})

/** For each daemon a change of its configuration, and how one sees which of the two is in force. */
const IN_FORCE = {
  monitor: {
    changes: { monitoring: { enable_network: false } },
    old: async (host: Host) => {
      const before = host.cycles().length
      await until(() => host.cycles().length > before)
      expect(host.newestNetwork()).toEqual({ rx_bytes: expect.any(Number), tx_bytes: expect.any(Number) })
    },
    changed: (host: Host) => until(() => host.newestNetwork() === null),
  },
  model: {
    changes: { scaling: { dry_run: true } },
    old: async (host: Host) => {
      const { cycle } = host.modelStatus()
      await until(() => host.modelStatus().cycle.number > cycle.number)
      expect(host.modelStatus().dry_run).toBe(false)
    },
    changed: (host: Host) => until(() => host.modelStatus().dry_run),
  },
  api: {
    changes: { authentication: { api_keys: [{ name: 'new', key: 'a-new-key-0002', role: 'read' }] } },
    old: async (host: Host) => expect(await host.statusWithNewKey()).toBe(401),
    // The new routes are ready a moment after the file was read.
    changed: (host: Host) => until(async () => (await host.statusWithNewKey()) === 200),
  },
} as const

describe('one cycle', () => {
  test.concurrent('is measured by the monitor, and decided by the model', async ({ host }) => {
    await endedWith(host.start('monitor', '--once'), 0)
    await endedWith(host.start('monitor', '--once'), 0)
    expect(host.cycles()).toHaveLength(2)
    await host.installed.startApi()
    await endedWith(host.start('model', '--once'), 0)
    expect(host.modelStatus().cycle).toMatchObject({ number: 1, outcome: 'decided' })
    expect(existsSync(host.installed.lockFile)).toBe(false)
  })

  test.concurrent('is not an option of the API', async ({ host }) => {
    expect(await endedWith(host.start('api', '--once'), 78)).toContain('has no option --once')
  })
})

describe('a killed daemon', () => {
  test.concurrent('leaves a lock that the next model takes over; a living one refuses a second model by its number', async ({
    host,
  }) => {
    const first = await host.working('model')
    const refused = await endedWith(host.start('model'), 1)
    expect(refused).toContain(`process ${first.process.pid}`)
    expect(await first.end('SIGKILL')).toBe('SIGKILL')
    expect(existsSync(host.installed.lockFile)).toBe(true)
    const second = host.start('model')
    await second.says(/took over the lock of a process that is gone/)
    await until(() => host.modelStatus().pid === second.process.pid)
  })

  test.concurrent('leaves metrics that are valid JSON, to which the next monitor appends', async ({ host }) => {
    host.configure('monitor', { monitoring: { check_interval: 1 } })
    for (let kill = 0; kill < 4; kill++) {
      const monitor = host.start('monitor')
      const before = existsSync(host.installed.metricsFile) ? host.cycles().length : 0
      await until(() => existsSync(host.installed.metricsFile) && host.cycles().length > before)
      expect(await monitor.end('SIGKILL')).toBe('SIGKILL')
      const kept = JSON.parse(readFileSync(host.installed.metricsFile, 'utf8'))
      expect(kept.length).toBeGreaterThan(before)
    }
  })

  test.concurrent('takes no other with it: the API still answers, and containers keep what they have', async ({
    host,
  }) => {
    const model = await host.working('model')
    const before = await host.allocations()
    await model.end('SIGKILL')
    expect(await host.allocations()).toEqual(before)
  })
})

describe('the API', () => {
  test.concurrent('does not serve other hosts without authentication', async ({ host }) => {
    host.configure('api', { server: { host: '0.0.0.0' }, authentication: { enabled: false } })
    const output = await endedWith(host.start('api'), 78)
    expect(output).toMatch(/lxc_autoscale_api\.yaml(:\d+)?.*authentication/)
  })

  test.concurrent('names the port that another program has', async ({ host }) => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : undefined
    host.configure('api', { server: { port } })
    const output = await endedWith(host.start('api'), 1)
    expect(output).toContain(`cannot listen on 127.0.0.1 port ${port}: listen EADDRINUSE`)
    expect(output).not.toMatch(/\n +at /)
    await new Promise(resolve => other.close(resolve))
  })
})
