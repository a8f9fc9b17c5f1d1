import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ChangeBody,
  ClusterStatusBody,
  ContainerConfigBody,
  ContainerConfigsBody,
  ContainerStatusBody,
  changeKey,
  HealthBody,
  HistoryBody,
  InstallSizesBody,
  NodeStatusBody,
  OperationBody,
  PastBody,
  SnapshotBody,
  StorageChangeBody,
  successBody,
  systemClock,
} from '@lxc-autoscale/core'
import { Engine } from '@lxc-autoscale/simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type ApiAnswer, ApiDaemon, KEYS } from '../fakes/api-daemon.ts'

let api: ApiDaemon

beforeAll(async () => {
  const shape = 'idle' as const
  const vmids = [101, 102, 103, 104, 105, 106]
  api = await ApiDaemon.start({
    hostCores: 8,
    pastDays: 1,
    containers: [
      ...vmids.map(vmid => ({ vmid, shape, cores: 2, memoryMb: 1_024 })),
      { vmid: 107, shape: 'steady', cores: 2, memoryMb: 1_024, load: { baseMemoryMb: 500 } },
      { vmid: 110, shape, running: false },
      { vmid: 111, shape, template: true },
      { vmid: 112, shape, config: { lock: 'backup' } },
      { vmid: 113, shape, config: { cores: undefined, memory: undefined } },
    ],
  })
  rmSync(join(api.host.paths.rrd, 'pve-vm-9.0/102'))
  const engine = new Engine(api.host.root)
  for (let step = 0; step < 60; step++) await engine.step(1_000)
})
afterAll(() => api.stop())

function conf(vmid: number): string {
  return readFileSync(join(api.host.paths.pve, 'lxc', `${vmid}.conf`), 'utf8')
}

/** The answer's data, once the whole answer was found to be what the contract says. */
function dataOf<Schema extends z.ZodType>(answer: { status: number; json: unknown }, schema: Schema): z.output<Schema> {
  expect(answer).toMatchObject({ status: 200, json: { status: 'success' } })
  z.strictObject(successBody(schema).shape).parse(answer.json)
  return schema.parse(z.object({ data: z.unknown() }).parse(answer.json).data)
}

