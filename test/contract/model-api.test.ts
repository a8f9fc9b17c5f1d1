import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import { createHost, Engine, INSTANT, type PretendHost, updateSettings } from '@lxc-autoscale/simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AllocationChange } from '../../packages/model/src/client/allocation-change.ts'
import type { ApplyOutcome } from '../../packages/model/src/client/apply-outcome.ts'
import { HttpTransport } from '../../packages/model/src/client/http-transport.ts'
import { ScalingClient } from '../../packages/model/src/client/scaling-client.ts'
import { allocationChange } from '../builders/allocation-change.ts'
import { SpawnedDaemon } from '../fakes/spawned-daemon.ts'

const KEY = 'contract-test-key'
const VMIDS = Array.from({ length: 60 }, (_, index) => 101 + index)
const { signal } = new AbortController()

let directory: string
let host: PretendHost
let daemon: SpawnedDaemon
let url: string
let transport: HttpTransport
let client: ScalingClient

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'model-api-'))
  host = await createHost({
    root: join(directory, 'host'),
    hostCores: 16,
    hostMemoryMb: 65_536,
    containers: VMIDS.map(vmid => ({
      vmid,
      shape: 'steady',
      cores: 2,
      memoryMb: 1_024,
      load: { baseMemoryMb: 300, peakMemoryMb: 310 },
    })),
    settings: { ...INSTANT },
  })
  // The containers get going: only then is there memory that they cannot give up.
  const engine = new Engine(host.root)
  for (let second = 0; second < 20; second++) await engine.step(1_000)
  const config = join(directory, 'api.yaml')
  const settings = {
    server: { port: 0 },
    authentication: { key_file: '', api_keys: [{ name: 'model', key: KEY, role: 'scale' }] },
    state: { directory: join(directory, 'state') },
    safety: { host_memory_reserve_mb: 0, memory_overcommit: 100 },
    health: { metrics_file: '', model_lock_file: '', model_status_file: '' },
    logging: { log_file: '' },
    host: { proc: host.paths.proc, cgroup: host.paths.cgroup, pve: host.paths.pve },
  }
  writeFileSync(config, JSON.stringify(settings))
  const path = `${host.paths.bin}:${process.env['PATH']}`
  daemon = new SpawnedDaemon('api/bin/lxc-autoscale-api.mjs', ['--config', config], { PATH: path })
  const [, port] = await daemon.says(/listening.*port=(\d+)/)
  url = `http://127.0.0.1:${port}`
  transport = newTransport(KEY)
  client = newClient(transport)
})

afterAll(async () => {
  await transport?.close()
  await daemon?.end('SIGTERM')
  rmSync(directory, { recursive: true, force: true })
})

function newTransport(apiKey: string): HttpTransport {
  return new HttpTransport({ url, apiKey: () => apiKey, timeoutMs: 10_000, maxConnections: 10 })
}

function newClient(over: HttpTransport): ScalingClient {
  return new ScalingClient({
    transport: over,
    clock: systemClock,
    random: Math.random,
    retry: { maxRetries: 2, delayMs: 20 },
    breaker: { isEnabled: true, failureThreshold: 5, timeoutMs: 60_000 },
    maxConcurrent: 10,
  })
}

let changes = 0

/** A change of `vmid` from what it has now. */
async function apply(vmid: number, set: AllocationChange['set']): Promise<ApplyOutcome | undefined> {
  const { configs } = await client.fetchConfigs(signal)
  const { cores = null, cpuLimit = null, memoryMb = null } = configs.get(vmid) ?? {}
  const expected = { cores, cpuLimit, memoryMb }
  const change = allocationChange({ vmid, set, expected, idempotencyKey: `contract-${++changes}` })
  return (await client.applyAll([change], signal))[0]
}

function confOf(vmid: number): string {
  return readFileSync(join(host.paths.pve, 'nodes', host.node, 'lxc', `${vmid}.conf`), 'utf8')
}

