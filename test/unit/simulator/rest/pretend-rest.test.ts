import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { acquireProcessLock } from '../../../../packages/simulator/src/host/process-lock.ts'
import { createCluster, INSTANT, startPretendRest, updateSettings } from '../../../../packages/simulator/src/index.ts'
import { makeHost, scratchDirectory, TestHost } from '../pretend-host.ts'
import { restHost, serve } from './rest-client.ts'

const CONFIG = '/nodes/pve/lxc/100/config'
const MISSING = "Configuration file 'nodes/pve/lxc/999.conf' does not exist"

describe('the pretend REST interface', () => {
  test('shows a certificate of the authority of its cluster, the same after a restart', async () => {
    const { rest, root } = await restHost()
    const leaf = new X509Certificate(readFileSync(`${root}/etc/pve/nodes/pve/pve-ssl.pem`))
    const authority = new X509Certificate(readFileSync(rest.caFile))
    expect(leaf.verify(authority.publicKey)).toBe(true)
    expect(leaf.fingerprint256).toBe(rest.fingerprint)
    for (const name of ['localhost', 'pve']) expect(leaf.checkHost(name)).toBe(name)
    for (const address of ['127.0.0.1', '::1']) expect(leaf.checkIP(address)).toBe(address)
    const token = readFileSync(rest.tokenFile, 'utf8')
    expect(token).toMatch(/^lxc-autoscale@pve!api=[0-9a-f-]{36}\n$/)
    expect(statSync(rest.tokenFile).mode & 0o777).toBe(0o600)
    await rest.close()
    const again = await startPretendRest(root)
    expect([again.fingerprint, readFileSync(again.tokenFile, 'utf8')]).toEqual([rest.fingerprint, token])
    await again.close()
  })

  test('knows nobody without the right token', async () => {
    const { call, rest } = await restHost()
    const token = readFileSync(rest.tokenFile, 'utf8').trim()
    const as = async (authorization: string) => {
      const { status, reason, text } = await call('GET', '/version', { headers: { authorization } })
      return { status, reason, text }
    }
    const refused = (reason: string) => ({ status: 401, reason, text: '' })
    expect(await as('')).toEqual(refused('No ticket'))
    expect(await as(`PVEAPIToken=${token}x`)).toEqual(refused('Authentication failed!'))
    expect(await as('PVEAPIToken=root@pam!other=1234')).toEqual(refused('Authentication failed!'))
  })

  test('changes what the command changes, and says what it says', async () => {
    const { ask, text } = await restHost()
    expect(await ask('PUT', CONFIG, { cores: '3', memory: '600' })).toMatchObject({ status: 200, json: { data: null } })
    expect(text('etc/pve/lxc/100.conf')).toContain('cores: 3\n')
    expect(text('sys/fs/cgroup/lxc/100/memory.max')).toBe('629145600\n')
    const { data } = (await ask('GET', CONFIG)).json
    expect(data).toMatchObject({ cores: 3, memory: 600, hostname: 'web', unprivileged: 1 })
    expect(data.digest).toMatch(/^[0-9a-f]{40}$/)
    const changed = 'detected modified configuration - file changed by other user? Try again.'
    expect(await ask('PUT', CONFIG, { cores: '2', digest: 'a' })).toMatchObject({ status: 500, reason: changed })
    expect(await ask('PUT', '/nodes/pve/lxc/999/config', { cores: '2' })).toMatchObject({
      status: 500,
      reason: MISSING,
    })
    expect(await ask('PUT', CONFIG, {})).toMatchObject({ status: 500, reason: 'no options specified' })
  })

  test('takes JSON as well as a form, and names each wrong parameter', async () => {
    const { call, ask } = await restHost()
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ cores: 2, onboot: true })
    expect((await call('PUT', CONFIG, { headers, body })).status).toBe(200)
    expect((await ask('GET', CONFIG)).json.data).toMatchObject({ cores: 2, onboot: 1 })
    expect(await ask('PUT', CONFIG, { cores: '0', onboot: 'yes', foo: '1' })).toMatchObject({
      status: 400,
      reason: 'Parameter verification failed.',
      json: {
        data: null,
        errors: {
          cores: 'value must have a minimum value of 1',
          onboot: "type check ('boolean') failed - got 'yes'",
          foo: 'property is not defined in schema and the schema does not allow additional properties',
        },
      },
    })
    expect((await ask('POST', '/nodes/pve/lxc/100/snapshot', {})).json.errors).toEqual({
      snapname: 'property is missing and it is not optional',
    })
  })

  test('has no body but that of PUT and POST, no chunks, and no path that Proxmox has not', async () => {
    const { call, ask } = await restHost()
    const answers = await Promise.all([
      call('DELETE', '/nodes/pve/lxc/101', { body: 'force=1', headers: { 'content-length': '7' } }),
      call('PUT', CONFIG, { headers: { 'transfer-encoding': 'chunked' } }),
      ask('GET', '/nothing'),
      ask('GET', '/%ff'),
    ])
    expect(answers.map(({ status, reason }) => [status, reason])).toEqual([
      [501, "Unexpected content for method 'DELETE'"],
      [501, 'chunked transfer encoding not supported'],
      [501, "Method 'GET /nothing' not implemented"],
      [400, 'Bad Request'],
    ])
  })

  test('lets a token do what its privileges are for, and names the one that is missing', async () => {
    const acl = { '/': ['VM.Audit'], '/vms/100': ['VM.Audit', 'VM.Config.CPU'] }
    const { ask } = await restHost({ acl })
    expect((await ask('PUT', CONFIG, { cores: '3' })).status).toBe(200)
    const refusals = await Promise.all([
      ask('PUT', CONFIG, { cores: '2', memory: '600' }),
      ask('PUT', '/nodes/pve/lxc/101/config', { cores: '2' }),
      ask('POST', '/nodes/pve/lxc/100/snapshot', { snapname: 'ab' }),
      ask('POST', '/nodes/pve/lxc/100/snapshot/ab/rollback'),
      ask('GET', '/nodes/pve/status'),
    ])
    expect(refusals.map(({ status, reason }) => [status, reason])).toEqual(
      [
        '/vms/100, VM.Config.Memory',
        '/vms/101, VM.Config.Disk|VM.Config.CPU|VM.Config.Memory|VM.Config.Network|VM.Config.Options',
        '/vms/100, VM.Snapshot',
        '/vms/100, VM.Snapshot|VM.Snapshot.Rollback',
        '/nodes/pve, Sys.Audit',
      ].map(what => [403, `Permission check failed (${what})`]),
    )
    const { data } = (await ask('GET', '/access/permissions')).json
    expect(data).toMatchObject({ '/': { 'VM.Audit': 1 }, '/vms/100': { 'VM.Audit': 1, 'VM.Config.CPU': 1 } })
  })

  test('hides what a token may not look at', async () => {
    const { ask } = await restHost({ acl: { '/vms/101': ['VM.Audit'] } })
    const vmids = async (path: string) => (await ask('GET', path)).json.data.map(({ vmid }: { vmid: number }) => vmid)
    expect(await vmids('/nodes/pve/lxc')).toEqual([101])
    expect(await vmids('/cluster/resources?type=vm')).toEqual([101])
  })

  test('gives a container’s past, and names a wrong part of it', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle' }], { pastDays: 1 })
    const { ask } = await serve(host)
    const { data } = (await ask('GET', '/nodes/pve/lxc/100/rrddata?timeframe=hour&cf=MAX')).json
    expect(data.at(-1)).toMatchObject({ maxcpu: 2, maxmem: 2 ** 30 })
    const wrong = (await ask('GET', '/nodes/pve/lxc/100/rrddata?timeframe=decade')).json
    expect(wrong.errors.timeframe).toMatch(/does not have a value in the enumeration 'hour, day, week, month, year'/)
  })

  test('answers as older releases do', async () => {
    const { ask, set } = await restHost()
    const refused = async () => (await ask('PUT', '/nodes/pve/lxc/999/config', { cores: '2' })).json
    expect(await refused()).toEqual({ data: null, message: `${MISSING}\n` })
    await set({ restOmitsMessage: true })
    expect(await refused()).toEqual({ data: null })
  })
})

