import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { VERSION } from '@lxc-autoscale/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DAEMON_NAMES, type DaemonName, PretendInstallation } from '../fakes/pretend-installation.ts'
import type { SpawnedDaemon } from '../fakes/spawned-daemon.ts'

const STOP_MS = 5_000
const COMMANDS = { monitor: 'lxc-monitor', model: 'lxc-autoscale-ml', api: 'lxc-autoscale-api' } as const
/** A misspelt key of each file, and the one that was meant. */
const MISSPELT = {
  monitor: { text: 'monitoring:\n  chek_interval: 5\n', key: 'monitoring.chek_interval', meant: 'check_interval' },
  model: { text: 'scaling:\n  min_cpu_core: 1\n', key: 'scaling.min_cpu_core', meant: 'min_cpu_cores' },
  api: { text: 'server:\n  prot: 5000\n', key: 'server.prot', meant: 'port' },
} as const
const MODEL_CYCLE = /INFO +cycle /

let installed: PretendInstallation

beforeEach(async () => {
  installed = await PretendInstallation.create([
    { vmid: 101, shape: 'steady', cores: 2, memoryMb: 1_024 },
    { vmid: 102, shape: 'idle', cores: 2, memoryMb: 1_024 },
  ])
})
afterEach(() => installed.remove())

const configure = (name: DaemonName, changes = {}) => installed.configure(name, changes)
const start = (name: DaemonName, ...words: string[]) => installed.start(name, ...words)

/** What it said, when it has ended with `exitCode`. */
async function endedWith(daemon: SpawnedDaemon, exitCode: number): Promise<string> {
  expect({ exitCode: await daemon.ended(), output: daemon.output }).toMatchObject({ exitCode })
  return daemon.output
}

/** Starts a daemon and waits until it works. */
async function working(name: DaemonName): Promise<SpawnedDaemon> {
  if (name === 'api') return installed.startApi()
  if (name === 'model') {
    await installed.startApi()
    await working('monitor')
  }
  const daemon = start(name)
  await (name === 'monitor' ? untilMeasured(daemon) : daemon.says(MODEL_CYCLE))
  return daemon
}

async function untilMeasured(daemon: SpawnedDaemon): Promise<void> {
  await daemon.says(/INFO +starting/)
  await until(() => existsSync(installed.metricsFile) && cycles().length > 1)
}

function cycles(): Readonly<Record<string, Readonly<Record<string, unknown>>>>[] {
  try {
    return JSON.parse(readFileSync(installed.metricsFile, 'utf8'))
  } catch {
    // A cycle is being appended.
    return []
  }
}