describe('a change', () => {
  test('of the cores is made, read back and answered', async () => {
    const answer = await api.ask('/scale/cores', { body: { lxc_id: 101, cores: 3 }, key: KEYS.scale })
    expect(dataOf(answer, ChangeBody)).toMatchObject({
      lxc_id: 101,
      before: { cores: 2 },
      after: { cores: 3 },
      changed: true,
    })
    expect(conf(101)).toContain('cores: 3\n')
  })

  test('of the memory is made, with numbers as text and the names of the predecessor', async () => {
    const answer = await api.ask('/scale/ram', { body: { vm_id: '101', memory: '2048' }, key: KEYS.scale })
    expect(dataOf(answer, ChangeBody)).toMatchObject({ before: { memory_mb: 1_024 }, after: { memory_mb: 2_048 } })
    expect(conf(101)).toContain('memory: 2048\n')
  })

  test('of everything is one step, with cpulimit beside cores', async () => {
    const body = {
      lxc_id: 102,
      cores: 4,
      cpulimit: 2.5,
      memory: 1_536,
      expected: { cores: 2, memory: 1_024, cpulimit: null },
    }
    const data = dataOf(await api.ask('/scale/resources', { body }), ChangeBody)
    expect(data.after).toEqual({ cores: 4, cpulimit: 2.5, memory_mb: 1_536, swap_mb: 0 })
    const { text } = await api.ask('/metrics')
    expect(text).toMatch(/lxc_autoscale_changes_total\{vmid="102",resource="cpu",direction="up"\} 1/)
    expect(text).toMatch(/lxc_autoscale_container_memory_bytes\{vmid="102"\} 1610612736/)
  })

  test('that the container has already is none', async () => {
    const before = conf(103)
    const data = dataOf(
      await api.ask('/scale/resources', { body: { lxc_id: 103, cores: 2, memory: 1_024 } }),
      ChangeBody,
    )
    expect(data.changed).toBe(false)
    expect(conf(103)).toBe(before)
  })

  test('made from something else than the container has is refused', async () => {
    const body = { lxc_id: 103, cores: 3, expected: { cores: 1 } }
    expect(await api.ask('/scale/resources', { body })).toMatchObject({
      status: 409,
      json: { error: 'ALLOCATION_MOVED', moved: ['cores'], now: { cores: 2 } },
    })
  })

  test('names the fields that it did not understand', async () => {
    const body = { lxc_id: 103, cores: 3, core: 4, expected: { cors: 1 } }
    expect((await api.ask('/scale/resources', { body })).json.ignored).toEqual(['core', 'expected.cors'])
  })

  test('is done once for one Idempotency-Key', async () => {
    const ask = (cores: number) =>
      api.ask('/scale/cores', { body: { lxc_id: 104, cores }, headers: { 'idempotency-key': 'once-1' } })
    const [first, second] = await Promise.all([ask(3), ask(3)])
    const third = await ask(3)
    expect(second.json).toEqual(first.json)
    expect(third.json).toEqual(first.json)
    expect(third.headers['idempotency-replayed']).toBe('true')
    expect(await ask(4)).toMatchObject({ status: 409, json: { error: 'IDEMPOTENCY_CONFLICT' } })
    const history = dataOf(await api.ask('/history?lxc_id=104'), HistoryBody)
    expect(history.entries).toHaveLength(1)
  })

  test('stands in the history, which is read page by page in the order of the log', async () => {
    for (const cores of [5, 6, 3]) await api.ask('/scale/cores', { body: { lxc_id: 104, cores } })
    await api.ask('/scale/ram', { body: { lxc_id: 104, memory: 1 } })
    const page = async (query: string) => {
      const { entries } = dataOf(await api.ask(`/history?lxc_id=104&made=true&${query}`), HistoryBody)
      return entries.map(({ asked }) => asked['cores'])
    }
    expect(await page('limit=2')).toEqual([3, 6])
    expect(await page('limit=2&skip=1')).toEqual([6, 5])
    expect(await page('limit=2&skip=1000')).toEqual([])
  })

  test('enlarges the root disk', async () => {
    const data = dataOf(
      await api.ask('/scale/storage/increase', { body: { lxc_id: 101, disk_size: 2 } }),
      StorageChangeBody,
    )
    expect(data).toMatchObject({ before: { disk_gb: 8 }, after: { disk_gb: 10 }, changed: true })
  })

  test.each([
    [110, 409, 'STATE_NOT_ALLOWED'],
    [111, 409, 'STATE_NOT_ALLOWED'],
    [112, 423, 'CONTAINER_LOCKED'],
    [999, 404, 'CONTAINER_NOT_FOUND'],
  ])('of container %s is answered with %s %s', async (lxc_id, status, error) => {
    const answer = await api.ask('/scale/cores', { body: { lxc_id, cores: 1 } })
    expect(answer).toMatchObject({ status, json: { status: 'error', error } })
  })

  test('below what the container cannot give up is refused with the figures, and done by force', async () => {
    const { memory_floor_mb: floor } = dataOf(await api.ask('/resource/lxc/status?lxc_id=107'), ContainerStatusBody)
    const memory = Math.ceil((floor ?? 0) + 1)
    expect(memory).toBeGreaterThan(64)
    const refused = await api.ask('/scale/ram', { body: { lxc_id: 107, memory }, key: KEYS.scale })
    expect(refused).toMatchObject({ status: 409, json: { error: 'MEMORY_BELOW_FLOOR' } })
    expect(refused.json.least_memory_mb).toBeGreaterThan(memory)
    const body = { lxc_id: 107, memory, force: true }
    expect((await api.ask('/scale/ram', { body, key: KEYS.scale })).status).toBe(403)
    expect((await api.ask('/scale/ram', { body, key: KEYS.admin })).status).toBe(200)
  })

  test('beyond the host is refused', async () => {
    expect(await api.ask('/scale/cores', { body: { lxc_id: 106, cores: 9 } })).toMatchObject({
      status: 409,
      json: { error: 'HOST_CAPACITY', host_cores: 8 },
    })
    expect(await api.ask('/scale/ram', { body: { lxc_id: 106, memory: 1_000_000 } })).toMatchObject({
      status: 409,
      json: { error: 'HOST_CAPACITY' },
    })
  })
})

