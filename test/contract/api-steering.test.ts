import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { HistoryEntryBody } from '@lxc-autoscale/core'
import type { PretendHost } from '@lxc-autoscale/simulator'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApiDaemon } from '../fakes/api-daemon.ts'
import { apiOnHost, pretendHost } from '../fakes/api-in-process.ts'
import { FakeClock } from '../fakes/fake-clock.ts'
import { RecordingCommands } from '../fakes/recording-commands.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const KEYS = { anna: 'annas-key-0001', only101: 'only101-key-01' }
const config = {
  authentication: {
    key_file: '',
    api_keys: [
      { name: 'anna', key: KEYS.anna, role: 'scale' },
      { name: 'only101', key: KEYS.only101, role: 'scale', containers: [101] },
    ],
  },
}
const MB = 1_048_576
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

let state: string
let host: PretendHost
let commands: RecordingCommands
let clock: FakeClock
let api: Awaited<ReturnType<typeof apiOnHost>>

beforeEach(async () => {
  const folder = temporaryDirectory()
  state = join(folder, 'lib', 'api')
  host = await pretendHost(join(folder, 'host'), {
    containers: [101, 102].map(vmid => ({ vmid, shape: 'idle' as const, cores: 2, memoryMb: 1_024 })),
  })
  commands = new RecordingCommands(host.paths.pve)
  clock = new FakeClock()
  await start()
})

afterEach(() => api.close())

async function start() {
  api = await apiOnHost({ host, commands, config, state, clock })
}

async function restart() {
  await api.close()
  await start()
}

async function ask(method: 'GET' | 'POST', url: string, body?: object, headers: Readonly<Record<string, string>> = {}) {
  const all = { host: 'localhost', 'x-api-key': KEYS.anna, ...headers }
  const answer = await api.app.inject({ method, url, headers: all, ...(body === undefined ? {} : { payload: body }) })
  return { status: answer.statusCode, json: answer.json() }
}

const get = async (url: string) => (await ask('GET', url)).json.data
const post = async (url: string, body: object) => {
  const { status, json } = await ask('POST', url, body)
  expect({ status, message: json.message }).toMatchObject({ status: 200 })
  return json
}
const history = async (query = ''): Promise<HistoryEntryBody[]> => (await get(`/history?limit=100${query}`)).entries
const boosts = async () => (await get('/steering')).boosts

/** What the configuration of a container says. */
function sizeOf(vmid: number, of = host) {
  const text = readFileSync(join(of.paths.pve, 'lxc', `${vmid}.conf`), 'utf8')
  const number = (key: string) => Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(text)?.[1])
  return { cores: number('cores'), memory: number('memory') }
}

/** The container cannot give up so much from now on. */
function holds(vmid: number, mb: number): void {
  const cgroup = join(host.paths.cgroup, 'lxc', String(vmid))
  const stat = readFileSync(join(cgroup, 'memory.stat'), 'utf8')
  writeFileSync(join(cgroup, 'memory.stat'), stat.replace(/^(anon|active_anon) \d+$/gm, `$1 ${mb * MB}`))
  writeFileSync(join(cgroup, 'memory.current'), `${(mb + 10) * MB}\n`)
}

const pass = (durationMs: number) => clock.advance(durationMs)

/** What begins by itself is over as soon as the disk allows. */
function comes<Value>(look: () => Value | Promise<Value>) {
  return expect.poll(look, { timeout: 30_000, interval: 20 })
}

