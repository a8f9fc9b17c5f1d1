import { closeSync, openSync, readlinkSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FileCalls } from '../../../packages/host/src/host-files.ts'
import type { FilesystemAnswer } from '../../../packages/monitor/src/host/filesystem-probe.ts'
import { caseText } from '../../builders/case-text.ts'
import { HostTree } from '../../builders/host-tree.ts'
import { type CycleSetUp, monitorCycle } from '../../builders/monitor-cycle.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

const MB = 1_048_576
const GB = 1_024 * MB

function setUp(parts: CycleSetUp['parts'] = {}) {
  const tree = new HostTree(temporaryDirectory())
  tree.configure(101, ['net0: name=eth0,bridge=vmbr0'])
  tree.start(101)
  return { tree, ...monitorCycle({ host: tree.host, parts }) }
}

describe('the processor', () => {
  test('is not known at the first reading', async () => {
    const { sampleOf } = setUp()
    expect(await sampleOf(101)).toMatchObject({
      cpuCoresUsed: undefined,
      cpuUsagePercent: undefined,
      cpuThrottledPercent: undefined,
      cpuCores: 2,
    })
  })

  test('is the growth of the counter over the time that passed, in cores and of the allowed cores', async () => {
    const { tree, clock, sampleOf } = setUp()
    await sampleOf(101)
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 1_000_000 + 5_000_000 })
    expect(await sampleOf(101)).toMatchObject({ cpuCoresUsed: 0.5, cpuUsagePercent: 25, cpuCores: 2 })
  })

  test.each([
    ['the CPU set', { cpus: '0,2,5-7' }, 5],
    ['the quota where it is smaller', { cpus: '0-3', cpuMax: '150000 100000' }, 1.5],
    ['the CPU set where the quota is larger', { cpus: '3', cpuMax: '800000 100000' }, 1],
  ])('is allowed by %s', async (_, files, cores) => {
    const { tree, sampleOf } = setUp()
    tree.set(101, files)
    expect(await sampleOf(101)).toMatchObject({ cpuCores: cores })
  })

  test('is allowed all CPUs of the host without the cpuset controller', async () => {
    const { tree, sampleOf } = setUp()
    rmSync(join(tree.cgroup(101), 'cpuset.cpus.effective'))
    tree.write('sys/fs/cgroup/lxc/101/cgroup.controllers', 'cpu memory pids\n')
    expect(await sampleOf(101)).toMatchObject({ cpuCores: 4 })
  })

  test.each(['cpuset.cpus.effective', 'cpu.max'])(
    'is not known while %s is missing and should be there',
    async name => {
      const { tree, sampleOf } = setUp()
      rmSync(join(tree.cgroup(101), name))
      tree.write('sys/fs/cgroup/lxc/101/cgroup.controllers', 'cpuset cpu memory pids\n')
      expect(await sampleOf(101)).toMatchObject({ cpuCores: undefined })
    },
  )

  test('is measured against what is allowed now, so that a change of the CPU set does not distort it', async () => {
    const { tree, clock, sampleOf } = setUp()
    await sampleOf(101)
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 1_000_000 + 10_000_000, cpus: '0-3' })
    expect(await sampleOf(101)).toMatchObject({ cpuCoresUsed: 1, cpuCores: 4, cpuUsagePercent: 25 })
  })

  test('never shows more than all of what is allowed', async () => {
    const { tree, clock, sampleOf } = setUp()
    await sampleOf(101)
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 1_000_000 + 20_000_000, cpus: '0' })
    expect(await sampleOf(101)).toMatchObject({ cpuCoresUsed: 2, cpuCores: 1, cpuUsagePercent: 100 })
  })

  test('shows the share of the periods in which the quota throttled', async () => {
    const { tree, clock, sampleOf } = setUp()
    tree.set(101, { periods: 1_000, throttled: 900 })
    await sampleOf(101)
    await clock.advance(10_000)
    tree.set(101, { periods: 1_100, throttled: 925 })
    expect(await sampleOf(101)).toMatchObject({ cpuThrottledPercent: 25 })
    await clock.advance(10_000)
    expect(await sampleOf(101)).toMatchObject({ cpuThrottledPercent: 0 })
  })
})

