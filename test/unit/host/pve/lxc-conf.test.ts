import { describe, expect, test } from 'vitest'
import {
  configuredLimits,
  interfaceNames,
  parseLxcConf,
  parseTags,
  rawLimits,
  rootDiskGb,
} from '../../../../packages/host/src/pve/lxc-conf.ts'
import { caseText } from '../../../builders/case-text.ts'

const TEXT = `#managed%3A yes
#zweite Zeile%3A %C3%A4
arch: amd64
cores: 2
cpulimit: 1.5
hostname: web
lock: backup
memory: 2048
rootfs: local-lvm:vm-100-disk-0,size=8G
swap: 512
tags: Autoscale;web
lxc.cgroup2.cpuset.cpus: 0-1
parent: second

[pve:pending]
memory: 4096

[first]
#before the upgrade
cores: 1
memory: 512
snaptime: 1714596877

[second]
cores: 8
memory: 9999
parent: first
snapstate: prepare
snaptime: 1767265200
`

const live = (text: string) => parseLxcConf(text).values

describe('the live part', () => {
  const { values, raw } = parseLxcConf(TEXT)

  test('ends at the first section', () => {
    expect(configuredLimits(values)).toEqual({ cores: 2, cpuLimit: 1.5, memoryMb: 2_048, swapMb: 512 })
  })

  test('has the description with its escapes taken out', () => {
    expect(values.get('description')).toBe('managed: yes\nzweite Zeile: ä\n')
  })

  test('keeps what Proxmox hands on to LXC apart', () => {
    expect([...values.keys()].some(key => key.startsWith('lxc'))).toBe(false)
    expect(raw).toEqual([{ key: 'lxc.cgroup2.cpuset.cpus', value: '0-1' }])
  })

  test('keeps a description that is no UTF-8 as it is written', () => {
    expect(live('#%FF%\ncores: 1\n').get('description')).toBe('%FF%\n')
  })

  test.each(['[pve:pending]', '[PVE:Pending] ', '[before_upgrade]', '[Auto-2026]\r'])(
    'ends at the section %j',
    head => {
      expect(live(`cores: 2\n${head}\ncores: 9\nnet0: name=eth0\n`)).toEqual(new Map([['cores', '2']]))
    },
  )

  test.each(['[one two]', '[1st]', '[a]', '[a', '[]', '[pve:other]'])(
    'goes on after %j, which is no section: the keys after it count',
    line => {
      expect(live(`cores: 2\n${line}\ncores: 9\n`)).toEqual(new Map([['cores', '9']]))
    },
  )

  test.each([
    ['a key that Proxmox does not know is kept', 'foo: bar\n', 'foo', 'bar'],
    ['the last value of a key counts', 'cores: 1\ncores: 3\n', 'cores', '3'],
    ['lines may end in CRLF', 'cores: 3\r\n', 'cores', '3'],
    ['white space at the end is no part of a value', 'hostname: web \t\n', 'hostname', 'web'],
    ['a key in upper case is none', 'cores: 1\nCORES: 3\n', 'cores', '1'],
    ['a line that is indented is none', 'cores: 1\n cores: 3\n', 'cores', '1'],
    ['a description may stand in a key', 'description: a%0Ab\n', 'description', 'a\nb'],
  ])('%s', (_, text, key, value) => {
    expect(live(text).get(key)).toBe(value)
  })
})

test('gives what Proxmox gives where the file has no such key, and no limit where cpulimit is 0', () => {
  expect(configuredLimits(live('cpulimit: 0\n'))).toEqual({
    cores: undefined,
    cpuLimit: undefined,
    memoryMb: 512,
    swapMb: 0,
  })
})

test('does not know a limit whose value is none', () => {
  expect(configuredLimits(live('memory: many\nswap: 1e3\n'))).toMatchObject({ memoryMb: undefined, swapMb: undefined })
})

test.each(['', 'cores', 'cores: x', 'cores:', '[a', 'memory: 12e3', '\0'])('reads no cores from %j', text => {
  expect(configuredLimits(live(text)).cores).toBeUndefined()
})

