import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  DEFAULT_SETTINGS,
  type Fault,
  type HostSettings,
  INSTANT,
  startPretendRest,
  updateSettings,
} from '@lxc-autoscale/simulator'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { acquireProcessLock } from '../../packages/simulator/src/host/process-lock.ts'
import { ApiDaemon, type ApiRequest } from '../fakes/api-daemon.ts'

// What only the REST interface has: tokens, certificates, tasks, and a network in between. The routes over it: api-routes-rest.
let api: ApiDaemon
let tokens: HostSettings['restTokens']

beforeAll(async () => {
  const shape = 'idle' as const
  api = await ApiDaemon.start({
    backend: 'rest',
    containers: [101, 102].map(vmid => ({ vmid, shape, cores: 2, memoryMb: 1_024 })),
  })
  tokens = (await updateSettings(api.host.root, {})).restTokens
})
afterAll(() => api.stop())

const setting = (settings: Partial<HostSettings>) => updateSettings(api.host.root, settings)
beforeEach(async () => {
  await setting({ ...DEFAULT_SETTINGS, ...INSTANT, missingCommands: ['pct', 'pvesh', 'pvecm'], restTokens: tokens })
})

const fault = (kind: Fault['kind'], more: Partial<Fault> = {}) =>
  setting({ faults: [{ command: 'rest', kind, ...more }] })
const conf = (vmid: number) => readFileSync(join(api.host.paths.pve, 'lxc', `${vmid}.conf`), 'utf8')
const diskGb = (vmid: number) => Number(/size=(\d+)G/.exec(conf(vmid))?.[1])
const coresOf = async (vmid: number) => (await api.ask(`/resource/lxc/config?lxc_id=${vmid}`)).json.data.cores
const setCores = (cores: number, more: ApiRequest = {}) =>
  api.ask('/scale/cores', { body: { lxc_id: 101, cores }, ...more })
const grow = (key: string) =>
  api.ask('/scale/storage/increase', { body: { lxc_id: 101, disk_size: 1 }, headers: { 'idempotency-key': key } })
const newestEntry = async () => (await api.ask('/history?limit=1')).json.data.entries[0]

const setPrivileges = (...privileges: readonly string[]) => {
  const changed = Object.entries(tokens).map(([id, { secret }]) => [id, { secret, acl: { '/': privileges } }] as const)
  return setting({ restTokens: Object.fromEntries(changed) })
}

describe('Proxmox', () => {
  test('that is at work on the container lets neither a change nor a task have its lock', async () => {
    await setting({ lockTimeoutMs: 50 })
    const lock = await acquireProcessLock({ root: api.host.root, name: 'pve-config-101', timeoutMs: 0 })
    const refused = { status: 423, json: { error: 'CONTAINER_LOCKED', lock: 'file' } }
    expect(await setCores(3)).toMatchObject(refused)
    const snapshot = await api.ask('/snapshot/create', { body: { lxc_id: 101, snapshot_name: 'ab' } })
    expect(snapshot).toMatchObject({
      ...refused,
      json: { exit: expect.stringMatching(/^task UPID:pve:.*:vzsnapshot:101:/) },
    })
    await lock?.release()
  })

  test('without quorum changes nothing, not even in the kernel', async () => {
    await setting({ nodes: ['pve', 'b'], quorate: false })
    expect(await setCores(3)).toMatchObject({ status: 503, json: { error: 'NO_QUORUM' } })
    expect(await coresOf(101)).toBe(2)
  })

  test('that could not grow a file system, or warns, has done it with a warning', async () => {
    await setting({ filesystemGrowFails: true, guestWarning: 'a Debian that is too new' })
    const before = diskGb(102)
    const grown = await api.ask('/scale/storage/increase', { body: { lxc_id: 102, disk_size: 1 } })
    expect(grown).toMatchObject({
      status: 200,
      json: { warning: expect.stringMatching(/the volume grew, its file system did not/) },
    })
    expect(diskGb(102) - before).toBe(1)
    const cloned = await api.ask('/clone/create', { body: { lxc_id: 102, new_lxc_id: 900, new_lxc_name: 'copy' } })
    expect(cloned).toMatchObject({
      status: 200,
      json: { warning: expect.stringContaining('a Debian that is too new') },
    })
    const gone = await api.ask('/clone/delete', { method: 'DELETE', body: { lxc_id: 900 } })
    expect(gone).toMatchObject({ status: 200, json: { data: { after: { exists: false } } } })
  })

  test('whose task fails says why, also before answers had a message', async () => {
    await setting({ restOmitsMessage: true, faults: [{ command: 'rest', kind: 'fail-task', stderr: 'no space left' }] })
    const before = diskGb(101)
    const answer = await grow('no-space')
    expect(answer).toMatchObject({
      status: 502,
      json: { error: 'PCT_FAILED', message: expect.stringContaining('no space left') },
    })
    expect(diskGb(101)).toBe(before)
    await fault('fail', { method: 'PUT', stderr: 'CT is locked (backup)' })
    expect(await setCores(3)).toMatchObject({ status: 423, json: { lock: 'backup' } })
  })
})