describe('rates are not known', () => {
  const unknown = { cpuCoresUsed: undefined, cpuUsagePercent: undefined }

  async function busySecond() {
    const all = setUp()
    await all.sampleOf(101)
    await all.clock.advance(10_000)
    all.tree.set(101, { usageUsec: 6_000_000 })
    return all
  }

  test.each([
    ['forwards', 3_600_000],
    ['back', -3_600_000],
  ])('when the clock was set %s, and are known again in the cycle after', async (_, stepMs) => {
    const { tree, clock, sampleOf, messages } = await busySecond()
    clock.stepWallMs(stepMs)
    expect(await sampleOf(101)).toMatchObject(unknown)
    expect(messages('warn').join()).toContain('the clock was set')
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 16_000_000 })
    expect(await sampleOf(101)).toMatchObject({ cpuCoresUsed: 1 })
  })

  test('after the machine slept: the wall clock went on, the monotonic one did not', async () => {
    const { clock, sampleOf } = await busySecond()
    clock.stepWallMs(8 * 3_600_000)
    expect(await sampleOf(101)).toMatchObject(unknown)
  })

  test('after a restart, even when the counter is already higher than before', async () => {
    const { tree, clock, sampleOf } = await busySecond()
    const before = await sampleOf(101)
    await clock.advance(10_000)
    tree.start(101, { usageUsec: 900_000_000, oomKills: 3 })
    const after = await sampleOf(101)
    expect(after).toMatchObject({ ...unknown, memoryEvents: undefined })
    expect(after?.runId).not.toBe(before?.runId)
  })

  test('when the counter went backwards', async () => {
    const { tree, clock, sampleOf } = setUp()
    tree.set(101, { usageUsec: 3_600_000_000 })
    await sampleOf(101)
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 10 })
    expect(await sampleOf(101)).toMatchObject(unknown)
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 10 + 10_000_000 })
    expect(await sampleOf(101)).toMatchObject({ cpuCoresUsed: 1 })
  })

  test('when a reading failed, and in the cycle after, which has nothing to compare with', async () => {
    const { tree, clock, sampleOf } = await busySecond()
    tree.write('sys/fs/cgroup/lxc/101/cpu.stat', '')
    expect(await sampleOf(101)).toMatchObject(unknown)
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 1_000_000 + 20_000_000 })
    expect(await sampleOf(101)).toMatchObject(unknown)
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 1_000_000 + 30_000_000 })
    expect(await sampleOf(101)).toMatchObject({ cpuCoresUsed: 1 })
  })
})

