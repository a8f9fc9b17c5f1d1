import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { caseText } from '../../builders/case-text.ts'
import { type GuestFiles, HostTree } from '../../builders/host-tree.ts'
import { monitorCycle } from '../../builders/monitor-cycle.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

const MB = 1_048_576
const using = (usedMb: number, limitMb: number): GuestFiles => ({
  currentBytes: usedMb * MB,
  anonBytes: usedMb * MB,
  fileBytes: 0,
  shmemBytes: 0,
  kernelBytes: 0,
  memoryMax: String(limitMb * MB),
})

async function guest(files: GuestFiles, texts: Readonly<Record<string, string>> = {}) {
  const tree = new HostTree(temporaryDirectory())
  tree.configure(101)
  tree.start(101, files)
  const { clock, sampleOf } = monitorCycle({ host: tree.host })
  async function eventsAfter(change: () => void) {
    change()
    await clock.advance(10_000)
    return (await sampleOf(101))?.memoryEvents
  }
  const group = (name: string, text: string) => tree.write(`sys/fs/cgroup/lxc/101/${name}`, text)
  for (const [name, text] of Object.entries(texts)) group(name, text)
  await sampleOf(101)
  return { tree, eventsAfter, group }
}

describe('kills on cgroup v2', () => {
  test('at a limit inside the container are told from its own', async () => {
    const { group, eventsAfter } = await guest(using(4, 1_024), {
      'memory.events': 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n',
      'memory.events.local': caseText('memory.events.local-nested-kill'),
    })
    const events = await eventsAfter(() => group('memory.events', caseText('memory.events-nested-kill')))
    expect(events).toEqual({ high: 0, max: 0, innerMax: 12, oomKill: 0, innerOomKill: 1 })
    for (let kills = 2; kills < 6; kills++) {
      const more = await eventsAfter(() => group('memory.events', `low 0\nhigh 0\nmax 12\noom 1\noom_kill ${kills}\n`))
      expect(more).toMatchObject({ oomKill: 0, innerOomKill: 1 })
    }
  })

  test('cannot be more after a quiet time than in one cycle', async () => {
    const { tree, eventsAfter } = await guest(using(4, 1_024))
    for (let cycle = 0; cycle < 60; cycle++) await eventsAfter(() => {})
    const events = await eventsAfter(() => tree.set(101, { ...using(4, 1_024), oomKills: 5_000_000 }))
    expect(events).toMatchObject({ oomKill: undefined })
    expect(events?.innerOomKill ?? 0).toBe(0)
  })

  test('are its own when it was out of memory itself, in this cycle or the one before', async () => {
    const { tree, eventsAfter } = await guest(using(500, 512))
    const states = [
      { ownOoms: 1, oomKills: 0 },
      { ownOoms: 1, oomKills: 3 },
      { ownOoms: 1, oomKills: 4 },
    ]
    const found = []
    for (const state of states) {
      const events = await eventsAfter(() => tree.set(101, { ...using(500, 512), ...state }))
      found.push([events?.oomKill, events?.innerOomKill])
    }
    expect(found).toEqual([
      [0, 0],
      [3, 0],
      [0, 1],
    ])
  })

  test.each([
    ['stood near its limit', using(500, 512), using(500, 512), [2, 0]],
    ['stood near its limit a cycle before', using(500, 512), using(20, 512), [2, 0]],
    ['stood far from its limit', using(300, 2_048), using(300, 2_048), [0, 2]],
    ['got another limit meanwhile: it cannot be told', using(20, 2_048), using(20, 1_024), [2, 0]],
  ])('of a container that %s, on a kernel that does not tell them apart', async (_, before, after, expected) => {
    const { tree, eventsAfter } = await guest(before)
    rmSync(join(tree.cgroup(101), 'memory.events.local'))
    tree.start(101, before)
    rmSync(join(tree.cgroup(101), 'memory.events.local'))
    await eventsAfter(() => {})
    const events = await eventsAfter(() => {
      tree.set(101, { ...after, oomKills: 2 })
      rmSync(join(tree.cgroup(101), 'memory.events.local'))
    })
    expect([events?.oomKill, events?.innerOomKill]).toEqual(expected)
  })
})