describe('a task', () => {
  const SNAPSHOT = '/nodes/pve/lxc/100/snapshot'

  test('is named at once and followed to its end', async () => {
    const { ask, endOf } = await restHost()
    const { data: upid } = (await ask('POST', SNAPSHOT, { snapname: 'ab', description: 'now' })).json
    expect(upid).toMatch(/^UPID:pve:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:vzsnapshot:100:lxc-autoscale@pve!api:$/)
    expect(await endOf(upid)).toBe('OK')
    const snapshots = (await ask('GET', SNAPSHOT)).json.data
    expect(snapshots).toMatchObject([
      { name: 'ab', description: 'now\n' },
      { name: 'current', parent: 'ab', running: 1 },
    ])
    const log = (await ask('GET', `/nodes/pve/tasks/${upid}/log`)).json.data
    expect(log.at(-1)).toEqual({ n: log.length, t: 'TASK OK' })
    const listed = (await ask('GET', '/nodes/pve/tasks?typefilter=vzsnapshot')).json.data
    expect(listed).toMatchObject([{ upid, status: 'OK', user: 'lxc-autoscale@pve', tokenid: 'api', id: '100' }])
  })

  test('meets locks only after it was named', async () => {
    const { ask, endOf } = await restHost()
    await ask('PUT', CONFIG, { lock: 'backup' })
    const { data } = (await ask('POST', SNAPSHOT, { snapname: 'ab' })).json
    expect(await endOf(data)).toBe('CT is locked (backup)')
    expect(await ask('PUT', CONFIG, { cores: '1' })).toMatchObject({ status: 500, reason: 'CT is locked (backup)' })
    const resized = await ask('PUT', '/nodes/pve/lxc/100/resize', { disk: 'rootfs', size: '+1G' })
    expect(resized).toMatchObject({ status: 500, reason: 'CT is locked (backup)' })
  })

  test('counts its warnings, other than what it only prints', async () => {
    const { ask, endOf } = await restHost({}, { guestWarning: 'a new Debian', filesystemGrowFails: true })
    const started = (await ask('POST', '/nodes/pve/lxc/101/status/start')).json.data
    expect(await endOf(started)).toBe('WARNINGS: 1')
    const grown = (await ask('PUT', '/nodes/pve/lxc/100/resize', { disk: 'rootfs', size: '+1G' })).json.data
    expect(await endOf(grown)).toBe('OK')
    const log = (await ask('GET', `/nodes/pve/tasks/${grown}/log`)).json.data.map(({ t }: { t: string }) => t)
    expect(log.join('\n')).toContain("Failed to update the container's filesystem")
  })

  test('of a rollback begins another one for the start, and does not wait for it', async () => {
    const { ask, endOf } = await restHost()
    await endOf((await ask('POST', SNAPSHOT, { snapname: 'ab' })).json.data)
    const { data } = (await ask('POST', `${SNAPSHOT}/ab/rollback`, { start: '1' })).json
    expect(await endOf(data)).toBe('OK')
    const { data: started } = (await ask('GET', '/nodes/pve/tasks?source=all&typefilter=vzstart')).json
    expect(await endOf(started[0].upid)).toBe('OK')
  })

  test('that has just ended is listed as if it ran, while its own status tells the end', async () => {
    const { ask, endOf } = await restHost({}, { restTaskPassMs: 60_000 })
    const { data: upid } = (await ask('POST', SNAPSHOT, { snapname: 'ab' })).json
    expect(await endOf(upid)).toBe('OK')
    expect((await ask('GET', '/nodes/pve/tasks?source=active')).json.data).toMatchObject([{ upid, status: 'RUNNING' }])
    expect((await ask('GET', '/nodes/pve/tasks')).json.data).toEqual([])
  })

  test('ends when it is told to, and is somebody else’s to others', async () => {
    const { ask, call, endOf, set } = await restHost({}, { taskMs: { ...INSTANT.taskMs, snapshotMs: 60_000 } })
    const { data: upid } = (await ask('POST', SNAPSHOT, { snapname: 'ab' })).json
    expect((await ask('GET', '/nodes/pve/tasks?source=active')).json.data).toMatchObject([{ upid, status: 'RUNNING' }])
    const { restTokens } = await set({})
    await set({ restTokens: { ...restTokens, 'other@pve!x': { secret: 's', acl: {} } } })
    const headers = { authorization: 'PVEAPIToken=other@pve!x=s' }
    const path = `/nodes/pve/tasks/${upid}`
    expect((await call('GET', `${path}/status`, { headers })).status).toBe(403)
    expect((await call('DELETE', path, { headers })).reason).toBe('Permission check failed (/nodes/pve, Sys.Modify)')
    expect((await call('GET', '/nodes/pve/tasks?source=all', { headers })).json.data).toEqual([])
    expect((await ask('DELETE', path)).status).toBe(200)
    expect(await endOf(upid)).toBe('received interrupt')
  })
})