describe('memory', () => {
  test('is what is in use: no page cache, but shared memory and tmpfs', async () => {
    const { tree, sampleOf } = setUp()
    tree.set(101, {
      currentBytes: 300 * MB,
      anonBytes: 90 * MB,
      fileBytes: 200 * MB,
      shmemBytes: 60 * MB,
      kernelBytes: 10 * MB,
    })
    expect(await sampleOf(101)).toMatchObject({ memoryUsageMb: 160, memoryFloorMb: 160, memoryLimitMb: 512 })
  })

  test('in use is never less than what cannot be reclaimed, though the kernel counts the two at different moments', async () => {
    const { tree, sampleOf } = setUp()
    tree.set(101, {
      currentBytes: 150 * MB,
      anonBytes: 90 * MB,
      fileBytes: 200 * MB,
      shmemBytes: 0,
      kernelBytes: 5 * MB,
    })
    expect(await sampleOf(101)).toMatchObject({ memoryUsageMb: 95, memoryFloorMb: 95 })
  })

  test('has a floor that counts locked pages once', async () => {
    const { tree, sampleOf } = setUp()
    tree.set(101, { currentBytes: 1_060 * MB })
    const stat =
      'anon 100\nfile 900\nkernel 50\nshmem 10\ninactive_anon 40\nactive_anon 30\nunevictable 300\nslab_reclaimable 20\n'
    tree.write(
      'sys/fs/cgroup/lxc/101/memory.stat',
      stat.replaceAll(/\d+/g, number => String(Number(number) * MB)),
    )
    expect(await sampleOf(101)).toMatchObject({ memoryFloorMb: 40 + 30 + 300 + 30 })
  })

  test('has a floor on kernels that do not sum up their own memory', async () => {
    const { tree, sampleOf } = setUp()
    const stat =
      'anon 100\nfile 9\nkernel_stack 1\npagetables 2\nsock 4\nshmem 0\ninactive_anon 0\nactive_anon 100\nunevictable 0\nslab_reclaimable 20\nslab_unreclaimable 8\n'
    tree.write(
      'sys/fs/cgroup/lxc/101/memory.stat',
      stat.replaceAll(/\d+/g, number => String(Number(number) * MB)),
    )
    expect(await sampleOf(101)).toMatchObject({ memoryFloorMb: 100 + 1 + 2 + 4 + 8 })
  })

  test('has no limit where there is none', async () => {
    const { tree, sampleOf } = setUp()
    tree.set(101, { memoryMax: 'max' })
    expect(await sampleOf(101)).toMatchObject({ memoryLimitMb: undefined, memoryUsageMb: 120 })
  })

  test('shows the events since the last cycle', async () => {
    const { tree, sampleOf } = setUp()
    expect(await sampleOf(101)).toMatchObject({ memoryEvents: undefined })
    tree.set(101, { oomKills: 2 })
    expect(await sampleOf(101)).toMatchObject({ memoryEvents: { high: 0, max: 0, oomKill: 2 } })
    expect(await sampleOf(101)).toMatchObject({ memoryEvents: { oomKill: 0 } })
  })

  test('in swap is measured against the swap of the host where it has no limit of its own', async () => {
    const { tree, sampleOf } = setUp()
    tree.set(101, { swapBytes: 5 * MB })
    expect(await sampleOf(101)).toMatchObject({ swapUsageMb: 5, swapTotalMb: 1_024 })
    tree.write('sys/fs/cgroup/lxc/101/memory.swap.max', `${64 * MB}\n`)
    expect(await sampleOf(101)).toMatchObject({ swapTotalMb: 64 })
  })
})

describe('traffic', () => {
  test('of the network is that of the configured interfaces: no loopback, nothing that a bridge inside passes on', async () => {
    const { tree, sampleOf } = setUp()
    tree.set(101, { rxBytes: 1_234 })
    expect(await sampleOf(101)).toMatchObject({ networkUsage: { rxBytes: 1_234, txBytes: 2_468 } })
  })

  test('of the network is all but loopback where no interface is configured', async () => {
    const { tree, sampleOf } = setUp()
    tree.configure(101)
    tree.set(101, { rxBytes: 1_000 })
    expect(await sampleOf(101)).toMatchObject({ networkUsage: { rxBytes: 1_005, txBytes: 2_010 } })
  })

  test('of disks counts operations', async () => {
    const { sampleOf } = setUp()
    expect(await sampleOf(101)).toMatchObject({ ioStats: { reads: 100, writes: 200 } })
  })

  test('of disks counts figures behind several devices for the last one, whatever the others are', async () => {
    const tree = new HostTree(temporaryDirectory())
    tree.configure(101)
    tree.start(101)
    tree.write('proc/diskstats', caseText('diskstats-for-merged-line'))
    tree.write('sys/fs/cgroup/lxc/101/io.stat', caseText('io.stat-merged-line'))
    const countsDevice = (device: string) => device.startsWith('8:')
    const { sampleOf } = monitorCycle({ host: tree.host, parts: { countsDevice } })
    expect(await sampleOf(101)).toMatchObject({ ioStats: { reads: 100, writes: 200 } })
  })

  test('of disks leaves out excluded devices, and is not known when only those had any', async () => {
    const { tree, sampleOf } = setUp({ countsDevice: device => device === '259:0' })
    tree.write('sys/fs/cgroup/lxc/101/io.stat', '253:5 rios=7 wios=7\n259:0 rios=1 wios=2\n')
    expect(await sampleOf(101)).toMatchObject({ ioStats: { reads: 1, writes: 2 } })
    tree.write('sys/fs/cgroup/lxc/101/io.stat', '253:5 rios=7 wios=7\n')
    expect(await sampleOf(101)).toMatchObject({ ioStats: undefined })
    tree.write('sys/fs/cgroup/lxc/101/io.stat', '')
    expect(await sampleOf(101)).toMatchObject({ ioStats: { reads: 0, writes: 0 } })
  })
})