describe('snapshots', () => {
  const body = { lxc_id: 104, snapshot_name: 'before-upgrade' }

  test('are taken, listed, gone back to and removed', async () => {
    dataOf(await api.ask('/snapshot/create', { body }), OperationBody)
    const [snapshot] = dataOf(await api.ask('/snapshot/list?lxc_id=104'), z.array(SnapshotBody))
    expect(snapshot).toMatchObject({ name: 'before-upgrade', parent: null })
    expect(Math.abs(Date.now() - Date.parse(snapshot?.timestamp ?? ''))).toBeLessThan(60_000)
    expect(await api.ask('/snapshot/create', { body })).toMatchObject({
      status: 409,
      json: { error: 'ALREADY_EXISTS' },
    })
    await api.ask('/scale/cores', { body: { lxc_id: 104, cores: 6 } })
    const back = dataOf(await api.ask('/snapshot/rollback', { body }), OperationBody)
    expect(back).toMatchObject({ before: { cores: 6 }, after: { cores: 3, status: 'running' } })
    dataOf(await api.ask('/snapshot/delete', { method: 'DELETE', body }), OperationBody)
    expect(await api.ask('/snapshot/delete', { method: 'DELETE', body })).toMatchObject({
      status: 404,
      json: { error: 'SNAPSHOT_NOT_FOUND' },
    })
  })

  test.each(['1abc', '-x', 'a', 'current', 'a/../b', 'a b', 'ä', 'x'.repeat(41)])('cannot be called %j', async name => {
    const answer = await api.ask('/snapshot/create', { body: { lxc_id: 104, snapshot_name: name } })
    expect(answer).toMatchObject({ status: 400, json: { error: 'INVALID_REQUEST' } })
  })
})

describe('a clone', () => {
  test('is made, started, told from other containers, and removed; no temporary snapshot stays', async () => {
    const made = await api.ask('/clone/create', { body: { lxc_id: 101, new_vm_id: '900', hostname: 'my_copy' } })
    expect(dataOf(made, OperationBody)).toMatchObject({ after: { exists: true, status: 'running' } })
    expect(made.json.message).toContain('named my-copy')
    expect(dataOf(await api.ask('/resource/lxc/config?lxc_id=900'), ContainerConfigBody).name).toBe('my-copy')
    expect(dataOf(await api.ask('/snapshot/list?lxc_id=101'), z.array(SnapshotBody))).toEqual([])
    const again = { lxc_id: 101, new_lxc_id: 900, new_lxc_name: 'copy' }
    expect(await api.ask('/clone/create', { body: again })).toMatchObject({
      status: 409,
      json: { error: 'ALREADY_EXISTS' },
    })
    expect(await api.ask('/clone/delete', { method: 'DELETE', body: { lxc_id: 106 } })).toMatchObject({
      status: 409,
      json: { error: 'STATE_NOT_ALLOWED' },
    })
    const gone = await api.ask('/clone/delete', { method: 'DELETE', body: { lxc_id: 900 } })
    expect(dataOf(gone, OperationBody).after).toMatchObject({ exists: false })
    expect((await api.ask('/resource/lxc/config?lxc_id=900')).status).toBe(404)
  })

  test('is destroyed only by its own number, not by what stands in its description', async () => {
    const { json } = await api.ask('/clone/create', { body: { lxc_id: 101, new_lxc_id: 901, new_lxc_name: 'copy' } })
    expect(json.status).toBe('success')
    const path = join(api.host.paths.pve, 'lxc', '106.conf')
    const [description = ''] = /^#.*\n/m.exec(conf(901)) ?? []
    writeFileSync(path, description + readFileSync(path, 'utf8'))
    expect((await api.ask('/clone/delete', { method: 'DELETE', body: { lxc_id: 106 } })).status).toBe(409)
    expect((await api.ask('/clone/delete', { method: 'DELETE', body: { lxc_id: 901 } })).status).toBe(200)
  })

  test('is given back nothing that another container had under its number', async () => {
    const clone = () => api.ask('/clone/create', { body: { lxc_id: 101, new_lxc_id: 902, hostname: 'copy' } })
    const destroy = () => api.ask('/clone/delete', { method: 'DELETE', body: { lxc_id: 902 } })
    const scale = () => api.ask('/scale/cores', { body: { lxc_id: 902, cores: 7 } })
    expect([(await clone()).status, (await scale()).status]).toEqual([200, 200])
    const { entries } = dataOf(await api.ask('/history?lxc_id=902&newest=true'), HistoryBody)
    expect([(await destroy()).status, (await clone()).status]).toEqual([200, 200])
    expect(dataOf(await api.ask('/history?lxc_id=902&newest=true'), HistoryBody).entries).toEqual([])
    expect((await scale()).status).toBe(200)
    for (const body of [{}, { with_later: true }]) {
      const undone = await api.ask(`/history/${entries[0]?.id}/undo`, { body })
      expect(undone).toMatchObject({ status: 409, json: { error: 'STATE_NOT_ALLOWED' } })
    }
    expect((await destroy()).status).toBe(200)
  })
})