describe('kills on cgroup v1', () => {
  /** A container on a host with cgroup v1 that uses and may use so many MB; all counters are 0. */
  async function legacyGuest(usedMb: number, limitMb: number) {
    const root = temporaryDirectory()
    const tree = new HostTree(root)
    rmSync(join(root, 'sys/fs/cgroup'), { recursive: true })
    const write = (path: string, text: string) => tree.write(`sys/fs/cgroup/${path}`, text)
    for (const controller of ['cpuset', 'memory']) write(`${controller}/cgroup.procs`, '')
    write('cpuset/lxc/101/cgroup.procs', '')
    write('cpuset/lxc/101/ns/cgroup.procs', '1010\n')
    write('cpuset/lxc/101/cpuset.effective_cpus', '0-3\n')
    tree.write('proc/1010/status', 'NSpid:\t1010\t1\n')
    write('memory/lxc/101/memory.usage_in_bytes', `${usedMb * MB}\n`)
    write('memory/lxc/101/memory.limit_in_bytes', `${limitMb * MB}\n`)
    const stat = { total_rss: usedMb * MB, total_active_anon: usedMb * MB }
    const zeros = { total_cache: 0, total_shmem: 0, total_inactive_anon: 0, total_unevictable: 0 }
    const lines = Object.entries({ ...stat, ...zeros }).map(([key, value]) => `${key} ${value}\n`)
    write('memory/lxc/101/memory.stat', lines.join(''))
    function count({ failures = 0, swapFailures = 0, kills = 0, peakMb = usedMb }) {
      write('memory/lxc/101/memory.max_usage_in_bytes', `${peakMb * MB}\n`)
      write('memory/lxc/101/memory.failcnt', `${failures}\n`)
      write('memory/lxc/101/memory.memsw.failcnt', `${swapFailures}\n`)
      write('memory/lxc/101/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n')
      write('memory/lxc/101/ns/memory.oom_control', `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`)
    }
    count({})
    tree.configure(101)
    const { clock, sampleOf } = monitorCycle({ host: tree.host })
    await sampleOf(101)
    await clock.advance(10_000)
    await sampleOf(101)
    await clock.advance(10_000)
    return { count, sampleOf }
  }

  test.each([
    ['its limit was met', 4, { failures: 60, kills: 1 }, [1, 0]],
    ['its limit of memory and swap was met', 4, { swapFailures: 60, kills: 1 }, [1, 0]],
    ['no limit of its own was met', 4, { kills: 1 }, [0, 1]],
    ['it stood near its limit', 1_000, { kills: 1 }, [1, 0]],
    ['it has been at its limit, on a kernel that does not count that', 4, { kills: 1, peakMb: 1_024 }, [1, 0]],
  ])('when %s', async (_, usedMb, counts, expected) => {
    const { count, sampleOf } = await legacyGuest(usedMb, 1_024)
    count(counts)
    const events = (await sampleOf(101))?.memoryEvents
    expect([events?.oomKill, events?.innerOomKill]).toEqual(expected)
  })

  test('are inner ones when it has been at its limit before, and that was counted', async () => {
    const { count, sampleOf } = await legacyGuest(4, 1_024)
    for (const kills of [0, 0, 1]) {
      count({ failures: 9, peakMb: 1_024, kills })
      const events = (await sampleOf(101))?.memoryEvents
      if (kills > 0) expect([events?.oomKill, events?.innerOomKill]).toEqual([0, 1])
    }
  })

  test('are not believed when there are more than there can be, and those after it are', async () => {
    const { count, sampleOf } = await legacyGuest(1_000, 1_024)
    count({ kills: 2 ** 63 })
    expect((await sampleOf(101))?.memoryEvents).toMatchObject({ oomKill: undefined, innerOomKill: undefined })
    count({ kills: 1 })
    expect((await sampleOf(101))?.memoryEvents?.oomKill).toBe(1)
  })
})