describe('a sample', () => {
  test('has the pressure of the kernel, or none', async () => {
    const { tree, sampleOf } = setUp()
    expect(await sampleOf(101)).toMatchObject({
      pressure: {
        cpuSomePercent: 1.5,
        memorySomePercent: 1.5,
        memoryFullPercent: 0.5,
        ioSomePercent: 1.5,
        ioFullPercent: 0.5,
      },
    })
    tree.start(101)
    for (const name of ['cpu', 'memory', 'io']) rmSync(join(tree.cgroup(101), `${name}.pressure`))
    expect(await sampleOf(101)).toMatchObject({ pressure: undefined })
  })

  test('shares processor and memory out among the processes', async () => {
    const { tree, clock, sampleOf } = setUp()
    await sampleOf(101)
    await clock.advance(10_000)
    tree.set(101, { usageUsec: 1_000_000 + 6_000_000 })
    expect(await sampleOf(101)).toMatchObject({ processCount: 3, cpuPerProcessPercent: 10, memoryPerProcessMb: 40 })
  })

  test('has the range of the rolling window', async () => {
    const { tree, sampleOf } = setUp({ collectors: { off: new Set(), rollingWindow: 2 } })
    const ranges: unknown[] = []
    for (const anonMb of [100, 50, 70]) {
      tree.set(101, {
        currentBytes: (anonMb + 200) * MB,
        anonBytes: (anonMb - 10) * MB,
        fileBytes: 200 * MB,
        shmemBytes: 0,
      })
      const sample = await sampleOf(101)
      ranges.push([sample?.minMemoryMb, sample?.maxMemoryMb])
    }
    expect(ranges).toEqual([
      [100, 100],
      [50, 100],
      [50, 70],
    ])
  })

  test('lacks what the configuration switched off, and that is no error', async () => {
    const { cycle, store } = setUp({ collectors: { off: new Set(['swap', 'network']), rollingWindow: 1 } })
    const { errors } = await cycle.run()
    expect(store.last?.containers.get(101)).toMatchObject({ swapUsageMb: undefined, networkUsage: undefined })
    expect(errors).toEqual([])
  })
})

