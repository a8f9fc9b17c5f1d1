import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  bringNodeBack,
  DEFAULT_SETTINGS,
  loseNode,
  loseQuorum,
  regainQuorum,
  updateSettings,
} from '../../../../packages/simulator/src/index.ts'
import { failure, silent } from '../pretend-host.ts'
import { TestCluster } from './pretend-cluster.ts'

describe('/etc/pve', () => {
  test('is the same on all nodes but for what each says of itself', async () => {
    const cluster = await TestCluster.create()
    const vmlist = cluster.text('a', 'etc/pve/.vmlist')
    expect(cluster.text('c', 'etc/pve/.vmlist')).toBe(vmlist)
    expect(JSON.parse(vmlist).ids).toMatchObject({ 101: { node: 'a', type: 'lxc' }, 201: { node: 'b' } })
    expect(cluster.text('c', 'etc/pve/nodes/a/lxc/101.conf')).toBe(cluster.text('a', 'etc/pve/lxc/101.conf'))
    expect(readlinkSync(`${cluster.root}/b/etc/pve/lxc`)).toBe('nodes/b/lxc')
    expect(JSON.parse(cluster.text('b', 'etc/pve/.members'))).toMatchObject({
      nodename: 'b',
      cluster: { nodes: 3, quorate: 1 },
      nodelist: { a: { id: 1, online: 1, ip: '192.0.2.1' }, c: { id: 3, online: 1 } },
    })
  })

  test.each([
    ['pve-vm-9.0', 'pve-node-9.0', 22],
    ['pve2.3-vm', 'pve2-node', 15],
  ] as const)('has the broadcasts of all nodes in .rrd, as %s', async (rrdFormat, nodeKey, figures) => {
    const cluster = await TestCluster.create({ rrdFormat })
    expect(cluster.text('a', 'etc/pve/.rrd')).toBe('\0')
    await cluster.pass(11_000)
    await cluster.pass(11_000)
    expect(cluster.text('c', 'etc/pve/.rrd').endsWith('\n\0')).toBe(true)
    const lines = cluster.rrd('c')
    expect([...lines.keys()].sort()).toEqual(
      [101, 102, 103, 201]
        .map(vmid => `${rrdFormat}/${vmid}`)
        .concat(['a', 'b', 'c'].map(node => `${nodeKey}/${node}`))
        .sort(),
    )
    const running = lines.get(`${rrdFormat}/101`) ?? []
    expect(running).toHaveLength(figures)
    expect(running.slice(1, 6)).toEqual([
      'ct101',
      'running',
      '0',
      String(Math.trunc(cluster.clock.nowMs() / 1_000)),
      '2',
    ])
    expect(Number(running[6])).toBeGreaterThan(0.1)
    const stopped = lines.get(`${rrdFormat}/103`) ?? []
    expect(stopped).toHaveLength(figures)
    expect(stopped.slice(0, 4)).toEqual(['0', 'ct103', 'stopped', '0'])
    expect(stopped[6]).toBe('U')
    expect(lines.get(`${nodeKey}/a`)).toHaveLength(figures)
  })

  test('forgets in .rrd what was not heard of for five minutes, and shows how far the clocks are apart', async () => {
    const cluster = await TestCluster.create()
    await updateSettings(`${cluster.root}/b`, { clockOffsetMs: 5_000 })
    await cluster.pass(11_000)
    const seconds = (key: string, at: number) => Number(cluster.rrd('c').get(key)?.[at])
    expect(seconds('pve-node-9.0/b', 2) - seconds('pve-node-9.0/a', 2)).toBe(5)
    await loseNode(cluster.root, 'b')
    await cluster.pass(200_000)
    expect(cluster.rrd('c').has('pve-vm-9.0/201')).toBe(true)
    await cluster.pass(101_000)
    expect(cluster.rrd('c').has('pve-vm-9.0/201')).toBe(false)
    expect(cluster.rrd('c').has('pve-vm-9.0/101')).toBe(true)
  })
})