describe.each(['/resource/lxc', '/resource/vm'])('%s', prefix => {
  test('tells what a container has', async () => {
    const data = dataOf(await api.ask(`${prefix}/config?lxc_id=113`), ContainerConfigBody)
    expect(data).toMatchObject({
      vm_id: 113,
      cores: null,
      memory_mb: 512,
      swap_mb: 0,
      status: 'running',
      in_force: { cores: 8, memory_mb: 512 },
    })
  })

  test('tells how a container is', async () => {
    const data = dataOf(await api.ask(`${prefix}/status?container_id=106`), ContainerStatusBody)
    expect(data).toMatchObject({ status: 'running', memory_limit_mb: 1_024 })
    expect(data.memory_floor_mb).toBeGreaterThan(0)
    expect(dataOf(await api.ask(`${prefix}/status?lxc_id=110`), ContainerStatusBody).status).toBe('stopped')
  })

  test('tells the same of many, and which of them there are not', async () => {
    const data = dataOf(await api.ask(`${prefix}/configs?lxc_ids=101,999,102`), ContainerConfigsBody)
    expect(data.containers.map(({ lxc_id }) => lxc_id)).toEqual([101, 102])
    expect(data.failed).toMatchObject([{ lxc_id: 999, error: 'CONTAINER_NOT_FOUND' }])
    const all = dataOf(await api.ask(`${prefix}/configs`), ContainerConfigsBody)
    expect(all.containers.length).toBeGreaterThanOrEqual(10)
  })

  test('shows a key only its own containers', async () => {
    const all = dataOf(await api.ask(`${prefix}/configs`, { key: KEYS.only101 }), ContainerConfigsBody)
    expect(all.containers.map(({ lxc_id }) => lxc_id)).toEqual([101])
    expect((await api.ask(`${prefix}/config?lxc_id=102`, { key: KEYS.only101 })).status).toBe(403)
  })
})

describe('node and cluster', () => {
  test('are told as numbers', async () => {
    const node = dataOf(await api.ask('/resource/node/status?node_name=pve'), NodeStatusBody)
    expect(node).toMatchObject({ node: 'pve', cores: 8, memory_total_mb: 32_768 })
    expect(dataOf(await api.ask('/resource/node/status'), NodeStatusBody).node).toBe('pve')
  })

  test('have one node where there is no cluster', async () => {
    const cluster = dataOf(await api.ask('/resource/cluster/status'), ClusterStatusBody)
    expect(cluster).toMatchObject({ name: null, quorate: true, nodes: [{ name: 'pve', local: true, online: true }] })
  })

  test('refuse what is no name, and do not know others', async () => {
    expect((await api.ask('/resource/node/status?node_name=../pve')).status).toBe(400)
    expect(await api.ask('/resource/node/status?node_name=nope')).toMatchObject({
      status: 404,
      json: { error: 'NODE_NOT_FOUND' },
    })
  })
})