describe('a token', () => {
  test('without a privilege is told which, and does what it may', async () => {
    await setPrivileges('VM.Audit', 'VM.Config.CPU')
    expect((await setCores(3)).status).toBe(200)
    const answer = await api.ask('/scale/ram', { body: { lxc_id: 101, memory: 2_048 } })
    expect(answer).toMatchObject({
      status: 503,
      json: { error: 'REST_NOT_ALLOWED', missing_privilege: '/vms/101, VM.Config.Memory' },
    })
    expect(await newestEntry()).toMatchObject({ error: 'REST_NOT_ALLOWED', before: { memory_mb: 1_024 } })
    expect(conf(101)).toContain('memory: 1024\n')
  })

  test('that is none is told to be none, without its secret', async () => {
    await setting({ restTokens: {} })
    const answer = await setCores(4)
    expect(answer).toMatchObject({ status: 503, json: { error: 'REST_NOT_ALLOWED' } })
    const [{ secret = '' } = {}] = Object.values(tokens)
    expect(answer.text + api.daemon.output).not.toContain(secret)
    await setting({ restTokens: tokens })
    await fault('fail', { method: 'PUT', stderr: `a header that is not known: ${secret}` })
    expect((await setCores(4)).text).toContain('a header that is not known: ...')
  })
})

describe('an answer that is lost', () => {
  test('after the deed is made up for by a look, and nothing is done twice', async () => {
    await fault('reset-late', { method: 'PUT' })
    const key = { headers: { 'idempotency-key': 'lost' } }
    const answer = await setCores(5, key)
    expect(answer).toMatchObject({ status: 200, json: { warning: expect.stringContaining('was lost') } })
    expect(await newestEntry()).toMatchObject({ outcome: 'applied', after: { cores: 5 } })
    const before = diskGb(101)
    const grown = await grow('lost-grow')
    expect(await newestEntry()).toMatchObject({ action: 'storage-increase', after: { disk_gb: before + 1 } })
    await setting({ faults: [] })
    expect((await setCores(5, key)).json).toEqual(answer.json)
    expect((await grow('lost-grow')).json).toEqual(grown.json)
    expect(diskGb(101) - before).toBe(1)
  })

  test.each([
    ['reset', {}],
    ['fail', { status: 596, stderr: 'Connection timed out' }],
    ['fail', { status: 599, stderr: 'Too many redirections' }],
  ] as const)('(%s %j) and shows no deed is neither done nor failed', async (kind, more) => {
    await fault(kind, { method: 'PUT', ...more })
    const before = await coresOf(101)
    expect(await setCores(8)).toMatchObject({ status: 502, json: { error: 'OUTCOME_UNKNOWN' } })
    expect(await newestEntry()).toMatchObject({
      outcome: 'unknown',
      before: { cores: before },
      after: { cores: before },
    })
  })

  test('is waited for as long as it is only late', async () => {
    await fault('answer-late', { method: 'PUT', delayMs: 200 })
    expect(await setCores(6)).toMatchObject({ status: 200, json: { data: { after: { cores: 6 } } } })
  })
})

describe('an interface', () => {
  test('that is not there, or of another authority, gets no request; files are read on', async () => {
    const before = await coresOf(101)
    await api.rest?.close()
    const refused = { status: 503, json: { error: 'REST_UNREACHABLE' } }
    expect(await setCores(7)).toMatchObject(refused)
    expect(await coresOf(101)).toBe(before)
    await setting({ restCertificateIsForeign: true })
    api.rest = await startPretendRest(api.host, { port: api.rest?.port ?? 0 })
    expect(await setCores(7)).toMatchObject(refused)
    await setting({ restCertificateIsForeign: false })
    expect((await setCores(7)).status).toBe(200)
  })

  test('is known by the fingerprint of its certificate, and by no other; what hangs has a limit', async () => {
    const wrong = Array.from({ length: 32 }, () => '00').join(':')
    const other = await ApiDaemon.start({
      backend: 'rest',
      containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }],
      config: { lxc: { timeout_seconds: 1 } },
    })
    onTestFinished(() => other.stop())
    const pin = async (fingerprint: string | undefined) => {
      const file = join(other.directory, 'api.yaml')
      const config = parse(readFileSync(file, 'utf8'))
      const rest = { ...config.lxc.rest, ca_file: '/nonexistent', fingerprint }
      writeFileSync(file, stringify({ ...config, lxc: { ...config.lxc, rest } }))
      const seen = other.daemon.output.length
      other.daemon.process.kill('SIGHUP')
      while (!other.daemon.output.slice(seen).includes('configuration re-read'))
        await new Promise(done => setTimeout(done, 5))
    }
    const change = (cores: number) => other.ask('/scale/cores', { body: { lxc_id: 101, cores } })
    await pin(wrong)
    const refused = await change(3)
    expect(refused).toMatchObject({ status: 503, json: { error: 'REST_UNREACHABLE' } })
    expect(refused.json.message).toContain(other.rest?.fingerprint)
    await pin(other.rest?.fingerprint)
    expect((await change(3)).status).toBe(200)
    await updateSettings(other.host.root, { faults: [{ command: 'rest', kind: 'hang', method: 'PUT' }] })
    expect(await change(4)).toMatchObject({ status: 504, json: { error: 'PCT_TIMEOUT' } })
  })
})

test('a task that outlives a killed API is found at its next start, and not begun again', async () => {
  // The list of tasks tells late that one is over.
  await setting({ restTaskPassMs: 60_000, taskMs: { ...(INSTANT.taskMs ?? DEFAULT_SETTINGS.taskMs), resizeMs: 1_000 } })
  const before = diskGb(101)
  void grow('killed').catch(() => undefined)
  const active = join(api.host.paths.tasks, 'active')
  const isBegun = () => existsSync(active) && readFileSync(active, 'utf8').includes(':resize:')
  while (!isBegun()) await new Promise(done => setTimeout(done, 5))
  await api.daemon.end('SIGKILL')
  await api.restart()
  const again = await grow('killed')
  expect(again).toMatchObject({ status: 200, json: { warning: expect.stringContaining('interrupted') } })
  expect(await newestEntry()).toMatchObject({ outcome: 'applied', after: { disk_gb: before + 1 } })
  expect(diskGb(101) - before).toBe(1)
})