describe('pct migrate', () => {
  test('moves a stopped container, with its load, and leaves nothing behind', async () => {
    const cluster = await TestCluster.create()
    const { stdout, stderr, exitCode } = await cluster.pct('a', 'migrate 103 b')
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(stdout.replaceAll(/^\S+ \S+ /gm, '').split('\n')).toEqual([
      "starting migration of CT 103 to node 'b' (192.0.2.2)",
      "found local volume 'local-lvm:vm-103-disk-0' (in current VM config)",
      "volume 'local-lvm:vm-103-disk-0' is 'local-lvm:vm-103-disk-0' on the target",
      'start final cleanup',
      'migration finished successfully (duration 00:00:00)',
      '',
    ])
    expect(await cluster.place(103)).toBe('b status: stopped')
    expect(await cluster.pct('a', 'status 103')).toEqual(
      failure("Configuration file 'nodes/a/lxc/103.conf' does not exist\n", 2),
    )
    expect(await cluster.pct('b', 'start 103')).toEqual(silent)
  })

  test('shuts a running one down and starts it over there in restart mode, locked meanwhile', async () => {
    const cluster = await TestCluster.create({ taskMs: DEFAULT_SETTINGS.taskMs })
    const seen: string[] = []
    const sleep = cluster.clock.sleep.bind(cluster.clock)
    cluster.clock.sleep = async ms => {
      const { node } = JSON.parse(cluster.text('b', 'etc/pve/.vmlist')).ids[101]
      seen.push(/^lock: (.*)$/m.exec(cluster.text(node, 'etc/pve/lxc/101.conf'))?.[1] ?? 'none')
      await sleep(ms)
    }
    expect((await cluster.pct('a', 'migrate 101 c --restart')).exitCode).toBe(0)
    expect(seen.filter(lock => lock === 'migrate')).toHaveLength(1)
    cluster.clock.sleep = sleep
    expect(await cluster.place(101)).toBe('c status: running')
    expect(existsSync(`${cluster.root}/a/sys/fs/cgroup/lxc/101`)).toBe(false)
    expect(readdirSync(`${cluster.root}/c/sys/fs/cgroup/lxc`)).toContain('101')
    expect(cluster.text('c', 'etc/pve/lxc/101.conf')).not.toContain('lock:')
  })

  test.each([
    ['101 b', "can't migrate running container without --online or --restart\n", 255],
    ['103 x', "no such cluster node 'x'\n", 255],
    [
      '103 a',
      '400 Parameter verification failed.\ntarget: target is local node.\npct migrate <vmid> <target> [OPTIONS]\n',
      2,
    ],
    ['999 b', "Configuration file 'nodes/a/lxc/999.conf' does not exist\n", 2],
  ])('refuses %s at once', async (words, stderr, exitCode) => {
    const cluster = await TestCluster.create()
    expect(await cluster.pct('a', `migrate ${words}`)).toEqual(failure(stderr, exitCode))
  })

  test('is given up when the other node is off, or when it should run on', async () => {
    const cluster = await TestCluster.create()
    const online = await cluster.pct('a', 'migrate 101 b --online')
    expect(online).toMatchObject({ stderr: 'migration aborted\n', exitCode: 255 })
    expect(online.stdout).toContain(
      'ERROR: migration aborted (duration 00:00:00): lxc live migration is currently not implemented',
    )
    await loseNode(cluster.root, 'b')
    expect((await cluster.pct('a', 'migrate 101 b --restart')).stdout).toContain(
      "Can't connect to destination address using public key",
    )
    expect(await cluster.pct('a', 'status 101')).toMatchObject({ stdout: 'status: running\n' })
  })
})