describe('the history', () => {
  test('has who, what, before, after, why and the outcome, newest first, and can be undone once', async () => {
    const body = { lxc_id: 106, cores: 5, reason: 'busy since 09:00' }
    await api.ask('/scale/resources', { body, key: KEYS.scale })
    const { entries } = dataOf(await api.ask('/history?lxc_id=106&limit=1'), HistoryBody)
    const [entry] = entries
    expect(entry).toMatchObject({
      action: 'scale',
      lxc_id: 106,
      name: 'ct106',
      who: { key: 'model', role: 'scale', address: '127.0.0.1' },
      asked: { lxc_id: 106, cores: 5 },
      before: { cores: 2 },
      after: { cores: 5 },
      why: 'busy since 09:00',
      outcome: 'applied',
      error: null,
    })
    const undone = dataOf(await api.ask(`/history/${entry?.id}/undo`, { body: {} }), ChangeBody)
    expect(undone.after.cores).toBe(2)
    const [last] = dataOf(await api.ask('/history?lxc_id=106&limit=1'), HistoryBody).entries
    expect(last).toMatchObject({ undo_of: entry?.id, why: `undo of ${entry?.id}` })
    expect(await api.ask(`/history/${entry?.id}/undo`, { body: {} })).toMatchObject({
      status: 409,
      json: { error: 'ALLOCATION_MOVED' },
    })
  })

  test('takes the beginning of a number for it, and tells without doing it what an undo would do', async () => {
    await api.ask('/scale/cores', { body: { lxc_id: 106, cores: 4 } })
    const { entries, short_ids } = dataOf(await api.ask('/history?lxc_id=106&limit=1&short=true'), HistoryBody)
    const short = short_ids?.[entries[0]?.id ?? ''] ?? ''
    expect(short).toMatch(/^[0-9a-f-]{6,}$/)
    const preview = await api.ask(`/history/${short.toUpperCase()}/undo`, { body: { dry_run: true } })
    expect(preview.json.message).toBe('container 106 would have 2 cores')
    expect(dataOf(preview, ChangeBody)).toMatchObject({ before: { cores: 4 }, after: { cores: 2 }, changed: false })
    expect(dataOf(await api.ask(`/history/${short}/undo`, { body: {} }), ChangeBody).after.cores).toBe(2)
    expect(await api.ask(`/history/${short}/undo`, { body: { dry_run: true } })).toMatchObject({ status: 409 })
  })

  test('takes back a change with all that came after it, unless somebody else has set something since', async () => {
    for (const body of [{ cores: 3 }, { cores: 4, memory: 1_536 }, { memory: 2_560 }]) {
      await api.ask('/scale/resources', { body: { lxc_id: 106, ...body } })
    }
    const { entries } = dataOf(await api.ask('/history?lxc_id=106&limit=3'), HistoryBody)
    const oldest = entries[2]
    expect(await api.ask(`/history/${oldest?.id}/undo`, { body: {} })).toMatchObject({ status: 409 })
    const undone = dataOf(await api.ask(`/history/${oldest?.id}/undo`, { body: { with_later: true } }), ChangeBody)
    expect(undone.after).toEqual(oldest?.before)
    const again = dataOf(await api.ask(`/history/${oldest?.id}/undo`, { body: { with_later: true } }), ChangeBody)
    expect(again.changed).toBe(false)
  })

  test('knows what a container had before the first change of the model, and gives it back', async () => {
    expect(await api.ask('/history/install/undo', { body: { lxc_id: 106 } })).toMatchObject({ status: 404 })
    const before = dataOf(await api.ask('/resource/lxc/config?lxc_id=106'), ContainerConfigBody)
    const byModel = (body: object, time: number) =>
      api.ask('/scale/resources', {
        body: { lxc_id: 106, ...body },
        headers: { 'idempotency-key': changeKey('0123456789abcdef', 106, time) },
      })
    await byModel({ cores: 3 }, 1)
    await api.ask('/scale/cores', { body: { lxc_id: 106, cores: 5 } })
    await byModel({ cores: 4, memory: 4_096 }, 2)
    const { containers } = dataOf(await api.ask('/history/install'), InstallSizesBody)
    expect(containers).toMatchObject([{ lxc_id: 106, name: 'ct106', cores: 2, memory_mb: before.memory_mb }])
    const cores = { lxc_id: 106, only: 'cores', dry_run: true }
    expect(dataOf(await api.ask('/history/install/undo', { body: cores }), ChangeBody).after).toMatchObject({
      cores: 2,
      memory_mb: 4_096,
    })
    const undone = dataOf(await api.ask('/history/install/undo', { body: { lxc_id: 106 } }), ChangeBody)
    expect(undone.after).toMatchObject({ cores: 2, memory_mb: before.memory_mb })
    const newest = dataOf(await api.ask('/history?newest=true'), HistoryBody).entries
    expect(newest.filter(({ lxc_id }) => lxc_id === 106)).toMatchObject([{ undo_of: containers[0]?.change_id }])
    expect(dataOf(await api.ask('/history/install', { key: KEYS.only101 }), InstallSizesBody).containers).toEqual([])
  })

  test('has what was refused as well', async () => {
    await api.ask('/scale/cores', { body: { lxc_id: 106, cores: 100 } })
    const [entry] = dataOf(await api.ask('/history?lxc_id=106&limit=1'), HistoryBody).entries
    expect(entry).toMatchObject({ outcome: 'refused', error: 'HOST_CAPACITY', after: null })
  })

  test('begins where it is asked to, and shows a key only its own containers', async () => {
    const later = new Date(Date.now() + 60_000).toISOString()
    expect(dataOf(await api.ask(`/history?since=${later}`), HistoryBody).entries).toEqual([])
    const own = dataOf(await api.ask('/history', { key: KEYS.only101 }), HistoryBody).entries
    expect(new Set(own.map(({ lxc_id }) => lxc_id))).toEqual(new Set([101]))
  })

  test('gives only what somebody asked for, what ended so, and what gave more or less', async () => {
    await api.ask('/scale/resources', { body: { lxc_id: 106, cores: 3, memory: 768 } })
    await api.ask('/scale/cores', { body: { lxc_id: 106, cores: 100 } })
    await api.ask('/scale/cores', { body: { lxc_id: 106, cores: 2 }, key: KEYS.scale })
    const newest = async (query: string) =>
      dataOf(await api.ask(`/history?lxc_id=106&limit=1&${query}`), HistoryBody).entries[0]
    expect(await newest('who=model')).toMatchObject({ who: { key: 'model' }, after: { cores: 2 } })
    expect(await newest('outcome=refused')).toMatchObject({ asked: { cores: 100 } })
    // The cores grew, the memory shrank: it is both.
    const first = { asked: { cores: 3, memory: 768 } }
    expect(await newest('direction=up')).toMatchObject(first)
    expect(await newest('direction=down&outcome=applied&who=admin')).toMatchObject(first)
    expect(await newest('direction=down&who=nobody')).toBeUndefined()
  })

  test.each([
    ['/history/00000000-0000-4000-8000-000000000000/undo', 404],
    ['/history/nonsense/undo', 400],
    ['/history/..%2f..%2fetc%2fpasswd/undo', 400],
  ])('does not know %s', async (path, status) => {
    expect((await api.ask(path, { body: {} })).status).toBe(status)
  })
})

