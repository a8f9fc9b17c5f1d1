import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ClusterContainersBody, type HistoryEntryBody, successBody } from '@lxc-autoscale/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type ApiInProcess, apiInProcess } from '../fakes/api-in-process.ts'

// Texts and exit codes as the real Proxmox code gives them.
const BRIDGE_GONE = { exitCode: 2, stderr: "bridge 'vmbr9' does not exist\n" }
const START_FAILED = { exitCode: 255, stderr: "startup for container '900' failed\n" }
const FILE_LOCKED = { exitCode: 4, stderr: "can't lock file '/run/lock/lxc/pve-config-900.lock' - got timeout\n" }
const NOT_GROWN = "Failed to update the container's filesystem: command 'resize2fs /dev/pve/x' failed: exit code 1"

let api: ApiInProcess

async function start(
  lxc: Readonly<Record<string, unknown>> = {},
  others: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const containers = [{ vmid: 101, shape: 'idle' as const, cores: 2, memoryMb: 1_024 }]
  api = await apiInProcess({ containers }, { authentication: { enabled: false }, lxc, ...others })
  api.commands.also = ({ args: [subcommand, vmid = '', target = ''] }) => {
    if (subcommand === 'clone') copyFileSync(confOf(vmid), confOf(target))
    if (subcommand === 'resize')
      writeFileSync(confOf(vmid), readFileSync(confOf(vmid), 'utf8').replace('size=8G', 'size=9G'))
  }
}

const confOf = (vmid: string) => join(api.host.paths.pve, 'lxc', `${vmid}.conf`)

beforeEach(() => start())
afterEach(() => api.close())

async function post(url: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const answer = await api.app.inject({
    method: 'POST',
    url,
    payload: body,
    headers: { host: 'localhost', ...headers },
  })
  return { status: answer.statusCode, headers: answer.headers, json: answer.json() }
}

async function get(url: string) {
  const answer = await api.app.inject({ method: 'GET', url, headers: { host: 'localhost' } })
  return { status: answer.statusCode, headers: answer.headers, json: answer.json() }
}

const newestEntry = async () => (await get('/history?limit=1')).json.data.entries[0]
const subcommands = () => api.commands.seen.map(({ args }) => args[0])

const clone = { lxc_id: 101, new_lxc_id: 900, new_lxc_name: 'copy' }

test('a change that took effect before pct failed is made, with a warning', async () => {
  api.commands.says = { set: BRIDGE_GONE }
  const { status, json } = await post('/scale/cores', { lxc_id: 101, cores: 3 })
  expect({ status, json }).toMatchObject({
    status: 200,
    json: {
      status: 'success',
      warning: expect.stringContaining("bridge 'vmbr9' does not exist"),
      message: expect.stringContaining("bridge 'vmbr9' does not exist"),
      data: { after: { cores: 3 }, changed: true },
    },
  })
  expect(await newestEntry()).toMatchObject({ outcome: 'applied', error: null, warning: json.warning })
})

