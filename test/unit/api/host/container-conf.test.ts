import { describe, expect, test } from 'vitest'
import {
  configuredLimits,
  parseConf,
  parseSnapshots,
  parseTags,
  rootDiskGb,
} from '../../../../packages/api/src/host/container-conf.ts'

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

describe('the live part', () => {
  const values = parseConf(TEXT)

  test('ends at the first section', () => {
    expect(configuredLimits(values)).toEqual({ cores: 2, cpuLimit: 1.5, memoryMb: 2_048, swapMb: 512 })
  })

  test('has the description with its escapes taken out', () => {
    expect(values.get('description')).toBe('managed: yes\nzweite Zeile: ä\n')
  })

  test('has no raw lines', () => {
    expect([...values.keys()].some(key => key.startsWith('lxc'))).toBe(false)
  })

  test('keeps a description that is no UTF-8 as it is written', () => {
    expect(parseConf('#%FF%\ncores: 1\n').get('description')).toBe('%FF%\n')
  })
})

test('has nothing configured where the file has no such key, and no limit where cpulimit is 0', () => {
  expect(configuredLimits(parseConf('cpulimit: 0\n'))).toEqual({
    cores: undefined,
    cpuLimit: undefined,
    memoryMb: undefined,
    swapMb: undefined,
  })
})

test.each(['', 'cores', 'cores: x', 'cores:', '[a', 'memory: 12e3', '\0'])('reads no cores from %j', text => {
  expect(configuredLimits(parseConf(text)).cores).toBeUndefined()
})

test('reads the snapshots with time, description and parent', () => {
  expect(parseSnapshots(TEXT).filter(({ name }) => name !== 'pve:pending')).toEqual([
    {
      name: 'first',
      timeSeconds: 1_714_596_877,
      description: 'before the upgrade',
      parent: undefined,
      isComplete: true,
    },
    { name: 'second', timeSeconds: 1_767_265_200, description: undefined, parent: 'first', isComplete: false },
  ])
})

test('does not take the changes that wait for a snapshot', () => {
  expect(parseSnapshots(TEXT).map(({ name }) => name)).toEqual(['first', 'second'])
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
