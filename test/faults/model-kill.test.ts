import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MetricsCycle } from '@lxc-autoscale/core'
import { formatCycle, ModelStatus } from '@lxc-autoscale/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseSizerState } from '../../packages/model/src/state/sizer-state.ts'
import { sample, summary } from '../builders/snapshot.ts'
import { FakeScalingApi } from '../fakes/fake-scaling-api.ts'
import { SpawnedDaemon } from '../fakes/spawned-daemon.ts'

const VMIDS = Array.from({ length: 20 }, (_, index) => 101 + index)
const HISTORY_CYCLES = 300
const INTERVAL_MS = 10_000

let directory: string
let server: Server
let api: FakeScalingApi
let config: string
let daemon: SpawnedDaemon | undefined

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'model-kill-'))
  api = new FakeScalingApi()
  for (const vmid of VMIDS) api.add(vmid)
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8')
      const method = request.method === 'POST' ? 'POST' : 'GET'
      const headers = { 'idempotency-key': String(request.headers['idempotency-key']) }
      const body = text === '' ? undefined : JSON.parse(text)
      const asked = { method, path: request.url ?? '/', ...(method === 'POST' ? { headers } : {}), body } as const
      api.requests.push(asked)
      const reply = api.answer(asked)
      response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  config = join(directory, 'model.yaml')
  writeFileSync(
    config,
    JSON.stringify({
      interval_seconds: 1,
      data_file: metricsFile(),
      max_metrics_age_seconds: 3_600,
      lock_file: join(directory, 'model.lock'),
      log_file: '',
      api: { api_url: `http://127.0.0.1:${port}`, api_key_file: '' },
      scaling: {
        policy: 'threshold',
        learning_hours: 0,
        start_grace_seconds: 0,
        grow_cooldown_seconds: 0,
        shrink_cooldown_seconds: 0,
        max_changes_per_hour: 60,
        host_cpu_reserve_percent: 0,
        host_memory_reserve_mb: 0,
      },
      state: { directory: stateDirectory(), save_interval_minutes: 0.01 },
      metrics: { port: 0 },
    }),
  )
  const nowMs = Date.now()
  const cycles = Array.from({ length: HISTORY_CYCLES }, (_, index) =>
    busyCycle(nowMs - (HISTORY_CYCLES - index) * INTERVAL_MS),
  )
  writeFileSync(metricsFile(), `[\n${cycles.map(formatCycle).join(',\n')}\n]\n`)
})

afterEach(async () => {
  await daemon?.end('SIGKILL')
  await new Promise(resolve => server.close(resolve))
  rmSync(directory, { recursive: true })
})

const metricsFile = () => join(directory, 'lxc_metrics.json')
const stateDirectory = () => join(directory, 'state')

/** All containers are short of CPU, so that there is always something to change. */
function busyCycle(timestampMs: number): MetricsCycle {
  const busy = sample({ timestampMs, cpuUsagePercent: 95, cpuCoresUsed: 1.9, memoryUsageMb: 900 })
  return {
    containers: new Map(VMIDS.map(vmid => [vmid, busy])),
    summary: summary({ collectionStartMs: timestampMs, collectionEndMs: timestampMs, hostCores: 512 }),
  }
}

/** The monitor appends what it measures now. */
function measure(): void {
  const text = readFileSync(metricsFile(), 'utf8').replace(/\n]\n$/, '')
  writeFileSync(metricsFile(), `${text},\n${formatCycle(busyCycle(Date.now()))}\n]\n`)
}

function start(): SpawnedDaemon {
  measure()
  daemon = new SpawnedDaemon('model/bin/lxc-autoscale-ml.mjs', ['--config', config])
  return daemon
}

function setDryRun(isDryRun: boolean): void {
  const settings = JSON.parse(readFileSync(config, 'utf8'))
  writeFileSync(config, JSON.stringify({ ...settings, scaling: { ...settings.scaling, dry_run: isDryRun } }))
}

/** One process that does one cycle; what it said. */
async function runOnce(): Promise<string> {
  const once = new SpawnedDaemon('model/bin/lxc-autoscale-ml.mjs', ['--config', config, '--once'])
  expect(await once.ended()).toBe(0)
  return once.output
}

function expectValidState(): void {
  const read = (name: string) => readFileSync(join(stateDirectory(), name), 'utf8')
  for (const name of readdirSync(stateDirectory())) {
    if (name === 'model-sizers.jsonl') expect(parseSizerState(read(name)).sizers.size).toBe(VMIDS.length)
    if (name === 'model-status.json') ModelStatus.parse(JSON.parse(read(name)))
    if (name === 'model-forests.jsonl') expect(read(name).endsWith('\n')).toBe(true)
    expect(name).not.toMatch(/damaged/)
  }
}

