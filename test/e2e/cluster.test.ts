import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { VERSION } from '@lxc-autoscale/core'
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
import { programFile } from '../fakes/program-file.ts'

const OLDER = '1.9.0'
/** What moves takes so long that the daemons look at it several times meanwhile. */
const COPY_MS = 2_000
const SHUTDOWN_MS = 500
/** Warnings of one kind in all that time. */
const MOST_OF_A_KIND = 8

let cluster: InstalledCluster

beforeAll(async () => {
  const container = (vmid: number) => ({ vmid, shape: 'steady' as const, cores: 2, memoryMb: 1_024 })
  const instant = { snapshotMs: 0, rollbackMs: 0, slowMountMs: 0, cloneMs: 0, resizeMs: 0, destroyMs: 0 }
  cluster = await InstalledCluster.create(
    { a: [container(101), container(102)], b: [container(201)], c: [container(301), container(302)] },
    {
      settings: {
        taskMs: { ...instant, startMs: 200, shutdownMs: SHUTDOWN_MS, migrateMs: COPY_MS },
        cpusetPassMs: 1_000,
        fencingDelayMs: 2_000,
        haManaged: [102, 301],
        keepsJournal: true,
      },
      model: { scaling: { shrink_cooldown_seconds: 2, max_changes_per_hour: 12 } },
    },
  )
  cluster.node('c').installed.use(olderPrograms())
  await cluster.start('a', 'b', 'c')
})

afterAll(() => cluster.remove())

