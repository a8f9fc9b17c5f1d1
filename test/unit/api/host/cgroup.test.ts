import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CgroupReader, cpuCount } from '../../../../packages/api/src/host/cgroup.ts'
import { HostFiles } from '../../../../packages/api/src/host/host-files.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const MB = 1_048_576

function readerOn(files: Readonly<Record<string, string>>): CgroupReader {
  const root = temporaryDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return new CgroupReader(new HostFiles(), root)
}

const UNIFIED = {
  'cgroup.controllers': 'cpuset cpu io memory\n',
  'lxc/101/cgroup.events': 'populated 1\nfrozen 0\n',
  'lxc/101/cpuset.cpus.effective': '0-1,5\n',
  'lxc/101/cpu.max': '150000 100000\n',
  'lxc/101/memory.max': `${512 * MB}\n`,
  'lxc/101/memory.swap.max': '0\n',
  'lxc/101/memory.current': `${300 * MB}\n`,
  'lxc/101/memory.stat': `anon ${100 * MB}\nfile ${180 * MB}\nshmem ${30 * MB}\nunevictable ${1 * MB}\nslab_unreclaimable ${4 * MB}\nslab_reclaimable ${9 * MB}\nkernel_stack ${2 * MB}\npagetables ${3 * MB}\nsock ${5 * MB}\n`,
  'lxc/101/ns/init.scope/cgroup.procs': '4711\n',
}

describe('cgroup v2', () => {
  test('gives what the kernel enforces', () => {
    expect(readerOn(UNIFIED).inForce(101)).toEqual({ cores: 3, cpuLimit: 1.5, memoryMb: 512, swapMb: 0 })
  })

  test('has no limit where the kernel says max', () => {
    const reader = readerOn({ ...UNIFIED, 'lxc/101/cpu.max': 'max 100000\n', 'lxc/101/memory.max': 'max\n' })
    expect(reader.inForce(101)).toMatchObject({ cpuLimit: undefined, memoryMb: undefined })
  })

  test('counts everything that cannot be reclaimed into the floor, and no page cache', () => {
    expect(readerOn(UNIFIED).memory(101)).toEqual({ floorBytes: 145 * MB, usageBytes: 150 * MB })
  })

  test.each(['anon', 'shmem', 'kernel_stack'])('has no floor when %s is missing', key => {
    const stat = UNIFIED['lxc/101/memory.stat'].replace(new RegExp(`^${key} .*\n`, 'm'), '')
    expect(readerOn({ ...UNIFIED, 'lxc/101/memory.stat': stat }).memory(101)).toBeUndefined()
  })

  test('does not take a directory that was left behind for a running container', () => {
    const reader = readerOn({ ...UNIFIED, 'lxc/101/cgroup.events': 'populated 0\nfrozen 0\n' })
    expect([reader.isRunning(101), reader.isRunning(102)]).toEqual([false, false])
  })

  test('finds the init of a guest with systemd and of one without', () => {
    const withoutSystemd = { ...UNIFIED, 'lxc/102/ns/cgroup.procs': '12\n13\n' }
    const reader = readerOn(withoutSystemd)
    expect([reader.processes(101), reader.processes(102)]).toEqual([[4711], [12, 13]])
  })
})

const V1 = {
  'cpuset/lxc/101/cpuset.cpus': '0-3\n',
  'cpu/lxc/101/cpu.cfs_quota_us': '50000\n',
  'cpu/lxc/101/cpu.cfs_period_us': '100000\n',
  'memory/lxc/101/memory.limit_in_bytes': `${256 * MB}\n`,
  'memory/lxc/101/memory.memsw.limit_in_bytes': `${384 * MB}\n`,
  'memory/lxc/101/memory.usage_in_bytes': `${200 * MB}\n`,
  'memory/lxc/101/memory.kmem.usage_in_bytes': `${10 * MB}\n`,
  'memory/lxc/101/memory.stat': `cache 0\nrss 0\ntotal_cache ${90 * MB}\ntotal_rss ${95 * MB}\ntotal_shmem ${20 * MB}\ntotal_unevictable 0\n`,
  'memory/lxc/101/ns/cgroup.procs': '99\n',
}

describe('cgroup v1', () => {
  test('gives what the kernel enforces, swap beside memory', () => {
    expect(readerOn(V1).inForce(101)).toEqual({ cores: 4, cpuLimit: 0.5, memoryMb: 256, swapMb: 128 })
  })

  test('has no limit where the kernel shows the largest number', () => {
    const reader = readerOn({
      ...V1,
      'memory/lxc/101/memory.limit_in_bytes': '9223372036854771712\n',
      'cpu/lxc/101/cpu.cfs_quota_us': '-1\n',
    })
    expect(reader.inForce(101)).toMatchObject({ cpuLimit: undefined, memoryMb: undefined, swapMb: undefined })
  })

  test('takes the kernel memory of its own file into the floor', () => {
    expect(readerOn(V1).memory(101)).toEqual({ floorBytes: 125 * MB, usageBytes: 130 * MB })
  })

  test('tells running from stopped by the processes', () => {
    const reader = readerOn({ ...V1, 'memory/lxc/102/cgroup.procs': '' })
    expect([reader.isRunning(101), reader.isRunning(102)]).toEqual([true, false])
  })

  test('finds the cpu controller where it is mounted together with cpuacct', () => {
    const { 'cpu/lxc/101/cpu.cfs_quota_us': quota, 'cpu/lxc/101/cpu.cfs_period_us': period, ...others } = V1
    const reader = readerOn({
      ...others,
      'cpu,cpuacct/lxc/101/cpu.cfs_quota_us': quota,
      'cpu,cpuacct/lxc/101/cpu.cfs_period_us': period,
    })
    expect(reader.inForce(101).cpuLimit).toBe(0.5)
  })
})

test('knows nothing where there is no cgroup file system', () => {
  const reader = readerOn({ other: '' })
  expect(reader.isRunning(101)).toBeUndefined()
  expect(reader.memory(101)).toBeUndefined()
})

test.each([
  ['0', 1],
  ['0-3', 4],
  ['0-1,4,6-7\n', 5],
  ['', undefined],
  [undefined, undefined],
  ['x', undefined],
])('%j names %s CPUs', (text, count) => {
  expect(cpuCount(text)).toBe(count)
})