describe('what can be set to go wrong', () => {
  test('an answer that is lost after the deed', async () => {
    const { ask, text } = await restHost(
      {},
      { faults: [{ command: 'rest', method: 'PUT', path: '/config', kind: 'reset-late' }] },
    )
    await expect(ask('PUT', CONFIG, { cores: '3' })).rejects.toThrow(/socket hang up|ECONNRESET/)
    expect(text('etc/pve/lxc/100.conf')).toContain('cores: 3\n')
    expect((await ask('GET', CONFIG)).status).toBe(200)
  })

  test('a connection that breaks before it', async () => {
    const { ask, text } = await restHost({}, { faults: [{ command: 'rest', vmid: 100, kind: 'reset' }] })
    await expect(ask('PUT', CONFIG, { cores: '3' })).rejects.toThrow(/socket hang up|ECONNRESET/)
    expect(text('etc/pve/lxc/100.conf')).toContain('cores: 2\n')
  })

  test('a daemon that takes longer than the one in front waits', async () => {
    const faults = [{ command: 'rest', kind: 'fail', status: 599, stderr: 'Too many redirections' }] as const
    const { ask, root, set, text } = await restHost({}, { faults })
    const answer = await ask('PUT', CONFIG, { cores: '3' })
    expect(answer).toMatchObject({ status: 599, reason: 'Too many redirections', text: '' })
    await set({ faults: [], restProxyTimeoutMs: 20 })
    const lock = await acquireProcessLock({ root, name: 'pve-config-100', timeoutMs: 0 })
    const late = await ask('PUT', CONFIG, { cores: '4' })
    expect(late).toMatchObject({ status: 596, reason: 'Connection timed out', text: '' })
    await lock?.release()
    while (!text('etc/pve/lxc/100.conf').includes('cores: 4\n')) await new Promise(resolve => setTimeout(resolve, 2))
  })

  test('a task that does nothing and fails', async () => {
    const faults = [{ command: 'rest', path: '/snapshot', kind: 'fail-task', stderr: 'no space left' }] as const
    const { ask, endOf } = await restHost({}, { faults })
    const { data } = (await ask('POST', '/nodes/pve/lxc/100/snapshot', { snapname: 'ab' })).json
    expect(await endOf(data)).toBe('no space left')
  })

  test('a certificate of another authority', async () => {
    const { ask, set } = await restHost()
    await set({ restCertificateIsForeign: true })
    await expect(ask('GET', '/version')).rejects.toThrow(/unable to verify|self-signed|unable to get/)
    await set({ restCertificateIsForeign: false })
    expect((await ask('GET', '/version')).status).toBe(200)
  })

  test('a node of the cluster that is away, and one that nobody knows', async () => {
    const { ask } = await restHost({}, { nodes: ['pve', 'b'], offlineNodes: ['b'] })
    expect(await ask('GET', '/nodes/b/status')).toMatchObject({ status: 595, reason: 'No route to host', text: '' })
    expect((await ask('GET', '/nodes/c/status')).reason).toMatch(/^hostname lookup 'c' failed/)
  })

  test('no cluster file system', async () => {
    const { ask } = await restHost({}, { pmxcfs: 'down' })
    const reason = 'RPCEnvironment init request failed: Unable to load access control list: Connection refused'
    expect(await ask('GET', '/version')).toMatchObject({ status: 500, reason })
  })
})

test('any node of a cluster answers for the others, with one authority and one token', async () => {
  const containers = [{ vmid: 100, shape: 'idle', cores: 2 }] as const
  const { hosts } = await createCluster({
    root: scratchDirectory(),
    nodes: [{ containers }, { containers: [{ vmid: 101, shape: 'idle', cores: 2 }] }],
  })
  const [a, b] = hosts.map(({ root }) => new TestHost(root))
  if (a === undefined || b === undefined) throw new Error('the cluster has two nodes')
  for (const { root } of hosts) await updateSettings(root, INSTANT)
  const over = await serve(a)
  const other = await serve(b)
  expect((await over.ask('PUT', '/nodes/b/lxc/101/config', { cores: '4' })).status).toBe(200)
  expect(b.text('etc/pve/lxc/101.conf')).toContain('cores: 4\n')
  const text = (file: string) => readFileSync(file, 'utf8')
  expect(text(other.rest.tokenFile)).toBe(text(over.rest.tokenFile))
  expect(text(other.rest.caFile)).toBe(text(over.rest.caFile))
})