/** The programs as they are, under the name of an earlier version. */
function olderPrograms(): string {
  const folder = join(cluster.root, '..', 'older')
  const built = dirname(programFile('api/bin/lxc-autoscale-api.mjs'))
  const files = readdirSync(built, { encoding: 'utf8', recursive: true }).filter(file => file.endsWith('.mjs'))
  for (const name of files) {
    const text = readFileSync(join(built, name), 'utf8').replaceAll(`"${VERSION}"`, `"${OLDER}"`)
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** What a node tells of the whole cluster. */
async function view(name: string) {
  const { nodes, containers, quorate } = (await cluster.node(name).ask('/resource/cluster/containers')).json.data
  const node = (of: string) => nodes.find((each: { name: string }) => each.name === of)
  const places = containers.map(({ lxc_id, node: at }: { lxc_id: number; node: string }) => `${lxc_id} ${at}`)
  return { node, places, quorate }
}

// Each case begins where the one before it has left the cluster, so that none can be tried twice.
describe('a cluster of three nodes', { retry: 0 }, () => {
  test('each node looks after the containers that run there, and no others; each shows all', async () => {
    const [a, b, c] = [cluster.node('a'), cluster.node('b'), cluster.node('c')]
    await until(() => `${a.known()} ${b.known()} ${c.known()}` === '101,102 201 301,302')
    const configs = await b.ask('/resource/lxc/configs')
    expect(configs.json.data.containers.map(({ lxc_id }: { lxc_id: number }) => lxc_id)).toEqual([201])
    expect(await b.ask('/scale/ram', { lxc_id: 101, memory: 2_048 })).toMatchObject({ status: 404 })
    for (const name of ['a', 'c']) {
      expect((await view(name)).places).toEqual(['101 a', '102 a', '201 b', '301 c', '302 c'])
    }
  })

  test('one that moves is left alone while it moves, forgotten here, known there with its past, and no change of it is lost', async () => {
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
    expect(codes.filter(code => code === 'CONTAINER_LOCKED').length).toBeGreaterThan(3)
    expect(codes.filter(code => !/^CONTAINER_(LOCKED|NOT_FOUND)$/.test(code))).toEqual([])
    expect(cluster.conf(101)).toContain(`memory: ${before}\n`)
    expect(await b.ask('/scale/ram', { lxc_id: 101, memory: before + 64 })).toMatchObject({ status: 200 })
    await until(() => !a.known().includes(101) && b.known().includes(101))
    const past = (await b.ask('/past?lxc_id=101&days=1')).json.data
    expect(past.memory_used_mb_mean.filter((figure: number | null) => figure !== null).length).toBeGreaterThan(1_000)
    const gone = await a.ask('/resource/lxc/config?lxc_id=101')
    expect(gone).toMatchObject({ status: 404, json: { error: 'CONTAINER_NOT_FOUND', node: 'b' } })
  })

  test('one that HA relocates is known there and forgotten here, whichever version looks after either', async () => {
    const [a, c] = [cluster.node('a'), cluster.node('c')]
    expect(await runHaManager(`${cluster.root}/b`, ['relocate', 'ct:102', 'c'])).toMatchObject({ exitCode: 0 })
    await until(() => c.known().includes(102) && !a.known().includes(102))
    expect((await c.ask('/resource/lxc/config?lxc_id=102')).json.data).toMatchObject({ status: 'running', lock: null })
    expect((await view('a')).places).toContain('102 c')
  })

  test('clocks that are five seconds apart make no figure old, and stop nobody', async () => {
    await updateSettings(`${cluster.root}/b`, { clockOffsetMs: 5_000 })
    await updateSettings(`${cluster.root}/c`, { clockOffsetMs: -5_000 })
    await Promise.all(Object.values(cluster.nodes).map(node => node.cycles()))
    // Until what was told before is told anew.
    await until(async () => (await view('b')).node('c').age_seconds >= 5)
    const { node } = await view('a')
    for (const name of ['a', 'b', 'c']) {
      expect(node(name)).toMatchObject({ is_stale: false, online: true })
      expect(node(name).age_seconds).toBeLessThan(10)
      expect(node(name).age_seconds).toBeGreaterThanOrEqual(0)
      expect(cluster.node(name).status()?.cycle.outcome).toBe('decided')
    }
  })

  test('without quorum nothing is changed, and a change is refused with 503; with it all goes on', async () => {
    const [b, c] = [cluster.node('b'), cluster.node('c')]
    const made = async () => (await Promise.all([b.made(), c.made()])).flat().length
    await loseQuorum(cluster.root)
    for (const [node, vmid] of [
      [b, 201],
      [c, 302],
    ] as const) {
      // biome-ignore format: a table
      const refused = await node.ask('/scale/ram', { lxc_id: vmid, memory: 1_800 })
      expect(refused).toMatchObject({ status: 503, json: { error: 'NO_QUORUM' } })
    }
    const before = await made()
    await Promise.all([b.cycles(), c.cycles()])
    expect(await made()).toBe(before)
    expect((await view('b')).quorate).toBe(false)
    await regainQuorum(cluster.root)
    expect(await b.ask('/scale/ram', { lxc_id: 201, memory: 1_800 })).toMatchObject({ status: 200 })
  })

  test('a lost node takes nobody with it; what HA starts elsewhere is known there, and the node comes back', async () => {
    const [a, b, c] = [cluster.node('a'), cluster.node('b'), cluster.node('c')]
    await c.end('SIGKILL')
    await loseNode(cluster.root, 'c')
    const status = await a.ask('/resource/node/status?node_name=c')
    expect(status).toMatchObject({ status: 503, json: { error: 'NODE_OFFLINE' } })
    expect((await view('a')).node('c').online).toBe(false)
    await until(() => [102, 301].every(vmid => [a, b].some(node => node.known().includes(vmid))))
    await bringNodeBack(cluster.root, 'c')
    await cluster.start('c')
    await until(() => `${c.known()}` === '302')
    expect((await a.ask('/resource/node/status?node_name=c')).status).toBe(200)
  })

  test('a node is upgraded while the others have the new version already: API first, then the model', async () => {
    const c = cluster.node('c')
    const version = async () => (await c.ask('/health/check')).json.version
    expect(await version()).toBe(OLDER)
    expect(c.status()?.model_version).toBe(OLDER)
    const history = await c.history()
    const [monitor, api, model] = c.daemons.splice(0)
    await api?.end('SIGTERM')
    c.installed.use(undefined)
    await c.startApi()
    expect(await version()).toBe(VERSION)
    await model?.end('SIGTERM')
    await c.startModel()
    // The line of a cycle is logged before its status is written.
    await until(() => c.status()?.model_version === VERSION)
    expect((await c.history()).slice(-history.length)).toEqual(history)
    await until(() => `${c.known()}` === '302')
    await monitor?.end('SIGTERM')
  })

  test('after all of it no promise was broken, and nobody complained without end', async () => {
    for (const node of Object.values(cluster.nodes)) {
      expect((await node.history()).filter(({ outcome }) => outcome === 'failed')).toEqual([])
      const shrinks = node
        .journal()
        .flatMap(line => (line.kind === 'memory' && line.toBytes < line.fromBytes ? [line] : []))
      expect(shrinks.filter(({ toBytes, floorBytes, kills }) => kills > 0 || toBytes < floorBytes)).toEqual([])
      const locked = node.journal().filter(line => line.kind === 'conf' && line.before?.['lock'] !== undefined)
      expect(locked.filter(({ pid }) => pid !== process.pid)).toEqual([])
      expect(node.complaints('ERROR')).toEqual(new Map())
      // Each request that this test had refused is one.
      const { 'change not made': _, ...warnings } = Object.fromEntries(node.complaints('WARN'))
      expect(Math.max(0, ...Object.values(warnings))).toBeLessThan(MOST_OF_A_KIND)
    }
  })
})