describe('what Proxmox has kept', () => {
  /** Asks again when the API says that it is not the time yet. */
  async function inItsTurn(path: string): Promise<ApiAnswer> {
    const answer = await api.ask(path)
    if (answer.status !== 429) return answer
    await systemClock.sleep(Number(answer.headers['retry-after']) * 1_000)
    return inItsTurn(path)
  }

  test('of a container is told in columns of one length, nothing where it has kept nothing', async () => {
    for (const vmid of [101, 102]) {
      const { lxc_id: id, ...columns } = dataOf(await inItsTurn(`/past?lxc_id=${vmid}&days=2`), PastBody)
      expect(id).toBe(vmid)
      const [length, ...others] = new Set(Object.values(columns).map(column => column.length))
      expect(others).toEqual([])
      if (vmid === 101) expect(length).toBeGreaterThan(1_400)
      else expect(length).toBe(0)
    }
    expect(await api.ask('/past?lxc_id=999')).toMatchObject({ status: 404, json: { error: 'CONTAINER_NOT_FOUND' } })
    expect(await api.ask('/past?lxc_id=101&days=0')).toMatchObject({ status: 400 })
  })
})

describe('what there is', () => {
  test('is told by the router itself', async () => {
    const { json } = await api.ask('/routes', { key: KEYS.read })
    expect(json.status).toBe('success')
    const routes = new Map<string, string[]>(
      json.routes.map((route: { url: string; methods: string[] }) => [route.url, route.methods]),
    )
    expect(routes.get('/snapshot/delete')).toEqual(['DELETE'])
    expect(routes.get('/resource/vm/configs')).toEqual(['GET', 'HEAD'])
    // That one has no end.
    expect(routes.get('/events')).toEqual(['GET'])
    routes.delete('/events')
    for (const [url, [method = 'GET']] of routes) {
      const path = url.replace(':id', '00000000-0000-4000-8000-000000000000')
      const answer = await api.ask(path, { method, ...(method === 'GET' ? {} : { body: {} }) })
      expect([200, 400, 404, 409]).toContain(answer.status)
      expect(answer.json?.error).not.toBe('ROUTE_NOT_FOUND')
    }
  })

  test('is described in OpenAPI, for whoever asks', async () => {
    const { json } = await api.ask('/openapi.json', { key: '' })
    expect(Object.keys(json.paths['/history/{id}/undo'])).toEqual(['post'])
    expect(json.components.schemas.ScaleCoresRequest.required).toEqual(['lxc_id', 'cores'])
  })

  test('is healthy, and needs no key for that', async () => {
    const { status, json } = await api.ask('/health/check', { key: '' })
    expect(status).toBe(200)
    expect(HealthBody.parse(json).checks).toMatchObject({
      lxc_commands: { ok: true },
      pve_files: { ok: true },
      audit_log: { ok: true },
    })
  })

  test.each(['/', '/container/101', '/changes', '/docs'])('%s is the dashboard, without a key', async path => {
    const { status, headers, text } = await api.ask(path, { key: '' })
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers['cache-control']).toBe('no-cache')
    const [script = ''] = /\/assets\/main-\w+\.js/.exec(text) ?? []
    const asset = await api.ask(script, { key: '', headers: { 'accept-encoding': 'br' } })
    expect(asset).toMatchObject({
      status: 200,
      headers: { 'content-encoding': 'br', 'cache-control': 'public, max-age=31536000, immutable' },
    })
    const etag = { 'if-none-match': String(asset.headers['etag']), 'accept-encoding': 'br' }
    expect((await api.ask(script, { key: '', headers: etag })).status).toBe(304)
    expect((await api.ask(path, { key: '', method: 'HEAD' })).status).toBe(200)
  })

  // biome-ignore format: a table
  test.each(['/assets/nope.js', '/assets/..%2findex.html', '/assets/%2e%2e%2f%2e%2e%2fpackage.json', '/container', '/container/101/x', '/index.html'])(
    '%s is no file of it',
    async path => {
      expect(await api.ask(path, { key: '' })).toMatchObject({ status: path.includes('%2f') ? 400 : 404 })
    },
  )
})
