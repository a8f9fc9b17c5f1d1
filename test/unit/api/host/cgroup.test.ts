import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import { HostFiles } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { CgroupReader } from '../../../../packages/api/src/host/cgroup.ts'
import { caseText } from '../../../builders/case-text.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const MB = 1_048_576

function readerOn(files: Readonly<Record<string, string>>): CgroupReader {
  const root = temporaryDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return new CgroupReader(
    { files: new HostFiles(0), clock: systemClock, openCgroups: new Map() },
    { proc: join(root, 'proc'), cgroup: root },
  )
}

const UNIFIED = {
  'cgroup.controllers': 'cpuset cpu io memory\n',
  'lxc/101/cgroup.events': 'populated 1\nfrozen 0\n',
  'lxc/101/cpuset.cpus.effective': '0-1,5\n',
  'lxc/101/cpu.max': '150000 100000\n',
  'lxc/101/memory.max': `${512 * MB}\n`,
  'lxc/101/memory.swap.max': '0\n',
  'lxc/101/memory.current': `${300 * MB}\n`,
  'lxc/101/memory.stat': `anon ${100 * MB}\ninactive_anon ${30 * MB}\nactive_anon ${100 * MB}\nfile ${180 * MB}\nshmem ${30 * MB}\nunevictable ${1 * MB}\nslab_unreclaimable ${4 * MB}\nslab_reclaimable ${9 * MB}\nkernel_stack ${2 * MB}\npagetables ${3 * MB}\nsock ${5 * MB}\n`,
  'lxc/101/ns/init.scope/cgroup.procs': '4711\n4712\n',
  'proc/4711/status': 'Name:\tsystemd\nNSpid:\t4711\t1\n',
  'proc/4712/status': 'Name:\tsh\nNSpid:\t4712\t2\n',
}

describe('cgroup v2', () => {
  test('gives what the kernel enforces', () => {
    expect(readerOn(UNIFIED).see(101).inForce).toEqual({ cores: 3, cpuLimit: 1.5, memoryMb: 512, swapMb: 0 })
  })

  test('has no limit where the kernel says max', () => {
    const reader = readerOn({ ...UNIFIED, 'lxc/101/cpu.max': 'max 100000\n', 'lxc/101/memory.max': 'max\n' })
    expect(reader.see(101).inForce).toMatchObject({ cpuLimit: undefined, memoryMb: undefined })
  })

  test('counts everything that cannot be reclaimed into the floor, and no page cache', () => {
    expect(readerOn(UNIFIED).memory(101)).toEqual({ floorBytes: 145 * MB, usageBytes: 150 * MB })
  })

  test.each(['anon', 'shmem', 'unevictable'])('has no floor when %s is missing', key => {
    const stat = UNIFIED['lxc/101/memory.stat'].replace(new RegExp(`^${key} .*\n`, 'm'), '')
    expect(readerOn({ ...UNIFIED, 'lxc/101/memory.stat': stat }).memory(101)).toBeUndefined()
  })

  test('does not take a directory that was left behind for a running container', () => {
    const reader = readerOn({ ...UNIFIED, 'lxc/101/cgroup.events': 'populated 0\nfrozen 0\n' })
    expect([reader.see(101).isRunning, reader.see(102).isRunning]).toEqual([false, false])
  })

  test('finds the init of a guest with systemd and of one without', () => {
    const withoutSystemd = {
      ...UNIFIED,
      'lxc/102/ns/cgroup.procs': '12\n13\n',
      'proc/12/status': 'NSpid:\t12\t9\n',
      'proc/13/status': 'NSpid:\t13\t1\n',
    }
    const reader = readerOn(withoutSystemd)
    expect([reader.initPid(101), reader.initPid(102), reader.initPid(103)]).toEqual([4711, 13, undefined])
  })

  test.each(['memory.stat-underflow-shmem', 'memory.stat-underflow-anon', 'memory.stat-underflow-sock'])(
    'does not believe a count that went below zero: %s',
    name => {
      const files = { 'lxc/101/memory.current': `${4 * MB}\n`, 'lxc/101/memory.stat': caseText(name) }
      expect(readerOn({ ...UNIFIED, ...files }).memory(101)).toBeUndefined()
    },
  )

  test('does not believe that a container has more than the host', () => {
    const reader = readerOn({ ...UNIFIED, 'proc/meminfo': `MemTotal: ${200 * 1_024} kB\n` })
    expect(reader.memory(101)).toBeUndefined()
  })
})