async function until(isTrue: () => boolean, mostMs = 20_000): Promise<void> {
  const endMs = Date.now() + mostMs
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error(`not within ${mostMs / 1_000} s: ${isTrue}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

describe.each(DAEMON_NAMES)('%s', name => {
  test('says its version and its options', async () => {
    const [version, help] = [installed.run(name, '--version'), installed.run(name, '--help')]
    expect(await endedWith(version, 0)).toBe(`${COMMANDS[name]} ${VERSION}\n`)
    const text = await endedWith(help, 0)
    for (const option of ['--config', '--check-config', '--version', '--help']) expect(text).toContain(option)
    expect(text.includes('--once')).toBe(name !== 'api')
  })

  test('finds a good configuration good, and names file, line, key and nearest key of a bad one', async () => {
    const file = installed.configFile(name)
    expect(await endedWith(start(name, '--check-config'), 0)).toBe(`${file}: ok\n`)
    const { text, key, meant } = MISSPELT[name]
    writeFileSync(file, text)
    const checked = start(name, '--check-config')
    const started = start(name)
    for (const output of [await endedWith(checked, 78), await endedWith(started, 78)]) {
      expect(output).toContain(`${file}:2`)
      expect(output).toContain(key.split('.').at(-1))
      expect(output).toContain(meant)
    }
  })

  test('does not start from a file that is missing or is no YAML, nor with an option that it does not know', async () => {
    const missing = installed.run(name, '--config', `${installed.configDir}/none.yaml`)
    const unknown = start(name, '--chek-config')
    expect(await endedWith(missing, 78)).toMatch(/none\.yaml: cannot be read: .*no such file/)
    expect(await endedWith(unknown, 78)).toContain("Unknown option '--chek-config'")
    writeFileSync(installed.configFile(name), 'host: {proc: [unclosed\n')
    expect(await endedWith(start(name), 78)).toContain(`${installed.configFile(name)}:`)
  })

  test('stops within five seconds while it works', async () => {
    const daemon = await working(name)
    const startMs = Date.now()
    expect(await daemon.end('SIGTERM')).toBe(0)
    expect(Date.now() - startMs).toBeLessThan(STOP_MS)
    expect(daemon.output).toMatch(/INFO +stopped/)
  })

  test('takes a good new configuration over and refuses a bad one, the old one staying in force', async () => {
    const daemon = await working(name)
    writeFileSync(installed.configFile(name), MISSPELT[name].text)
    daemon.process.kill('SIGHUP')
    const [refusal] = await daemon.says(/.*new configuration refused; the old one stays in force.*/)
    expect(refusal).toContain(MISSPELT[name].meant)
    await IN_FORCE[name].old()
    configure(name, IN_FORCE[name].changes)
    daemon.process.kill('SIGHUP')
    await daemon.says(/configuration re-read/)
    await IN_FORCE[name].changed()
    expect(await daemon.end('SIGTERM')).toBe(0)
  })
})

/** For each daemon a change of its configuration, and how one sees which of the two is in force. */
const IN_FORCE = {
  monitor: {
    changes: { monitoring: { enable_network: false } },
    old: async () => {
      const before = cycles().length
      await until(() => cycles().length > before)
      expect(newestNetwork()).toEqual({ rx_bytes: expect.any(Number), tx_bytes: expect.any(Number) })
    },
    changed: () => until(() => newestNetwork() === null),
  },
  model: {
    changes: { scaling: { dry_run: true } },
    old: async () => {
      const { cycle } = modelStatus()
      await until(() => modelStatus().cycle.number > cycle.number)
      expect(modelStatus().dry_run).toBe(false)
    },
    changed: () => until(() => modelStatus().dry_run),
  },
  api: {
    changes: { authentication: { api_keys: [{ name: 'new', key: 'a-new-key-0002', role: 'read' }] } },
    old: async () => expect(await statusWithNewKey()).toBe(401),
    changed: async () => {
      // The new routes are ready a moment after the file was read.
      const endMs = Date.now() + 10_000
      while ((await statusWithNewKey()) !== 200) expect(Date.now()).toBeLessThan(endMs)
    },
  },
} as const

function newestNetwork(): unknown {
  return cycles().at(-1)?.['101']?.['network_usage']
}

function modelStatus(): { dry_run: boolean; pid: number; cycle: { number: number; outcome: string } } {
  return JSON.parse(installed.readStatus())
}

async function statusWithNewKey(): Promise<number> {
  const answer = await fetch(`${installed.apiUrl}/resource/lxc/configs`, { headers: { 'X-API-Key': 'a-new-key-0002' } })
  await answer.body?.cancel()
  return answer.status
}

describe('one cycle', () => {
  test('is measured by the monitor, and decided by the model', async () => {
    await endedWith(start('monitor', '--once'), 0)
    await endedWith(start('monitor', '--once'), 0)
    expect(cycles()).toHaveLength(2)
    await installed.startApi()
    await endedWith(start('model', '--once'), 0)
    expect(modelStatus().cycle).toMatchObject({ number: 1, outcome: 'decided' })
    expect(existsSync(installed.lockFile)).toBe(false)
  })

  test('is not an option of the API', async () => {
    expect(await endedWith(start('api', '--once'), 78)).toContain('has no option --once')
  })
})

describe('a killed daemon', () => {
  test('leaves a lock that the next model takes over; a living one refuses a second model by its number', async () => {
    const first = await working('model')
    const refused = await endedWith(start('model'), 1)
    expect(refused).toContain(`process ${first.process.pid}`)
    expect(await first.end('SIGKILL')).toBe('SIGKILL')
    expect(existsSync(installed.lockFile)).toBe(true)
    const second = start('model')
    await second.says(/took over the lock of a process that is gone/)
    await second.says(MODEL_CYCLE)
    expect(modelStatus().pid).toBe(second.process.pid)
  })

  test('leaves metrics that are valid JSON, to which the next monitor appends', async () => {
    configure('monitor', { monitoring: { check_interval: 1 } })
    for (let kill = 0; kill < 4; kill++) {
      const monitor = start('monitor')
      const before = existsSync(installed.metricsFile) ? cycles().length : 0
      await until(() => existsSync(installed.metricsFile) && cycles().length > before)
      expect(await monitor.end('SIGKILL')).toBe('SIGKILL')
      const kept = JSON.parse(readFileSync(installed.metricsFile, 'utf8'))
      expect(kept.length).toBeGreaterThan(before)
    }
  })

  test('takes no other with it: the API still answers, and containers keep what they have', async () => {
    const model = await working('model')
    const before = await allocations()
    await model.end('SIGKILL')
    expect(await allocations()).toEqual(before)
  })
})

async function allocations(): Promise<unknown> {
  const { stdout } = await installed.command(['status', '--json', '--config-dir', installed.configDir])
  return JSON.parse(stdout).containers.map(({ lxc_id, cores, memory_mb }: Record<string, number>) => ({
    lxc_id,
    cores,
    memory_mb,
  }))
}

describe('the API', () => {
  test('does not serve other hosts without authentication', async () => {
    configure('api', { server: { host: '0.0.0.0' }, authentication: { enabled: false } })
    const output = await endedWith(start('api'), 78)
    expect(output).toMatch(/lxc_autoscale_api\.yaml(:\d+)?.*authentication/)
  })

  test('names the port that another program has', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : undefined
    configure('api', { server: { port } })
    const output = await endedWith(start('api'), 78)
    expect(output).toContain(`cannot listen on 127.0.0.1 port ${port}: listen EADDRINUSE`)
    expect(output).not.toMatch(/\n +at /)
    await new Promise(resolve => other.close(resolve))
  })
})
