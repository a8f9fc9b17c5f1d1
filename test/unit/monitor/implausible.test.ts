import type { ContainerSample } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { caseText } from '../../builders/case-text.ts'
import { HostTree } from '../../builders/host-tree.ts'
import { monitorCycle } from '../../builders/monitor-cycle.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

const MB = 1_048_576
const BELOW_ZERO = '18446744073709547520'
const CGROUP = 'sys/fs/cgroup/lxc/101'

/** A container that works evenly on a host with 4 cores, 8 GB of memory and 1 GB of swap, after some cycles. */
async function steadyContainer() {
  const tree = new HostTree(temporaryDirectory())
  tree.configure(101, ['net0: name=eth0,bridge=vmbr0'])
  tree.start(101)
  const monitor = monitorCycle({ host: tree.host })
  let cycles = 0
  /** One more cycle; `files` stand in place of what the container would show. */
  async function next(files: Readonly<Record<string, string>> = {}) {
    cycles++
    tree.set(101, {
      usageUsec: 1_000_000 + cycles * 5_000_000,
      periods: cycles * 100,
      throttled: cycles * 25,
      reads: 100 + cycles,
      rxBytes: 1_000 * cycles,
    })
    for (const [path, text] of Object.entries(files)) tree.write(path, text)
    await monitor.clock.advance(10_000)
    const { errors } = await monitor.cycle.run()
    const sample = monitor.store.last?.containers.get(101)
    if (sample === undefined) throw new Error('no sample')
    return { sample, errors }
  }
  for (let cycle = 0; cycle < 3; cycle++) await next()
  return { next }
}

const stat = (anon: number | string, others: Readonly<Record<string, number | string>> = {}) =>
  Object.entries({
    anon,
    file: 190 * MB,
    kernel: 10 * MB,
    sock: 0,
    shmem: 10 * MB,
    inactive_anon: 10 * MB,
    active_anon: 100 * MB,
    unevictable: 0,
    slab_reclaimable: 0,
    slab_unreclaimable: 0,
    ...others,
  })
    .map(([key, value]) => `${key} ${value}\n`)
    .join('')
const netDev = (rxBytes: string) =>
  `Inter-|   Receive | Transmit\n face |bytes packets |bytes packets\n  eth0: ${rxBytes} 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n`
const pressure = (percent: string) => `some avg10=${percent} avg60=0.00 avg300=0.00 total=5\n`
const events = (oomKill: string, max = '1') => `low 0\nhigh 2\nmax ${max}\noom 0\noom_kill ${oomKill}\n`

const NO_MEMORY = { memoryUsageMb: undefined, memoryFloorMb: undefined, memoryPerProcessMb: undefined }
const NO_CPU = { cpuCoresUsed: undefined, cpuUsagePercent: undefined, cpuPerProcessPercent: undefined }

const CASES: readonly [string, string, string, string, Partial<ContainerSample>][] = [
  ['shared memory below zero', 'memory.stat', caseText('memory.stat-underflow-shmem'), 'memory', NO_MEMORY],
  ['anonymous memory below zero', 'memory.stat', caseText('memory.stat-underflow-anon'), 'memory', NO_MEMORY],
  ['memory of sockets below zero', 'memory.stat', caseText('memory.stat-underflow-sock'), 'memory', NO_MEMORY],
  ['more anonymous memory than is charged', 'memory.stat', stat(400 * MB), 'memory', NO_MEMORY],
  ['more page cache than is charged', 'memory.stat', stat(100 * MB, { file: 900 * MB }), 'memory', NO_MEMORY],
  ['parts that are more than the whole', 'memory.stat', stat(290 * MB, { shmem: 290 * MB }), 'memory', NO_MEMORY],
  ['more memory than the host has', 'memory.current', String(9 * 1_024 * MB), 'memory', { memoryUsageMb: undefined }],
  ['memory below zero', 'memory.current', BELOW_ZERO, 'memory', { memoryUsageMb: undefined }],
  ['more swap than the host has', 'memory.swap.current', String(2_000 * MB), 'swap', { swapUsageMb: undefined }],
  ['swap below zero', 'memory.swap.current', BELOW_ZERO, 'swap', { swapUsageMb: undefined }],
  ['CPU time below zero', 'cpu.stat', `usage_usec ${BELOW_ZERO}\nnr_periods 400\nnr_throttled 100\n`, 'cpu', NO_CPU],
  [
    'more CPU time than there are cores',
    'cpu.stat',
    'usage_usec 99000000\nnr_periods 400\nnr_throttled 100\n',
    'cpu',
    NO_CPU,
  ],
  [
    'more throttled periods than periods',
    'cpu.stat',
    'usage_usec 21000000\nnr_periods 400\nnr_throttled 600\n',
    'cpu',
    { cpuThrottledPercent: undefined, cpuCoresUsed: 0.5 },
  ],
  ['more than all tasks waiting', 'memory.pressure', pressure('101.00'), 'pressure', {}],
  ['pressure below zero', 'cpu.pressure', pressure(`${BELOW_ZERO}.00`), 'pressure', {}],
  ['more kills than processes', 'memory.events', events('1000000'), 'memory_events', {}],
  ['kills below zero', 'memory.events', events(BELOW_ZERO), 'memory_events', {}],
  ['more limit hits than time allows', 'memory.events', events('0', '500000000'), 'memory_events', {}],
  [
    'more reads than cores could ask for',
    'io.stat',
    '259:0 rios=9000000000000 wios=200\n',
    'io',
    { ioStats: undefined },
  ],
  ['reads below zero', 'io.stat', `259:0 rios=${BELOW_ZERO} wios=200\n`, 'io', { ioStats: undefined }],
]