test('a kill at any moment leaves valid state, and the next start takes it over', async () => {
  for (let kill = 0; kill < 8; kill++) {
    const running = start()
    await running.says(/INFO +starting/)
    await new Promise(resolve => setTimeout(resolve, 100 + Math.random() * 1_900))
    expect(await running.end('SIGKILL')).toBe('SIGKILL')
    expectValidState()
  }
  const last = start()
  await last.says(/took over the lock of a process that is gone/)
  await last.says(/INFO +cycle /)
  expect(last.output).not.toMatch(/cannot be used/)
  expect(await last.end('SIGTERM')).toBe(0)
  expectValidState()
})

test('a change that a kill came after is not taken for that of a person', async () => {
  // The saved state knows the sizes from before the change.
  setDryRun(true)
  await runOnce()
  setDryRun(false)
  const first = start()
  await first.says(/container scaled/)
  await first.end('SIGKILL')
  const changed = api.changes.length
  expect(changed).toBeGreaterThan(0)
  const second = start()
  await second.says(/INFO +cycle /)
  await second.end('SIGTERM')
  const status = ModelStatus.parse(JSON.parse(readFileSync(join(stateDirectory(), 'model-status.json'), 'utf8')))
  const reasons = status.containers.flatMap(({ decision }) => decision?.reasons ?? [])
  expect(reasons.map(({ rule }) => rule)).not.toContain('keep-truce')
})

test('a second model is refused with the number of the first', async () => {
  const first = start()
  await first.says(/INFO +cycle /)
  const second = new SpawnedDaemon('model/bin/lxc-autoscale-ml.mjs', ['--config', config])
  expect(await second.ended()).toBe(1)
  expect(second.output).toContain(`process ${first.process.pid}`)
  expect(await first.end('SIGTERM')).toBe(0)
})

test('it stops before its deadline, also while the API keeps silent', async () => {
  server.removeAllListeners('request')
  const asked = new Promise(resolve => server.on('request', resolve))
  const running = start()
  await asked
  expect(await running.end('SIGTERM')).toBe(0)
  server.closeAllConnections()
})

test('kills every few seconds leave no more changes than an hour may have, also when the state is damaged each time', async () => {
  const settings = JSON.parse(readFileSync(config, 'utf8'))
  const scaling = { ...settings.scaling, max_changes_per_hour: 4 }
  writeFileSync(config, JSON.stringify({ ...settings, scaling }))
  for (let kill = 0; kill < 5; kill++) {
    const running = start()
    await running.says(/INFO +cycle /)
    await running.end('SIGKILL')
    const sizers = join(stateDirectory(), 'model-sizers.jsonl')
    if (existsSync(sizers)) writeFileSync(sizers, readFileSync(sizers, 'utf8').slice(0, -10))
  }
  for (const vmid of VMIDS) expect(api.mostChangesInAnHour(vmid)).toBeLessThanOrEqual(4)
})

test('a metrics path that blocks whoever reads it costs cycles and nothing else', async () => {
  const aside = `${metricsFile()}.aside`
  measure()
  renameSync(metricsFile(), aside)
  execFileSync('mkfifo', [metricsFile()])
  daemon = new SpawnedDaemon('model/bin/lxc-autoscale-ml.mjs', ['--config', config])
  await daemon.says(/nothing is decided until this is over .*is not a regular file/)
  renameSync(aside, metricsFile())
  measure()
  await daemon.says(/deciding again/)
  rmSync(metricsFile())
  execFileSync('mkfifo', [metricsFile()])
  expect(await daemon.end('SIGTERM')).toBe(0)
})

test('a state folder that cannot be is said once, and containers in need grow', async () => {
  const settings = JSON.parse(readFileSync(config, 'utf8'))
  const state = { ...settings.state, directory: join(config, 'below a file') }
  writeFileSync(config, JSON.stringify({ ...settings, state }))
  const running = start()
  await running.says(/container scaled/)
  measure()
  await running.says(/(INFO +cycle [\s\S]*){3}/)
  expect(running.output.match(/cannot save what was learned/g)).toHaveLength(1)
  expect(running.output).not.toMatch(/FATAL|bug/)
  expect(await running.end('SIGTERM')).toBe(0)
})

test('one cycle is done with --once', async () => {
  expect(await runOnce()).toMatch(/container scaled/)
  expectValidState()
})

test('a dry run tells what it would do and asks for nothing', async () => {
  setDryRun(true)
  expect(await runOnce()).toMatch(/dry run: container would be scaled/)
  expect(api.posts()).toEqual([])
  expect(api.changes).toEqual([])
})

test('a new configuration takes effect without a restart, and a bad one is refused', async () => {
  setDryRun(true)
  const running = start()
  await running.says(/dry run: container would be scaled/)
  expect(api.changes).toEqual([])
  const good = readFileSync(config, 'utf8')
  writeFileSync(config, good.replace('"interval_seconds":1', '"interval_seconds":-1'))
  running.process.kill('SIGHUP')
  await running.says(/new configuration refused; the old one stays in force.*interval_seconds/)
  writeFileSync(config, good)
  setDryRun(false)
  running.process.kill('SIGHUP')
  await running.says(/configuration re-read/)
  measure()
  await running.says(/ container scaled/)
  expect(await running.end('SIGTERM')).toBe(0)
})