test('a volume that grew without its file system is told with what to do', async () => {
  api.commands.says = { resize: { stdout: `Logical volume pve/x changed.\n${NOT_GROWN}\n` } }
  const { status, json } = await post('/scale/storage/increase', { lxc_id: 101, disk_size: 1 })
  expect({ status, json }).toMatchObject({
    status: 200,
    json: {
      warning: expect.stringMatching(/the volume grew, its file system did not \(command 'resize2fs.*"pct fsck 101"/),
      data: { before: { disk_gb: 8 }, after: { disk_gb: 9 }, changed: true },
    },
  })
  expect(await newestEntry()).toMatchObject({ outcome: 'applied', warning: json.warning })
})

describe('a clone that cannot be started', () => {
  test.each([
    ['fails to start', START_FAILED],
    ['is locked', FILE_LOCKED],
  ])('because it %s exists all the same, and the answer says so', async (_, end) => {
    api.commands.says = { start: end }
    const { status, json } = await post('/clone/create', clone)
    expect({ status, json }).toMatchObject({
      status: 200,
      json: {
        warning: expect.stringMatching(/900 exists \(stopped\).*"pct start 900" starts it.*DELETE \/clone\/delete/),
        data: { after: { exists: true, status: 'stopped' } },
      },
    })
    expect(await newestEntry()).toMatchObject({ outcome: 'applied', warning: json.warning })
    expect(subcommands()).toEqual(['snapshot', 'clone', 'delsnapshot', 'start'])
  })

  test('gives the same answer to a repeated request', async () => {
    api.commands.says = { start: START_FAILED }
    const headers = { 'idempotency-key': 'once' }
    const first = await post('/clone/create', clone, headers)
    const again = await post('/clone/create', clone, headers)
    expect([again.status, again.json]).toEqual([first.status, first.json])
    expect(subcommands().filter(name => name === 'clone')).toHaveLength(1)
  })
})

test('a clone whose temporary snapshot stays is not called refused', async () => {
  const failure = { exitCode: 255, stderr: 'CT is locked (backup)\n' }
  api.commands.says = { clone: failure, delsnapshot: failure }
  expect(await post('/clone/create', clone)).toMatchObject({ status: 423, json: { error: 'CONTAINER_LOCKED' } })
  expect(await newestEntry()).toMatchObject({ outcome: 'failed', error: 'CONTAINER_LOCKED' })
})

test('a container that was stopped and could not be destroyed is told to be off, by answer and history', async () => {
  api.commands.says = { destroy: { exitCode: 255, stderr: 'CT is locked (backup)\n' } }
  api.commands.also = ({ args: [subcommand] }) => {
    if (subcommand === 'stop') rmSync(join(api.host.paths.cgroup, 'lxc/101'), { recursive: true, force: true })
  }
  const answer = await api.app.inject({
    method: 'DELETE',
    url: '/clone/delete',
    payload: { lxc_id: 101, force: true },
    headers: { host: 'localhost' },
  })
  expect(answer.json()).toMatchObject({
    error: 'CONTAINER_LOCKED',
    message: expect.stringContaining('101 was stopped for it and has not been started again'),
  })
  expect(await newestEntry()).toMatchObject({
    outcome: 'failed',
    before: { exists: true, status: 'running' },
    after: { exists: true, status: 'stopped' },
    message: expect.stringContaining('was stopped'),
  })
})

describe('the undo of a change that could not be seen', () => {
  const unseenChange = async () => {
    const file = confOf('101')
    let changed = ''
    api.commands.also = ({ args: [subcommand] }) => {
      if (subcommand !== 'set' || changed !== '') return
      changed = readFileSync(file, 'utf8')
      rmSync(file)
    }
    const { json } = await post('/scale/cores', { lxc_id: 101, cores: 4 })
    expect(json).toMatchObject({ error: 'OUTCOME_UNKNOWN' })
    expect(await newestEntry()).toMatchObject({ outcome: 'unknown', before: { cores: 2 }, after: null })
    writeFileSync(file, changed)
    return json.change_id
  }
  const coresNow = async () => (await get('/resource/lxc/config?lxc_id=101')).json.data.cores

  test('gives back what was there before', async () => {
    const id = await unseenChange()
    expect(await coresNow()).toBe(4)
    expect((await post(`/history/${id}/undo`, {})).status).toBe(200)
    expect(await coresNow()).toBe(2)
  })

  test('overwrites nothing that somebody set since', async () => {
    const id = await unseenChange()
    await post('/scale/cores', { lxc_id: 101, cores: 6 })
    expect(await post(`/history/${id}/undo`, {})).toMatchObject({ status: 409, json: { error: 'ALLOCATION_MOVED' } })
    expect(await coresNow()).toBe(6)
  })
})

describe('what changed nothing', () => {
  const history = async (): Promise<HistoryEntryBody[]> => (await get('/history?limit=1000')).json.data.entries

  test('is counted together, and stands in the history among what was made', async () => {
    const refused = () => post('/scale/cores', { lxc_id: 101, cores: 100 })
    const ids = [(await refused()).json.change_id, (await refused()).json.change_id, (await refused()).json.change_id]
    await post('/scale/cores', { lxc_id: 101, cores: 3 })
    expect((await history()).map(({ id, outcome, count }) => ({ id, outcome, count }))).toEqual([
      { id: expect.any(String), outcome: 'applied', count: undefined },
      { id: ids[1], outcome: 'refused', count: 2 },
      { id: ids[0], outcome: 'refused', count: undefined },
    ])
    expect(ids[2]).toBe(ids[1])
    expect((await get('/history?limit=1')).json.data.entries).toMatchObject([{ outcome: 'applied' }])
  })

  test('is logged with the entries that stand for it, not each time', async () => {
    for (let time = 0; time < 5; time++) await post('/scale/cores', { lxc_id: 101, cores: 100 })
    expect(api.log.messages('warn').filter(message => message === 'change not made')).toHaveLength(2)
  })

  test('cannot be undone, and the answer says what it was', async () => {
    const { json } = await post('/scale/cores', { lxc_id: 101, cores: 100 })
    const undone = await post(`/history/${json.change_id}/undo`, {})
    expect(undone).toMatchObject({ status: 409, json: { error: 'STATE_NOT_ALLOWED', outcome: 'refused' } })
  })
})

test('a clone onto a storage that does not exist is refused before anything is made', async () => {
  await api.close()
  await start({ default_storage: 'nostorage' })
  writeFileSync(
    join(api.host.paths.pve, 'storage.cfg'),
    'dir: backups\n\tpath /x\n\nlvmthin: local-lvm\n\tvgname pve\n',
  )
  const { status, json } = await post('/clone/create', clone)
  expect({ status, json }).toMatchObject({
    status: 409,
    json: { error: 'STATE_NOT_ALLOWED', storage: 'nostorage', storages: ['backups', 'local', 'local-lvm'] },
  })
  expect(api.commands.seen).toEqual([])
})

describe('the least memory limit', () => {
  const leastOf = async (url: string) => {
    const { data } = (await get(url)).json
    return (data.containers?.[0] ?? data).least_memory_mb
  }

  test('is what a change is measured by, one MB less is refused and says so', async () => {
    const cgroup = join(api.host.paths.cgroup, 'lxc/101')
    const stat = readFileSync(join(cgroup, 'memory.stat'), 'utf8')
    writeFileSync(join(cgroup, 'memory.stat'), stat.replace(/^anon \d+$/m, `anon ${200 * 1_048_576}`))
    writeFileSync(join(cgroup, 'memory.current'), `${900 * 1_048_576}\n`)
    const least = await leastOf('/resource/lxc/config?lxc_id=101')
    expect(least).toBeGreaterThanOrEqual(232)
    expect(await leastOf('/resource/lxc/configs')).toBe(least)
    const { status, json } = await post('/scale/ram', { lxc_id: 101, memory: least - 1 })
    expect({ status, json }).toMatchObject({ status: 409, json: { least_memory_mb: least } })
    expect(json.message).toContain(`the least is ${least} MB`)
    expect((await post('/scale/ram', { lxc_id: 101, memory: least })).status).toBe(200)
  })

  test('is not known of a container whose memory cannot be measured', async () => {
    rmSync(join(api.host.paths.cgroup, 'lxc/101/memory.stat'))
    expect(await leastOf('/resource/lxc/config?lxc_id=101')).toBeNull()
  })
})

test('a container whose CPU set is pinned by a raw line says so and is not given other cores', async () => {
  const file = confOf('101')
  const line = 'lxc.cgroup2.cpuset.cpus: 0-3'
  writeFileSync(file, `${readFileSync(file, 'utf8')}${line}\n`)
  expect((await get('/resource/lxc/config?lxc_id=101')).json.data.raw_limits).toEqual({ cores: line, memory: null })
  const refused = await post('/scale/cores', { lxc_id: 101, cores: 6 })
  expect(refused).toMatchObject({ status: 409, json: { error: 'STATE_NOT_ALLOWED' } })
  expect(refused.json.message).toContain(line)
  const forced = await post('/scale/cores', { lxc_id: 101, cores: 6, force: true })
  expect(forced).toMatchObject({ status: 200, json: { warning: expect.stringContaining(line) } })
})

describe('a node', () => {
  const members = (online: 0 | 1) =>
    JSON.stringify({
      nodename: 'pve',
      version: 3,
      cluster: { name: 'c', version: 2, nodes: 2, quorate: 1 },
      nodelist: { pve: { id: 1, online: 1, ip: '10.1.1.1' }, b: { id: 2, online } },
    })
  const cluster = (online: 0 | 1) => writeFileSync(join(api.host.paths.pve, '.members'), members(online))
  const UNKNOWN = "hostname lookup 'b' failed - failed to get address info for: b: Name or service not known\n"
  const AWAY = 'proxy handler failed: ssh: connect to host 10.1.1.2 port 22: No route to host\n'

  test('that is offline is known before it is asked', async () => {
    cluster(0)
    const { status, headers, json } = await get('/resource/node/status?node_name=b')
    expect({ status, error: json.error }).toEqual({ status: 503, error: 'NODE_OFFLINE' })
    expect(headers['retry-after']).toBeDefined()
    expect(api.commands.seen).toEqual([])
  })

  test.each([
    ['cannot be reached', 1, { exitCode: 255, stderr: AWAY }, 503, 'NODE_OFFLINE'],
    ['has no address', 11, { exitCode: 11, stderr: UNKNOWN }, 503, 'NODE_OFFLINE'],
  ] as const)('of the cluster that %s is offline, never unknown', async (_, __, end, status, error) => {
    cluster(1)
    api.commands.says = { get: end }
    const answer = await get('/resource/node/status?node_name=b')
    expect({ status: answer.status, error: answer.json.error }).toEqual({ status, error })
  })

  test('that no cluster has is not found', async () => {
    api.commands.says = { get: { exitCode: 11, stderr: UNKNOWN } }
    const answer = await get('/resource/node/status?node_name=b')
    expect({ status: answer.status, error: answer.json.error }).toEqual({ status: 404, error: 'NODE_NOT_FOUND' })
  })
})

describe('in a cluster', () => {
  const MB = 2 ** 20
  const seconds = () => Math.floor(Date.now() / 1_000)
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(api.host.paths.pve, name)), { recursive: true })
    writeFileSync(join(api.host.paths.pve, name), text)
  }

  const writeCluster = () => {
    const nodelist = { pve: { id: 1, online: 1 }, b: { id: 2, online: 1 }, c: { id: 3, online: 0 } }
    const cluster = { name: 'home', version: 3, nodes: 3, quorate: 1 }
    write('.members', JSON.stringify({ nodename: 'pve', version: 3, cluster, nodelist }))
    const ids = { 101: { node: 'pve', type: 'lxc' }, 201: { node: 'b', type: 'lxc' }, 202: { node: 'b', type: 'qemu' } }
    write('.vmlist', JSON.stringify({ version: 7, ids }))
    const node = (name: string, at: number) =>
      `pve-node-9.0/${name}:9::${at}:0.5:16:0.25:0:${65_536 * MB}:${8_192 * MB}:0:0:0:0:0:0:${57_344 * MB}\n`
    const guest = (vmid: number, at: number) =>
      `pve-vm-9.0/${vmid}:9:ct${vmid}:running:0:${at}:2:0.25:${1_024 * MB}:${256 * MB}:0:0:0:0:0:0\n`
    // The clock of b is five seconds ahead.
    const [here, there] = [seconds(), seconds() + 5]
    write('.rrd', `${node('pve', here)}${guest(101, here)}${node('b', there)}${guest(201, there - 200)}\0`)
    write('nodes/b/lxc-autoscale-ml', '2.0.1\n')
  }

  beforeEach(writeCluster)

  test('all nodes and containers are told, with the age of each figure', async () => {
    const { json } = await get('/resource/cluster/containers')
    const { data } = z.strictObject(successBody(ClusterContainersBody).shape).parse(json)
    expect(data).toMatchObject({ name: 'home', quorate: true, node: 'pve' })
    expect(
      data.nodes.map(({ name, online, looked_after, containers, cores_used }) => [
        name,
        online,
        looked_after,
        containers,
        cores_used,
      ]),
    ).toEqual([
      ['b', true, 'installed', 1, 4],
      ['c', false, 'no_sign', 0, null],
      ['pve', true, 'running', 1, 4],
    ])
    expect(data.nodes[0]).toMatchObject({
      age_seconds: 0,
      looked_after_text: 'installed there: 2.0.1; whether it runs is not told',
    })
    expect(data.containers).toMatchObject([
      {
        lxc_id: 101,
        node: 'pve',
        name: 'ct101',
        status: 'running',
        cores: 2,
        cores_used: 0.5,
        memory_mb: 1_024,
        is_stale: false,
      },
      { lxc_id: 201, node: 'b', status: 'unknown', age_seconds: 200, is_stale: true },
    ])
  })

  test('a container of another node is answered with where it is', async () => {
    const moved = {
      status: 404,
      json: { error: 'CONTAINER_NOT_FOUND', node: 'b', message: 'container 201 is on node b now' },
    }
    expect(await get('/resource/lxc/config?lxc_id=201')).toMatchObject(moved)
    expect(await post('/scale/cores', { lxc_id: 201, cores: 3 })).toMatchObject(moved)
    const { json } = await get('/resource/lxc/configs?lxc_ids=101,201')
    expect(json.data.failed).toMatchObject([{ lxc_id: 201, node: 'b' }])
  })

  test('a container of another node is set through Proxmox where that is allowed, and gets no less memory', async () => {
    await api.close()
    await start({}, { cluster: { remote_changes: true } })
    writeCluster()
    const file = 'nodes/b/lxc/201.conf'
    const conf = 'arch: amd64\ncores: 2\nhostname: ct201\nmemory: 1024\n'
    write(file, conf)
    write(
      '.rrd',
      readFileSync(join(api.host.paths.pve, '.rrd'), 'utf8').replace(String(seconds() - 195), String(seconds() + 5)),
    )
    api.commands.also = ({ args: [, path, ...options] }) => {
      if (path === '/nodes/b/lxc/201/config')
        write(file, conf.replace('1024', String(options[options.indexOf('--memory') + 1])))
    }
    const digest = createHash('sha1').update(conf).digest('hex')
    expect(await post('/scale/ram', { lxc_id: 201, memory: 2_048 })).toMatchObject({
      status: 200,
      json: { data: { before: { memory_mb: 1_024 }, after: { memory_mb: 2_048 } } },
    })
    expect(api.commands.seen.map(({ args }) => args)).toEqual([
      ['set', '/nodes/b/lxc/201/config', '--memory', '2048', '--digest', digest],
    ])
    const refused = async (memory: number, lxc_id = 201) => {
      const { status, json } = await post('/scale/ram', { lxc_id, memory })
      return [status, json.error, json.message]
    }
    expect(await refused(1_024)).toEqual([
      409,
      'STATE_NOT_ALLOWED',
      expect.stringContaining('is on node b: what it cannot give up can be measured only there'),
    ])
    const full = expect.stringMatching(/node b has .* at most 56832 MB more/)
    expect(await refused(60_000)).toEqual([409, 'HOST_CAPACITY', full])
    write(
      '.members',
      readFileSync(join(api.host.paths.pve, '.members'), 'utf8').replace('"id":2,"online":1', '"id":2,"online":0'),
    )
    expect(await refused(3_000)).toEqual([503, 'NODE_OFFLINE', 'node b is offline'])
  })

  test('a host that is full says which node could carry the container, and what would move it', async () => {
    const refused = await post('/scale/ram', { lxc_id: 101, memory: 32_768 })
    expect(refused).toMatchObject({
      status: 409,
      json: { error: 'HOST_CAPACITY', command: 'pct migrate 101 b --restart', candidates: [{ node: 'b' }] },
    })
    expect(refused.json.message).toContain('; node b could carry it (12 cores and 57344 MB free')
    const { json } = await get('/resource/cluster/placement?lxc_id=101&memory=60000')
    expect(json.data).toMatchObject({ candidates: [], command: null })
  })

  test('what the HA manager is asked to move is left alone, and says so', async () => {
    write('ha/resources.cfg', 'ct: 101\n\tstate started\n')
    write('ha/manager_status', '{"service_status":{"ct:101":{"node":"pve","state":"started"}}}')
    write('datacenter.cfg', 'crs: ha=static,ha-auto-rebalance=1\n')
    write('ha/crm_commands', 'relocate ct:101 b\n')
    expect((await get('/resource/lxc/config?lxc_id=101')).json.data).toMatchObject({
      ha_managed: true,
      ha_busy: 'the HA manager is asked to move it to node b (relocate)',
      balancer_hold_seconds: 30,
    })
    expect(await post('/scale/cores', { lxc_id: 101, cores: 3 })).toMatchObject({
      status: 409,
      json: { error: 'STATE_NOT_ALLOWED', message: expect.stringContaining('is asked to move it to node b') },
    })
  })
})