const V1 = {
  'cpuset/cgroup.procs': '',
  'cpu/cgroup.procs': '',
  'memory/cgroup.procs': '',
  'cpuset/lxc/101/cpuset.effective_cpus': '0-3\n',
  'cpu/lxc/101/cpu.cfs_quota_us': '50000\n',
  'cpu/lxc/101/cpu.cfs_period_us': '100000\n',
  'memory/lxc/101/memory.limit_in_bytes': `${256 * MB}\n`,
  'memory/lxc/101/memory.memsw.limit_in_bytes': `${384 * MB}\n`,
  'memory/lxc/101/memory.usage_in_bytes': `${200 * MB}\n`,
  'memory/lxc/101/memory.stat': `cache 0\nrss 0\ntotal_cache ${90 * MB}\ntotal_rss ${95 * MB}\ntotal_shmem ${20 * MB}\ntotal_inactive_anon ${20 * MB}\ntotal_active_anon ${95 * MB}\ntotal_unevictable 0\n`,
  'cpuset/lxc/101/ns/cgroup.procs': '99\n',
}

describe('cgroup v1', () => {
  test('gives what the kernel enforces, swap beside memory', () => {
    expect(readerOn(V1).see(101).inForce).toEqual({ cores: 4, cpuLimit: 0.5, memoryMb: 256, swapMb: 128 })
  })

  test('has no limit where the kernel shows the largest number', () => {
    const reader = readerOn({
      ...V1,
      'memory/lxc/101/memory.limit_in_bytes': '9223372036854771712\n',
      'cpu/lxc/101/cpu.cfs_quota_us': '-1\n',
    })
    expect(reader.see(101).inForce).toMatchObject({ cpuLimit: undefined, memoryMb: undefined, swapMb: undefined })
  })

  test('takes what is charged beyond user pages for the memory of the kernel', () => {
    expect(readerOn(V1).memory(101)).toEqual({ floorBytes: 130 * MB, usageBytes: 130 * MB })
  })

  test('tells running from stopped by the processes', () => {
    const reader = readerOn({ ...V1, 'cpuset/lxc/102/cgroup.procs': '' })
    expect([reader.see(101).isRunning, reader.see(102).isRunning]).toEqual([true, false])
  })

  test('finds the cpu controller where it is mounted together with cpuacct', () => {
    const {
      'cpu/cgroup.procs': procs,
      'cpu/lxc/101/cpu.cfs_quota_us': quota,
      'cpu/lxc/101/cpu.cfs_period_us': period,
      ...others
    } = V1
    const reader = readerOn({
      ...others,
      'cpu,cpuacct/cgroup.procs': procs,
      'cpu,cpuacct/lxc/101/cpu.cfs_quota_us': quota,
      'cpu,cpuacct/lxc/101/cpu.cfs_period_us': period,
    })
    expect(reader.see(101).inForce.cpuLimit).toBe(0.5)
  })
})

describe('with files that stay open', () => {
  function openReader() {
    const root = temporaryDirectory()
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    for (const [path, text] of Object.entries(UNIFIED)) write(path, text)
    const files = new HostFiles(50)
    const parts = { files, clock: systemClock, openCgroups: new Map() }
    return { reader: new CgroupReader(parts, { proc: join(root, 'proc'), cgroup: root }), root, write, files }
  }

  test('each look sees the limits of its moment', () => {
    const { reader, write, files } = openReader()
    expect(reader.see(101)).toMatchObject({ isRunning: true, inForce: { memoryMb: 512 } })
    expect(files.openFiles).toBe(5)
    write('lxc/101/memory.max', `${256 * MB}\n`)
    write('lxc/101/cgroup.events', 'populated 0\n')
    expect(reader.see(101)).toMatchObject({ isRunning: false, inForce: { memoryMb: 256 } })
  })

  test('another run has other files, and none keeps open what is gone', () => {
    const { reader, root, write, files } = openReader()
    reader.see(101)
    renameSync(join(root, 'lxc/101'), join(root, 'before'))
    for (const [path, text] of Object.entries(UNIFIED)) write(path, text)
    write('lxc/101/memory.max', `${1_024 * MB}\n`)
    expect(reader.see(101).inForce.memoryMb).toBe(1_024)
    expect(files.openFiles).toBe(5)
    reader.keepOnly(new Set([102]))
    expect(files.openFiles).toBe(0)
  })

  test('a file that was not there is found once it is', () => {
    const { reader, root, write } = openReader()
    rmSync(join(root, 'lxc/101/memory.swap.max'))
    expect(reader.see(101).inForce.swapMb).toBeUndefined()
    write('lxc/101/memory.swap.max', `${64 * MB}\n`)
    expect(reader.see(101).inForce.swapMb).toBe(64)
  })
})

test('knows nothing where there is no cgroup file system', () => {
  const reader = readerOn({ other: '' })
  expect(reader.see(101).isRunning).toBeUndefined()
  expect(reader.memory(101)).toBeUndefined()
})