describe('what people tell', () => {
  test('is kept over a restart, told with each container, and stands in the history with the name of the key', async () => {
    await post('/pause', { lxc_id: 101, seconds: 3_600 })
    await post('/pause', { all: true, reason: 'backup' })
    await post('/mode', { lxc_id: 102, mode: 'grow_only' })
    await restart()
    const { containers } = await get('/resource/lxc/configs')
    expect(containers.map(({ steering }: { steering: object }) => steering)).toMatchObject([
      { paused_until: 'forever', is_all_paused: true, mode: null, boost: null, problem: null },
      { paused_until: 'forever', mode: 'grow_only' },
    ])
    expect(await history()).toMatchObject([
      { action: 'mode', lxc_id: 102, who: { key: 'anna' }, before: { mode: null }, after: { mode: 'grow_only' } },
      { action: 'pause', lxc_id: 0, why: 'backup', after: { paused_until: 'forever' } },
      { action: 'pause', lxc_id: 101, asked: { lxc_id: 101, seconds: 3_600 }, outcome: 'applied' },
    ])
    await post('/resume', { all: true })
    expect(await post('/resume', { all: true })).toMatchObject({ data: { changed: false } })
    expect(await get('/steering')).toMatchObject({ all_paused_until: null, pauses: [{ lxc_id: 101 }] })
    await pass(HOUR_MS)
    expect(await get('/steering')).toMatchObject({ pauses: [] })
  })

  test('is refused of no container, of both, of one that is not there, and by a key for other containers', async () => {
    expect((await ask('POST', '/pause', {})).status).toBe(400)
    expect((await ask('POST', '/pause', { lxc_id: 101, all: true })).status).toBe(400)
    expect((await ask('POST', '/mode', { lxc_id: 999, mode: 'off' })).status).toBe(404)
    const only101 = { 'x-api-key': KEYS.only101 }
    expect((await ask('POST', '/pause', { lxc_id: 102 }, only101)).status).toBe(403)
    expect((await ask('POST', '/pause', { all: true }, only101)).status).toBe(403)
    expect((await ask('POST', '/pause', { lxc_id: 101 }, only101)).status).toBe(200)
    await post('/mode', { lxc_id: 102, mode: 'off' })
    expect((await ask('GET', '/steering', undefined, only101)).json.data).toMatchObject({
      pauses: [{ lxc_id: 101, until: 'forever' }],
      modes: [],
    })
  })

  test('is done once for one Idempotency-Key', async () => {
    const once = { 'idempotency-key': 'once' }
    const [first, again] = [
      await ask('POST', '/pause', { lxc_id: 101, seconds: 600 }, once),
      await ask('POST', '/pause', { lxc_id: 101, seconds: 600 }, once),
    ]
    expect(again.json).toEqual(first.json)
    expect(await history()).toHaveLength(1)
  })

  test('is not known when the file is damaged: everything is told to be left alone, and nothing is changed', async () => {
    await post('/pause', { lxc_id: 101 })
    const file = join(state, 'steering.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, '{"version":')
    const { containers } = await get('/resource/lxc/configs')
    expect(containers[1].steering.problem).toContain('steering.json')
    expect(await get('/steering')).toMatchObject({ problem: expect.stringContaining('delete it') })
    expect((await ask('POST', '/pause', { lxc_id: 102 })).json).toMatchObject({ error: 'STATE_INVALID' })
    expect((await ask('POST', '/boost', { lxc_id: 102, cores: 4, seconds: 60 })).json.error).toBe('STATE_INVALID')
    expect(readFileSync(file, 'utf8')).toBe('{"version":')
    writeFileSync(file, text)
    expect(await get('/steering')).toMatchObject({ problem: null, pauses: [{ lxc_id: 101 }] })
  })

  test.each([
    '{"all":"forever","containers":{"101":"2027-03-01T12:00:00.000Z"},"modes":{"102":"grow_only"}}',
    '{"101":"2027-03-01T12:00:00.000Z"}',
  ])('is taken over once from the file of the version before, which held %s', async text => {
    const former = join(dirname(state), 'pauses.json')
    writeFileSync(former, text)
    await restart()
    const told = await get('/steering')
    expect(told.pauses).toEqual([{ lxc_id: 101, until: '2027-03-01T12:00:00.000Z' }])
    expect(told.modes).toEqual(text.includes('modes') ? [{ lxc_id: 102, mode: 'grow_only' }] : [])
    expect(told.all_paused_until).toBe(text.includes('all') ? 'forever' : null)
    await post('/resume', { lxc_id: 101 })
    await restart()
    expect((await get('/steering')).pauses).toEqual([])
  })

  test('is not known while the file of the version before is damaged', async () => {
    writeFileSync(join(dirname(state), 'pauses.json'), '{"101":"tomorrow"}')
    await restart()
    expect(await get('/steering')).toMatchObject({ problem: expect.stringContaining('pauses.json') })
  })
})

describe('a boost', () => {
  test('gives more until its time is over, then gives it back by itself, once', async () => {
    await post('/boost', { lxc_id: 101, cores: 4, memory: 2_048, seconds: 3_600, reason: 'the report' })
    expect(sizeOf(101)).toEqual({ cores: 4, memory: 2_048 })
    expect(await boosts()).toMatchObject([{ lxc_id: 101, who: 'anna', before: { cores: 2 }, given: { cores: 4 } }])
    await pass(HOUR_MS - 10_000)
    expect(sizeOf(101)).toEqual({ cores: 4, memory: 2_048 })
    await pass(20_000)
    await comes(boosts).toEqual([])
    expect(sizeOf(101)).toEqual({ cores: 2, memory: 1_024 })
    await pass(HOUR_MS)
    const [end, given, ...others] = await history()
    expect(given).toMatchObject({ action: 'scale', why: 'the report', boost: { until: expect.stringMatching(/Z$/) } })
    expect(end).toMatchObject({ who: { key: 'lxc-autoscale' }, undo_of: given?.id, boost: { until: null } })
    expect(others).toEqual([])
  })

  test('is given back at the start when its time was over while nothing ran', async () => {
    await post('/boost', { lxc_id: 101, memory: 2_048, seconds: 600 })
    await api.close()
    clock.reboot(HOUR_MS)
    await start()
    await comes(boosts).toEqual([])
    expect(sizeOf(101)).toEqual({ cores: 2, memory: 1_024 })
  })

  test('is refused of what is not more of each than the container has', async () => {
    const notMore = [{}, { cores: 1 }, { memory: 1_024 }, { cores: 4, memory: 512 }, { cores: 2.5 }]
    for (const more of notMore) {
      expect((await ask('POST', '/boost', { lxc_id: 101, seconds: 60, ...more })).json.error).toBe('INVALID_REQUEST')
    }
    expect(sizeOf(101)).toEqual({ cores: 2, memory: 1_024 })
  })

  test('that a rule refuses leaves nothing behind, nor does a dry run', async () => {
    const { status } = await ask('POST', '/boost', { lxc_id: 101, cores: 4_000, seconds: 60 })
    expect(status).toBe(409)
    const tried = await post('/boost', { lxc_id: 101, cores: 3, seconds: 60, dry_run: true })
    expect(tried.data).toMatchObject({ before: { cores: 2 }, after: { cores: 3 }, changed: false })
    expect(await boosts()).toEqual([])
    expect(commands.seen).toEqual([])
  })

  test('gives back only what still is as it made it; who changed the rest meanwhile wins', async () => {
    await post('/boost', { lxc_id: 101, cores: 4, memory: 2_048, seconds: 600 })
    await post('/scale/ram', { lxc_id: 101, memory: 3_072 })
    await pass(11 * MINUTE_MS)
    await comes(boosts).toEqual([])
    expect(sizeOf(101)).toEqual({ cores: 2, memory: 3_072 })
    await comes(async () => (await history())[0]?.message).toContain('what was changed meanwhile stays: memory')
  })

  test('of which nothing is left is over, and says so', async () => {
    await post('/boost', { lxc_id: 101, cores: 4, seconds: 600 })
    await post('/scale/cores', { lxc_id: 101, cores: 3 })
    await pass(11 * MINUTE_MS)
    const isOver = { outcome: 'unchanged', message: expect.stringContaining('is over') }
    await comes(async () => (await history())[0]).toMatchObject(isOver)
    expect(sizeOf(101)).toMatchObject({ cores: 3 })
  })

  test('of a container that has what it had already is over, without a word on changes that nobody made', async () => {
    const { change_id: first } = await post('/boost', { lxc_id: 101, memory: 2_048, seconds: 600 })
    await post('/boost', { lxc_id: 101, cores: 4, seconds: 600 })
    await post(`/history/${first}/undo`, {})
    await pass(11 * MINUTE_MS)
    await comes(boosts).toEqual([])
    expect(sizeOf(101)).toEqual({ cores: 2, memory: 1_024 })
    await comes(async () => (await history())[0]?.message).toMatch(/the boost of container 101 is over$/)
  })

  test('of a container that is on another node is given back when it is here again; of one that is gone it is over', async () => {
    await post('/boost', { lxc_id: 101, cores: 4, seconds: 600 })
    await post('/boost', { lxc_id: 102, cores: 4, seconds: 600 })
    const conf = (vmid: number) => join(host.paths.pve, 'lxc', `${vmid}.conf`)
    const text = readFileSync(conf(101), 'utf8')
    for (const vmid of [101, 102]) rmSync(conf(vmid))
    const list = join(host.paths.pve, '.vmlist')
    const { ids } = JSON.parse(readFileSync(list, 'utf8'))
    writeFileSync(list, JSON.stringify({ version: 2, ids: { 101: { ...ids[101], node: 'elsewhere' } } }))
    await pass(11 * MINUTE_MS)
    await comes(boosts).toMatchObject([
      { lxc_id: 101, trouble: expect.stringContaining('container 101 is on node elsewhere now') },
    ])
    writeFileSync(conf(101), text)
    await pass(HOUR_MS)
    await comes(boosts).toEqual([])
    expect(sizeOf(101)).toMatchObject({ cores: 2 })
  })

  test('of many that end together leaves room in the queue, and none is refused for want of it', async () => {
    await api.close()
    const vmids = Array.from({ length: 12 }, (_, at) => 101 + at)
    const folder = temporaryDirectory()
    const containers = vmids.map(vmid => ({ vmid, shape: 'idle' as const, cores: 1, memoryMb: 512 }))
    host = await pretendHost(join(folder, 'host'), { containers, hostCores: 32 })
    commands = new RecordingCommands(host.paths.pve)
    api = await apiOnHost({ host, commands, config, state: join(folder, 'api'), clock, maxWaiting: 8 })
    for (const vmid of vmids) await post('/boost', { lxc_id: vmid, cores: 2, seconds: 600 })
    await pass(11 * MINUTE_MS)
    await comes(boosts).toEqual([])
    expect(vmids.map(vmid => sizeOf(vmid).cores)).toEqual(vmids.map(() => 1))
    expect((await history()).filter(({ outcome }) => outcome === 'refused')).toEqual([])
  })

  test('in the place of another keeps what the first one found', async () => {
    await post('/boost', { lxc_id: 101, memory: 2_048, seconds: 600 })
    await post('/boost', { lxc_id: 101, cores: 4, memory: 4_096, seconds: 1_200 })
    await pass(11 * MINUTE_MS)
    expect(sizeOf(101)).toEqual({ cores: 4, memory: 4_096 })
    await pass(10 * MINUTE_MS)
    await comes(() => sizeOf(101)).toEqual({ cores: 2, memory: 1_024 })
  })

  test('stays as it was when one that was to replace it is refused', async () => {
    await post('/boost', { lxc_id: 101, memory: 2_048, seconds: 600 })
    commands.says = { set: { exitCode: 255, stderr: 'CT is locked (backup)\n' } }
    const before = await boosts()
    // Proxmox has set it all the same in this pretend host, so what the container has is put back by hand.
    commands.also = () => writeConf(101, { memory: 2_048 })
    expect((await ask('POST', '/boost', { lxc_id: 101, memory: 4_096, seconds: 1_200 })).status).toBe(423)
    expect(await boosts()).toEqual(before)
  })

  test('gives back the cores alone while the memory is in use, and the memory as soon as it can', async () => {
    await post('/boost', { lxc_id: 101, cores: 4, memory: 2_048, seconds: 600 })
    holds(101, 1_500)
    await pass(11 * MINUTE_MS)
    const inTrouble = { trouble: expect.stringContaining('cannot give up'), given: { cores: 2 } }
    await comes(boosts).toMatchObject([inTrouble])
    expect(sizeOf(101)).toEqual({ cores: 2, memory: 2_048 })
    holds(101, 100)
    await pass(40 * MINUTE_MS)
    await comes(boosts).toEqual([])
    expect(sizeOf(101)).toEqual({ cores: 2, memory: 1_024 })
  })

  test('whose memory stays in use for hours leaves the size to the model, and says so', async () => {
    await post('/boost', { lxc_id: 101, memory: 2_048, seconds: 600 })
    holds(101, 1_500)
    await pass(30 * MINUTE_MS)
    const refusals = (await history()).filter(({ outcome }) => outcome === 'refused')
    expect(refusals).toHaveLength(1)
    await pass(7 * HOUR_MS)
    await comes(boosts).toEqual([])
    expect(sizeOf(101)).toMatchObject({ memory: 2_048 })
    const isLeft = { outcome: 'unchanged', message: expect.stringContaining('left to the model') }
    await comes(async () => (await history())[0]).toMatchObject(isLeft)
  })

  test('ends when a person ends it, or takes its change back', async () => {
    await post('/boost', { lxc_id: 101, cores: 4, seconds: 600 })
    await post('/boost/end', { lxc_id: 101 })
    expect(sizeOf(101)).toMatchObject({ cores: 2 })
    expect((await ask('POST', '/boost/end', { lxc_id: 101 })).status).toBe(409)
    const { change_id: id } = await post('/boost', { lxc_id: 101, cores: 4, seconds: 600 })
    const looked = await post(`/history/${id}/undo`, { dry_run: true })
    expect(looked.data).toMatchObject({ before: { cores: 4 }, after: { cores: 2 } })
    await post(`/history/${id}/undo`, {})
    expect(sizeOf(101)).toMatchObject({ cores: 2 })
    expect(await boosts()).toEqual([])
    expect((await history())[0]).toMatchObject({ who: { key: 'anna' }, undo_of: id, boost: { until: null } })
  })
})

test('the daemon gives back a boost that became due while it was dead', async () => {
  const daemon = await ApiDaemon.start({ containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }] })
  try {
    const { json } = await daemon.ask('/boost', { body: { lxc_id: 101, cores: 3, memory: 2_048, seconds: 3_600 } })
    expect(sizeOf(101, daemon.host)).toEqual({ cores: 3, memory: 2_048 })
    await daemon.daemon.end('SIGKILL')
    const file = join(daemon.directory, 'state', 'steering.json')
    const overdue = new Date(Date.now() - HOUR_MS).toISOString()
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"until":"[^"]+"/, `"until":"${overdue}"`))
    await daemon.restart()
    await comes(() => sizeOf(101, daemon.host)).toEqual({ cores: 2, memory: 1_024 })
    const entries = async () => (await daemon.ask('/history')).json.data.entries
    await comes(entries).toMatchObject([{ undo_of: json.change_id, boost: { until: null } }, { id: json.change_id }])
  } finally {
    await daemon.stop()
  }
})