test('reads the snapshots with time, description, parent and limits, and not the changes that wait', () => {
  expect(parseLxcConf(TEXT).snapshots).toEqual([
    {
      name: 'first',
      timeSeconds: 1_714_596_877,
      description: 'before the upgrade',
      parent: undefined,
      isComplete: true,
      limits: { cores: 1, cpuLimit: undefined, memoryMb: 512, swapMb: 0 },
    },
    {
      name: 'second',
      timeSeconds: 1_767_265_200,
      description: undefined,
      parent: 'first',
      isComplete: false,
      limits: { cores: 8, cpuLimit: undefined, memoryMb: 9_999, swapMb: 0 },
    },
  ])
})

describe('raw limits', () => {
  const rawOf = (...lines: readonly string[]) => rawLimits(parseLxcConf(`cores: 4\n${lines.join('\n')}\n`))
  const none = { cores: undefined, memory: undefined }

  test('are those of a container with a pinned CPU set', () => {
    expect(rawLimits(parseLxcConf(caseText('pinned.conf')))).toEqual({
      cores: 'lxc.cgroup2.cpuset.cpus: 0-11',
      memory: undefined,
    })
  })

  test.each([
    'lxc.cgroup2.cpuset.cpus: 0-11',
    'lxc.cgroup.cpuset.cpus: 0,2',
    'lxc.cgroup2.cpu.max: 200000 100000',
    'lxc.cgroup.cpu.cfs_quota_us: 50000',
  ])('settle cores: %s', line => {
    expect(rawOf(line)).toEqual({ cores: line, memory: undefined })
  })

  test.each([
    'lxc.cgroup2.memory.max: 1G',
    'lxc.cgroup2.memory.high: 900M',
    'lxc.cgroup2.memory.swap.max: 0',
    'lxc.cgroup.memory.limit_in_bytes: 512M',
    'lxc.cgroup.memory.memsw.limit_in_bytes: 512M',
  ])('settle memory: %s', line => {
    expect(rawOf(line)).toEqual({ cores: undefined, memory: line })
  })

  test.each([
    'lxc.cgroup2.cpuset.mems: 0',
    'lxc.cgroup2.devices.allow: c 10:200 rwm',
    'lxc.cgroup2.memory.oom.group: 1',
    'lxc.mount.entry: /srv srv none bind',
    '#lxc.cgroup2.cpuset.cpus: 0-11',
    'lxc.cgroup2.cpuset.cpus 0-11',
  ])('are not: %s', line => {
    expect(rawOf(line)).toEqual(none)
  })

  test('are read with the equals sign of LXC too', () => {
    expect(rawOf('lxc.cgroup2.cpuset.cpus = 0-3').cores).toBe('lxc.cgroup2.cpuset.cpus: 0-3')
  })

  test('are those of the last line, and none after one without a value, which takes them back', () => {
    expect(rawOf('lxc.cgroup2.cpuset.cpus: 0-3', 'lxc.cgroup2.cpuset.cpus: 5').cores).toBe('lxc.cgroup2.cpuset.cpus: 5')
    expect(rawOf('lxc.cgroup2.cpuset.cpus: 0-3', 'lxc.cgroup2.cpuset.cpus:')).toEqual(none)
  })

  test('of a snapshot are not in force', () => {
    expect(rawOf('[before]', 'lxc.cgroup2.cpuset.cpus: 0-3')).toEqual(none)
  })
})

test('has the names of the network interfaces as the container sees them', () => {
  const text =
    'net0: name=eth0,bridge=vmbr0,ip=dhcp,type=veth\nnet1: bridge=vmbr1,name=lan,type=veth\nnet2: bridge=vmbr2\n'
  expect(interfaceNames(live(text))).toEqual(['eth0', 'lan'])
})

test.each([
  ['local-lvm:vm-100-disk-0,size=8G', 8],
  ['local-zfs:subvol-100-disk-0,size=512M', 0.5],
  ['local:100/vm-100-disk-0.raw,size=2T,acl=1', 2_048],
  ['local-lvm:vm-100-disk-0', undefined],
  ['local-lvm:vm-100-disk-0,size=1.5G', 1.5],
])('%s has %s GB', (rootfs, gigabytes) => {
  expect(rootDiskGb(new Map([['rootfs', rootfs]]))).toBe(gigabytes)
})

test('reads tags in lower case, however they are separated', () => {
  expect(parseTags('Web;autoscale, db')).toEqual(['web', 'autoscale', 'db'])
})