describe.each(CASES)('a kernel that shows %s', (_, file, text, collector, unknown) => {
  const wrong = { [`${CGROUP}/${file}`]: `${text.trimEnd()}\n` }

  test('is not believed, which is counted once with an example', async () => {
    const { next } = await steadyContainer()
    const { sample, errors } = await next(wrong)
    expect(sample).toMatchObject(unknown)
    expect(errors).toMatchObject([{ collector, reason: 'implausible', count: 1 }])
    expect(errors[0]?.example).toMatchObject({
      path: expect.stringContaining(`lxc/101/${file}`),
      most: expect.any(Number),
    })
  })

  test('leaves nothing behind: the samples after it are those that would have been', async () => {
    const [disturbed, undisturbed] = [await steadyContainer(), await steadyContainer()]
    await disturbed.next(wrong)
    await undisturbed.next()
    for (let cycle = 0; cycle < 3; cycle++) {
      const [{ sample, errors }, { sample: expected }] = [await disturbed.next(), await undisturbed.next()]
      expect({ ...sample, runId: 1, memoryEvents: expected.memoryEvents }).toEqual({ ...expected, runId: 1 })
      expect(sample.memoryEvents).toMatchObject({ max: 0, oomKill: 0, innerMax: 0, innerOomKill: 0 })
      expect(errors).toEqual([])
    }
  })
})

test('a network that carried more than a machine can is not believed', async () => {
  const { next } = await steadyContainer()
  for (const rxBytes of [BELOW_ZERO, String(1e15)]) {
    const { sample, errors } = await next({ 'proc/1010/net/dev': netDev(rxBytes) })
    expect(sample.networkUsage).toBeUndefined()
    expect(errors).toMatchObject([{ collector: 'network', reason: 'implausible', count: 1 }])
  }
  expect((await next()).sample.networkUsage).toEqual({ rxBytes: 6_000, txBytes: 12_000 })
})

test('a host that has more memory available than it has is not believed', async () => {
  const { next } = await steadyContainer()
  const meminfo = 'MemTotal: 8388608 kB\nMemAvailable: 8388609 kB\nSwapTotal: 1048576 kB\n'
  const { errors } = await next({ 'proc/meminfo': meminfo })
  expect(errors).toMatchObject([{ collector: 'host', reason: 'implausible', count: 1 }])
})

test('what the host had a cycle ago still bounds what its cores did before they were taken away', async () => {
  const { next } = await steadyContainer()
  const { sample } = await next({
    'proc/stat': 'cpu  1 2\ncpu0 1 2\nintr 5\n',
    [`${CGROUP}/cpu.stat`]: 'usage_usec 51000000\nnr_periods 400\nnr_throttled 100\n',
  })
  expect(sample.cpuCoresUsed).toBe(3.5)
})

describe('what the kernel counts late', () => {
  test('of a process that has just ended is taken as charged, if so much was ever charged', async () => {
    const { next } = await steadyContainer()
    const late = {
      [`${CGROUP}/memory.current`]: `${5 * MB}\n`,
      [`${CGROUP}/memory.stat`]: stat(300 * MB, { file: 0, shmem: 0 }),
    }
    const { errors } = await next({ ...late, [`${CGROUP}/memory.peak`]: `${290 * MB}\n` })
    expect(errors.filter(({ collector }) => collector === 'memory')).toEqual([])
    const { sample } = await next({ ...late, [`${CGROUP}/memory.peak`]: `${290 * MB}\n` })
    expect(sample).toMatchObject({ memoryUsageMb: 5, memoryFloorMb: 5 })
    const never = await next({ ...late, [`${CGROUP}/memory.peak`]: `${20 * MB}\n` })
    expect(never.sample).toMatchObject({ memoryUsageMb: undefined, memoryFloorMb: undefined })
  })

  test('is taken as charged where it is a little more than is charged', async () => {
    const { next } = await steadyContainer()
    const { sample, errors } = await next({
      [`${CGROUP}/memory.stat`]: stat(290 * MB, { file: 20 * MB, shmem: 20 * MB }),
    })
    expect(sample).toMatchObject({ memoryUsageMb: 300, memoryFloorMb: 300 })
    expect(errors).toEqual([])
  })
})

test('a container of kernel 5.10 has a floor, though that kernel does not tell all of its own memory', async () => {
  const { next } = await steadyContainer()
  const { sample, errors } = await next({
    [`${CGROUP}/memory.current`]: `${4 * MB}\n`,
    [`${CGROUP}/memory.stat`]: caseText('memory.stat-5.10-without-pagetables'),
  })
  expect(errors).toEqual([])
  // All but 256 KiB of slab that can be reclaimed; the parts that it tells are 3.5 MB.
  expect(sample).toMatchObject({ memoryUsageMb: 4, memoryFloorMb: 3.75 })
})