describe('POST /undo', () => {
  const outcomes = (json: { data: { containers: { lxc_id: number; outcome: string }[] } }) =>
    json.data.containers.map(({ lxc_id, outcome }) => [lxc_id, outcome])

  test('takes back the newest change of a container, once for one key', async () => {
    await post('/scale/cores', { lxc_id: 101, cores: 3 })
    await post('/scale/cores', { lxc_id: 101, cores: 4 })
    const looked = await post('/undo', { lxc_id: 101, dry_run: true })
    expect(looked.data).toMatchObject({ dry_run: true, containers: [{ outcome: 'taken_back', change_id: null }] })
    const once = { 'idempotency-key': 'once' }
    const first = await ask('POST', '/undo', { lxc_id: 101 }, once)
    expect(sizeOf(101)).toMatchObject({ cores: 3 })
    const again = await ask('POST', '/undo', { lxc_id: 101 }, once)
    expect(outcomes(again.json)).toEqual([[101, 'taken_back']])
    expect(again.json.data.containers[0].change_id).toBe(first.json.data.containers[0].change_id)
    expect(sizeOf(101)).toMatchObject({ cores: 3 })
    expect((await ask('POST', '/undo', { lxc_id: 102 })).json.error).toBe('CHANGE_NOT_FOUND')
    expect((await ask('POST', '/undo', {})).status).toBe(400)
  })

  test('takes back all since a moment, a boost too; one that fails costs no other its turn', async () => {
    await post('/scale/cores', { lxc_id: 101, cores: 3 })
    await clock.advance(MINUTE_MS)
    const since = new Date(clock.nowMs()).toISOString()
    await post('/pause', { lxc_id: 102 })
    await post('/scale/cores', { lxc_id: 101, cores: 4 })
    await post('/boost', { lxc_id: 101, memory: 2_048, seconds: 600 })
    await post('/scale/ram', { lxc_id: 102, memory: 2_048 })
    writeConf(102, { memory: 4_096 })
    const done = await post('/undo', { since })
    expect(outcomes(done)).toEqual([
      [101, 'taken_back'],
      [102, 'failed'],
    ])
    expect(done.data.containers[1]).toMatchObject({ error: 'ALLOCATION_MOVED' })
    expect(sizeOf(101)).toEqual({ cores: 3, memory: 1_024 })
    expect(sizeOf(102)).toMatchObject({ memory: 4_096 })
    expect(await boosts()).toEqual([])
    expect(done.data.others).toEqual([])
  })

  test('gives back the cores alone where the memory is in use', async () => {
    await clock.advance(MINUTE_MS)
    const since = new Date(clock.nowMs()).toISOString()
    await post('/scale/resources', { lxc_id: 101, cores: 4, memory: 2_048 })
    holds(101, 1_500)
    expect(outcomes(await post('/undo', { since, dry_run: true }))).toEqual([[101, 'cores_alone']])
    const done = await post('/undo', { since, lxc_id: 101 })
    expect(done.data.containers).toMatchObject([{ outcome: 'cores_alone', error: 'MEMORY_BELOW_FLOOR' }])
    expect(sizeOf(101)).toEqual({ cores: 2, memory: 2_048 })
  })

  test('gives each what it had before the first change of the model', async () => {
    const model = { 'idempotency-key': `${'0'.repeat(16)}-101-1` }
    await ask('POST', '/scale/resources', { lxc_id: 101, cores: 1 }, model)
    await post('/scale/cores', { lxc_id: 101, cores: 5 })
    expect(outcomes(await post('/undo', { all_to_install: true }))).toEqual([[101, 'taken_back']])
    expect(sizeOf(101)).toMatchObject({ cores: 2 })
  })
})

function writeConf(vmid: number, values: Readonly<Record<string, number>>): void {
  const file = join(host.paths.pve, 'lxc', `${vmid}.conf`)
  const text = Object.entries(values).reduce(
    (soFar, [key, value]) => soFar.replace(new RegExp(`^${key}: .*$`, 'm'), `${key}: ${value}`),
    readFileSync(file, 'utf8'),
  )
  writeFileSync(file, text)
}