describe('a fault', () => {
  test('of one file costs only its own figures, and is counted', async () => {
    const { tree, cycle, store } = setUp()
    tree.configure(102)
    tree.start(102)
    tree.write('sys/fs/cgroup/lxc/101/memory.stat', 'torn')
    const { errors } = await cycle.run()
    expect(store.last?.containers.get(101)).toMatchObject({
      memoryUsageMb: undefined,
      memoryFloorMb: undefined,
      memoryLimitMb: 512,
      processCount: 3,
    })
    expect(store.last?.containers.get(102)).toMatchObject({ memoryUsageMb: 120 })
    const example = { path: join(tree.cgroup(101), 'memory.stat'), reason: 'malformed' }
    expect(errors).toEqual([{ collector: 'memory', reason: 'malformed', count: 1, example }])
  })

  test('of all files of a container makes it a failed one', async () => {
    const { tree, cycle } = setUp()
    for (const name of ['cpuset.cpus.effective', 'cpu.max', 'memory.stat', 'memory.current', 'memory.max', 'io.stat']) {
      tree.write(`sys/fs/cgroup/lxc/101/${name}`, 'rubbish')
    }
    tree.write('proc/1010/net/dev', 'rubbish')
    for (const group of ['', 'ns/', 'ns/init.scope/', 'ns/system.slice/a.service/']) {
      tree.write(`sys/fs/cgroup/lxc/101/${group}cgroup.procs`, '12')
    }
    const { summary } = await cycle.run()
    expect(summary).toMatchObject({ totalContainers: 1, failedContainers: 1 })
  })

  test('that the init is gone leaves its network unknown until there is another one', async () => {
    const { tree, sampleOf } = setUp()
    await sampleOf(101)
    rmSync(join(tree.root, 'proc/1010'), { recursive: true })
    expect(await sampleOf(101)).toMatchObject({ networkUsage: undefined, memoryUsageMb: 120 })
    tree.set(101, { groups: { 'ns/init.scope': [1_010] } })
    tree.write('proc/1010/status', 'NSpid:\t1010\t1\n')
    expect(await sampleOf(101)).toMatchObject({ networkUsage: { rxBytes: 1_000 } })
  })
})

describe('the summary', () => {
  test('has the host and the collection', async () => {
    const { cycle, clock } = setUp()
    await cycle.run()
    await clock.advance(10_000)
    expect((await cycle.run()).summary).toEqual({
      collectionStartMs: Date.UTC(2026, 0, 5) + 10_000,
      collectionEndMs: Date.UTC(2026, 0, 5) + 10_000,
      totalContainers: 1,
      failedContainers: 0,
      totalDurationSeconds: 0,
      monitorCpuPercent: 0,
      monitorMemoryUsageMb: 64,
      hostCores: 4,
      hostMemoryMb: 8_192,
      hostMemoryAvailableMb: 4_096,
      hostLoad1: 0.5,
    })
  })

  test('has the time that the collection took, by the clock that is never set', async () => {
    const { tree, clock } = setUp()
    // The list of containers takes two seconds, in which somebody sets the clock back.
    const containers = {
      async list() {
        await clock.advance(2_000)
        clock.stepWallMs(-3_600_000)
        return []
      },
      configured: () => undefined,
    }
    const slow = monitorCycle({ host: tree.host, parts: { containers, clock } })
    const { summary } = await slow.cycle.run()
    expect(summary.totalDurationSeconds).toBe(2)
    expect(summary.collectionEndMs - summary.collectionStartMs).toBe(2_000)
  })

  test('does not make up figures of a host that cannot be read', async () => {
    const { tree, cycle } = setUp()
    for (const name of ['meminfo', 'loadavg', 'stat']) tree.write(`proc/${name}`, '')
    const { summary, errors } = await cycle.run()
    expect(summary).toMatchObject({ hostCores: undefined, hostMemoryMb: undefined, hostLoad1: undefined })
    expect(errors).toMatchObject([{ collector: 'host', reason: 'malformed', count: 3 }])
  })
})

