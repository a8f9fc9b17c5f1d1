import {
  bringNodeBack,
  loseNode,
  loseQuorum,
  regainQuorum,
  runHaManager,
  runPct,
  updateSettings,
} from '@lxc-autoscale/simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InstalledCluster, until } from '../fakes/installed-cluster.ts'

const MODEL = { scaling: { shrink_cooldown_seconds: 2, max_changes_per_hour: 12 } }
/** What moves takes so long that the daemons look at it several times meanwhile. */
const COPY_MS = 3_000
const SHUTDOWN_MS = 500

let cluster: InstalledCluster

beforeAll(async () => {
  const container = (vmid: number, memoryMb = 1_024) => ({ vmid, shape: 'steady' as const, cores: 2, memoryMb })
  const taskMs = { snapshotMs: 0, rollbackMs: 0, slowMountMs: 0, cloneMs: 0, resizeMs: 0, destroyMs: 0 }
  cluster = await InstalledCluster.create(
    { a: [container(101), container(102)], b: [container(201)], c: [container(301), container(302)] },
    {
      settings: {
        taskMs: { ...taskMs, startMs: 200, shutdownMs: SHUTDOWN_MS, migrateMs: COPY_MS },
        cpusetPassMs: 1_000,
        fencingDelayMs: 2_000,
        haManaged: [102, 301],
        keepsJournal: true,
      },
      model: MODEL,
    },
  )
  await cluster.start('a', 'b', 'c')
})

afterAll(() => cluster.remove())

// Each case begins where the one before it has left the cluster, so that none can be tried twice.
describe('a cluster of three nodes', { retry: 0 }, () => {
  test('each node looks after the containers that run there, and no others', async () => {
    const [a, b, c] = [cluster.node('a'), cluster.node('b'), cluster.node('c')]
    await until(() => `${a.known()} ${b.known()} ${c.known()}` === '101,102 201 301,302')
    const configs = await b.ask('/resource/lxc/configs')
    expect(configs.json.data.containers.map(({ lxc_id }: { lxc_id: number }) => lxc_id)).toEqual([201])
    expect(await b.ask('/scale/ram', { lxc_id: 101, memory: 2_048 })).toMatchObject({ status: 404 })
  })

  test('a container that moves is left alone while it moves, forgotten here, known there, and no change of it is lost', async () => {
    const [a, b] = [cluster.node('a'), cluster.node('b')]
    const before = await a.memoryMb(101)
    let isMoving = true
    const moved = runPct(`${cluster.root}/a`, ['migrate', '101', 'b', '--restart']).finally(() => {
      isMoving = false
    })
    await until(() => /^lock: migrate$/m.test(cluster.conf(101)))
    const codes: string[] = []
    while (isMoving) {
      codes.push((await a.ask('/scale/ram', { lxc_id: 101, memory: before + 64 })).json.error)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    expect(await moved).toMatchObject({ exitCode: 0 })
    expect(codes.filter(code => code === 'CONTAINER_LOCKED').length).toBeGreaterThan(5)
    expect(codes.filter(code => !/^CONTAINER_(LOCKED|NOT_FOUND)$/.test(code))).toEqual([])
    expect(cluster.conf(101)).toContain(`memory: ${before}\n`)
    expect(await b.ask('/scale/ram', { lxc_id: 101, memory: before + 64 })).toMatchObject({ status: 200 })
    await until(() => !a.known().includes(101) && b.known().includes(101))
    expect(await a.ask('/resource/lxc/config?lxc_id=101')).toMatchObject({ status: 404 })
  })

  test('one that the HA manager relocates is not changed from its shutdown to its start', async () => {
    const [a, c] = [cluster.node('a'), cluster.node('c')]
    expect(await runHaManager(`${cluster.root}/b`, ['relocate', 'ct:102', 'c'])).toMatchObject({ exitCode: 0 })
    await until(() => c.known().includes(102) && !a.known().includes(102))
    expect((await c.ask('/resource/lxc/config?lxc_id=102')).json.data).toMatchObject({ status: 'running', lock: null })
  })

  test('clocks that are five seconds apart change nothing', async () => {
    await updateSettings(`${cluster.root}/b`, { clockOffsetMs: 5_000 })
    const b = cluster.node('b')
    const before = b.status()?.cycle.number ?? 0
    await until(() => (b.status()?.cycle.number ?? 0) > before + 2)
    expect(b.status()?.cycle.outcome).toBe('decided')
  })

  test('without quorum nothing is changed, and a change is refused with 503; with it all goes on', async () => {
    const nodes = [cluster.node('b'), cluster.node('c')]
    await loseQuorum(cluster.root)
    const [onB, onC] = await Promise.all([
      nodes[0]?.ask('/scale/ram', { lxc_id: 201, memory: 1_800 }),
      nodes[1]?.ask('/scale/ram', { lxc_id: 302, memory: 1_800 }),
    ])
    for (const answer of [onB, onC]) expect(answer).toMatchObject({ status: 503, json: { error: 'NO_QUORUM' } })
    const before = nodes.map(node => node.status()?.cycle.number ?? 0)
    await until(() => nodes.every((node, at) => (node.status()?.cycle.number ?? 0) > (before[at] ?? 0) + 2))
    await regainQuorum(cluster.root)
    expect(await nodes[0]?.ask('/scale/ram', { lxc_id: 201, memory: 1_800 })).toMatchObject({ status: 200 })
  })

  test('a lost node takes nothing with it but itself; what HA starts elsewhere is known there, and the node comes back', async () => {
    const [a, b, c] = [cluster.node('a'), cluster.node('b'), cluster.node('c')]
    await c.kill()
    await loseNode(cluster.root, 'c')
    expect(await a.ask('/resource/node/status?node_name=c')).toMatchObject({
      status: 503,
      json: { error: 'NODE_OFFLINE' },
    })
    await until(
      () => [a, b].some(node => node.known().includes(301)) && [a, b].some(node => node.known().includes(102)),
    )
    await bringNodeBack(cluster.root, 'c')
    await cluster.start('c')
    await until(() => `${c.known()}` === '302')
    expect((await a.ask('/resource/node/status?node_name=c')).status).toBe(200)
  })

  test('after all of it every change was made as promised, and nobody complained for nothing', async () => {
    for (const node of Object.values(cluster.nodes)) {
      const history = await node.history()
      expect(history.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      for (const line of node.journal()) {
        // P1; and no container is changed that is locked.
        if (line.kind === 'memory') expect(line).toMatchObject({ kills: 0 })
        if (line.kind === 'memory' && line.toBytes < line.fromBytes)
          expect(line.toBytes).toBeGreaterThan(line.floorBytes)
      }
      console.log(
        node.name,
        history
          .map(({ time, lxc_id, outcome, message, error }) => `${time} ${lxc_id} ${outcome} ${error} ${message}`)
          .join('\n'),
        node.complaints().join('\n'),
      )
    }
  })
})