describe('the HA manager', () => {
  test('carries out a command after its delay, and tells what it does', async () => {
    const cluster = await TestCluster.create()
    expect(await cluster.ha('b', 'add ct:101')).toEqual(silent)
    await cluster.pass(1_000)
    expect(await cluster.ha('c', 'relocate ct:101 c')).toEqual(silent)
    expect(cluster.text('a', 'etc/pve/ha/crm_commands')).toBe('relocate ct:101 c\n')
    await cluster.pass(1_000)
    expect(cluster.text('a', 'etc/pve/ha/crm_commands')).toBe('')
    await cluster.pass(1_000)
    await cluster.pass(1_000)
    expect(await cluster.place(101)).toBe('c status: running')
    expect(JSON.parse(cluster.text('b', 'etc/pve/ha/manager_status'))).toMatchObject({
      master_node: 'a',
      node_status: { a: 'online', b: 'online', c: 'online' },
      service_status: { 'ct:101': { node: 'c', state: 'started', running: 1 } },
    })
    expect((await cluster.ha('b', 'status')).stdout).toMatch(
      /^quorum OK\nmaster a \(active, .*\n(lrm . \(active.*\n){3}service ct:101 \(c, started\)\n$/,
    )
  })

  test('is asked by pct migrate of what it looks after', async () => {
    const cluster = await TestCluster.create({ haManaged: [102] })
    expect(await cluster.pct('a', 'migrate 102 b --restart')).toMatchObject({
      stdout: 'Requesting HA migration for CT 102 to node b\n',
      exitCode: 0,
    })
    for (let look = 0; look < 3; look++) await cluster.pass(1_000)
    expect(await cluster.place(102)).toBe('b status: running')
    expect(await cluster.ha('a', 'migrate ct:101 b')).toEqual(failure("resource 'ct:101' is not HA managed\n"))
  })

  test('starts the containers of a lost node elsewhere once it is fenced, and no others', async () => {
    const cluster = await TestCluster.create({ haManaged: [101], fencingDelayMs: 60_000 })
    await cluster.pass(1_000)
    await loseNode(cluster.root, 'a')
    await cluster.pass(1_000)
    await cluster.pass(30_000)
    expect(JSON.parse(cluster.text('b', 'etc/pve/.members')).nodelist.a).toEqual({ id: 1, online: 0 })
    expect(JSON.parse(cluster.text('b', 'etc/pve/ha/manager_status'))).toMatchObject({
      master_node: 'b',
      node_status: { a: 'unknown' },
    })
    await cluster.pass(31_000)
    await cluster.pass(1_000)
    expect(await cluster.place(101)).toBe('c status: running')
    expect(await cluster.place(102)).toBe('a status: stopped')
    await bringNodeBack(cluster.root, 'a')
    expect(await cluster.place(102)).toBe('a status: running')
    expect(await cluster.place(101)).toBe('c status: running')
  })
})

test('without quorum every node is alone, and nothing is moved', async () => {
  const cluster = await TestCluster.create({ haManaged: [101] })
  await loseQuorum(cluster.root)
  expect(JSON.parse(cluster.text('b', 'etc/pve/.members'))).toMatchObject({
    cluster: { quorate: 0 },
    nodelist: { a: { online: 0 }, b: { online: 1 }, c: { online: 0 } },
  })
  expect((await cluster.pct('a', 'migrate 103 b')).stderr).toBe('cluster not ready - no quorum?\n')
  expect((await cluster.pct('b', 'set 201 --memory 700')).stderr).toContain('Permission denied')
  await regainQuorum(cluster.root)
  expect(await cluster.pct('b', 'set 201 --memory 700')).toEqual(silent)
})

test('two of three nodes lost is quorum lost', async () => {
  const cluster = await TestCluster.create()
  await loseNode(cluster.root, 'a')
  expect(JSON.parse(cluster.text('c', 'etc/pve/.members')).cluster.quorate).toBe(1)
  await loseNode(cluster.root, 'b')
  expect(JSON.parse(cluster.text('c', 'etc/pve/.members')).cluster.quorate).toBe(0)
})

test('pvesh asks the node that is meant', async () => {
  const cluster = await TestCluster.create()
  const list = await cluster.pvesh('a', 'get /nodes/b/lxc')
  expect(JSON.parse(list.stdout).map(({ vmid }: { vmid: number }) => vmid)).toEqual([201])
  const all = JSON.parse((await cluster.pvesh('c', 'get /cluster/resources')).stdout)
  expect(all.map(({ id, node }: Record<string, string>) => `${id} ${node}`).sort()).toEqual([
    'lxc/101 a',
    'lxc/102 a',
    'lxc/103 a',
    'lxc/201 b',
    'node/a a',
    'node/b b',
    'node/c c',
  ])
  await loseNode(cluster.root, 'b')
  expect(await cluster.pvesh('a', 'get /nodes/b/status')).toEqual(
    failure('proxy handler failed: ssh: connect to host 192.0.2.2 port 22: No route to host\n'),
  )
})

test('pvesh changes a container of another node over there, and tells what went wrong there', async () => {
  const cluster = await TestCluster.create()
  const set = (words: string) => cluster.pvesh('a', `set /nodes/b/lxc/201/config ${words}`)
  expect(await set('--memory 700 --cores 1')).toEqual(silent)
  expect(cluster.text('b', 'etc/pve/lxc/201.conf')).toContain('memory: 700\n')
  expect(cluster.text('b', 'sys/fs/cgroup/lxc/201/memory.max')).toBe(`${700 * 2 ** 20}\n`)
  expect(await set('--memory 600 --digest 0123456789')).toEqual(
    failure('proxy handler failed: detected modified configuration - file changed by other user? Try again.\n'),
  )
  await cluster.pct('b', 'set 201 --lock backup')
  expect(await set('--memory 600')).toEqual(failure('proxy handler failed: CT is locked (backup)\n'))
  expect(await cluster.pvesh('a', 'create /nodes/b/lxc/201/nothing')).toEqual(
    failure("no 'create' handler for '/nodes/b/lxc/201/nothing'\n"),
  )
})