describe('the client and the real API', () => {
  test('agree on what containers have', async () => {
    const { configs, failed } = await client.fetchConfigs(signal)
    expect([...configs.keys()].sort((a, b) => a - b)).toEqual(VMIDS)
    expect(failed.size).toBe(0)
    expect(configs.get(110)).toMatchObject({ cores: 2, cpuLimit: null, memoryMb: 1_024, isRunning: true, lock: '' })
  })

  test('read 60 containers without any command, however slow Proxmox is; the benchmark says how fast', async () => {
    const hanging = ['pct', 'pvesh', 'pvecm'] as const
    await updateSettings(host.root, { faults: hanging.map(command => ({ command, kind: 'hang' })) })
    expect((await client.fetchConfigs(signal)).configs.size).toBe(VMIDS.length)
    await updateSettings(host.root, { faults: [] })
  })

  test('set both resources at once, which Proxmox then has', async () => {
    const outcome = await apply(101, { cores: 3, memoryMb: 1_536 })
    expect(outcome).toMatchObject({ kind: 'applied', confirmed: { cores: 3, cpuLimit: null, memoryMb: 1_536 } })
    expect(confOf(101)).toMatch(/^cores: 3$/m)
    expect(confOf(101)).toMatch(/^memory: 1536$/m)
  })

  test('set tenths of a core by quota', async () => {
    expect(await apply(102, { cpuLimit: 1.3 })).toMatchObject({ kind: 'applied', confirmed: { cpuLimit: 1.3 } })
    expect(confOf(102)).toMatch(/^cpulimit: 1.3$/m)
  })

  test('leave a container alone that somebody changed meanwhile', async () => {
    const stale = allocationChange({
      vmid: 103,
      expected: { cores: 7, cpuLimit: null, memoryMb: 1_024 },
      idempotencyKey: `contract-${++changes}`,
    })
    const [outcome] = await client.applyAll([stale], signal)
    expect(outcome).toMatchObject({ kind: 'moved', code: 'ALLOCATION_MOVED' })
    expect(confOf(103)).toMatch(/^cores: 2$/m)
  })

  test('do a change once that is sent twice', async () => {
    const change = allocationChange({
      vmid: 104,
      expected: { cores: 2, cpuLimit: null, memoryMb: 1_024 },
      idempotencyKey: `contract-${++changes}`,
    })
    const [first] = await client.applyAll([change], signal)
    const [second] = await client.applyAll([change], signal)
    expect(first).toMatchObject({ kind: 'applied' })
    expect(second).toMatchObject({ kind: 'applied', confirmed: { cores: 3 } })
  })

  test('refuse to take what a container cannot give up', async () => {
    expect(await apply(105, { memoryMb: 128 })).toMatchObject({ kind: 'refused', code: 'MEMORY_BELOW_FLOOR' })
    expect(confOf(105)).toMatch(/^memory: 1024$/m)
  })

  test('refuse more than the host has', async () => {
    expect(await apply(106, { cores: 64 })).toMatchObject({ kind: 'refused', code: 'HOST_CAPACITY' })
  })

  test('change many containers, a few at a time, with one outcome each', async () => {
    const many = VMIDS.slice(20, 30).map(vmid =>
      allocationChange({
        vmid,
        expected: { cores: 2, cpuLimit: null, memoryMb: 1_024 },
        set: { memoryMb: 1_280 },
        idempotencyKey: `contract-${++changes}`,
      }),
    )
    const outcomes = await client.applyAll(many, signal)
    expect(outcomes.map(({ vmid, kind }) => [vmid, kind])).toEqual(many.map(({ vmid }) => [vmid, 'applied']))
  })

  test('have nothing to say to each other without the right key', async () => {
    const stranger = newTransport('not-the-right-key')
    await expect(newClient(stranger).fetchConfigs(signal)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await stranger.close()
  })
})