test('a container that is started again in the middle of a cycle loses what is read after that, and nothing is mixed', async () => {
  const tree = new HostTree(temporaryDirectory())
  tree.configure(101)
  tree.start(101)
  const old = new Set<number>()
  const open = new Set<number>()
  let isToRestart = false
  // As in a real kernel: the open files of a removed cgroup can no longer be read.
  const calls: FileCalls = {
    open(path) {
      const fd = openSync(path, 'r')
      open.add(fd)
      return fd
    },
    read(fd, buffer, offset, position) {
      if (isToRestart && readlinkSync(`/proc/self/fd/${fd}`).endsWith('/memory.current')) {
        isToRestart = false
        tree.start(101, { usageUsec: 50_000_000, currentBytes: 900 * MB, oomKills: 7 })
        for (const each of open) old.add(each)
      }
      if (old.has(fd)) throw Object.assign(new Error('ENODEV'), { code: 'ENODEV' })
      return readSync(fd, buffer, offset, buffer.length - offset, position)
    },
    close(fd) {
      open.delete(fd)
      old.delete(fd)
      closeSync(fd)
    },
  }
  const { clock, sampleOf } = monitorCycle({ host: tree.host, calls })
  const first = await sampleOf(101)
  await clock.advance(10_000)
  tree.set(101, { usageUsec: 6_000_000 })
  isToRestart = true
  const during = await sampleOf(101)
  expect(during).toMatchObject({
    runId: first?.runId,
    cpuCoresUsed: 0.5,
    memoryUsageMb: undefined,
    memoryEvents: undefined,
  })
  await clock.advance(10_000)
  const after = await sampleOf(101)
  expect(after?.runId).not.toBe(first?.runId)
  expect(after).toMatchObject({ cpuCoresUsed: undefined, memoryEvents: undefined, memoryUsageMb: 720 })
})

test('a container that stops leaves the next cycle, with all its files', async () => {
  const { tree, cycle, files } = setUp()
  await cycle.run()
  const openWithContainer = files.openFiles
  tree.stop(101)
  const { summary } = await cycle.run()
  expect(summary.totalContainers).toBe(0)
  expect(files.openFiles).toBeLessThan(openWithContainer - 15)
})

test('a cycle that could not be stored is measured all the same', async () => {
  const { cycle, store } = setUp()
  store.isBroken = true
  expect(await cycle.run()).toMatchObject({ isStored: false, summary: { totalContainers: 1 } })
})

describe('the root file system', () => {
  const size = { totalBytes: 8 * GB, usedBytes: 3 * GB, freeBytes: 4 * GB }
  const answering = (answer: FilesystemAnswer) => setUp({ filesystems: { ask: async () => () => answer } })

  test('has the size that it answered', async () => {
    const { sampleOf } = answering(size)
    expect(await sampleOf(101)).toMatchObject({ filesystemTotalGb: 8, filesystemUsageGb: 3, filesystemFreeGb: 4 })
  })

  test.each([
    ['that does not answer', 'late', { reason: 'unreadable', example: { code: 'late' } }],
    ['that answers with an error', 'failed', { reason: 'unreadable', example: { code: 'failed' } }],
    ['with more in use than there is', { ...size, usedBytes: 9 * GB }, { reason: 'implausible' }],
    ['with more free than there is', { ...size, freeBytes: 9 * GB }, { reason: 'implausible' }],
  ] as const)('%s is not known, which is counted', async (_, answer, error) => {
    const { cycle, store } = answering(answer)
    const { errors } = await cycle.run()
    expect(store.last?.containers.get(101)).toMatchObject({
      filesystemTotalGb: undefined,
      filesystemUsageGb: undefined,
      filesystemFreeGb: undefined,
    })
    expect(errors).toMatchObject([{ collector: 'filesystem', count: 1, ...error }])
  })

  test('of a container without an init is not known', async () => {
    const { tree, cycle } = answering(size)
    tree.start(101, { groups: { ns: [5] } })
    tree.write('proc/5/status', 'NSpid:\t5\n')
    const { errors } = await cycle.run()
    expect(errors).toContainEqual(expect.objectContaining({ collector: 'filesystem', reason: 'unreadable' }))
  })

  test('is not asked where file systems are not measured, and that is no error', async () => {
    const { cycle } = setUp()
    expect((await cycle.run()).errors).toEqual([])
  })
})
