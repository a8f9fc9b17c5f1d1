import { parseBroadcasts, parseStorages } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { type ClusterRoom, placement } from '../../../../packages/api/src/changes/placement.ts'
import { ApiConfig } from '../../../../packages/api/src/config.ts'
import { allocation, containerFacts } from '../../../builders/container-facts.ts'

const NOW = 1_764_300_000
const GB = 2 ** 30

interface NodeParts {
  readonly ageSeconds?: number
  readonly cores?: number
  readonly cpu?: number
  readonly usedGb?: number
}

function node(name: string, { ageSeconds = 5, cores = 8, cpu = 0.25, usedGb = 8 }: NodeParts = {}): string {
  return `pve-node-9.0/${name}:900::${NOW - ageSeconds}:1:${cores}:${cpu}:0:${32 * GB}:${usedGb * GB}:0:0:0:0:0:0:${(32 - usedGb) * GB}\n`
}

function guest(vmid: number, cores: number, memoryGb: number): string {
  return `pve-vm-9.0/${vmid}:900:ct${vmid}:running:0:${NOW - 5}:${cores}:0.5:${memoryGb * GB}:${GB}:0:0:0:0:0:0\n`
}

const isOnline = true
const ON_CEPH = new Map([['rootfs', 'ceph:vm-101-disk-0,size=8G']])

function room(rrd: string, parts: Partial<ClusterRoom> = {}): ClusterRoom {
  const names = ['a', 'b', 'c']
  return {
    members: { node: 'a', isQuorate: true, cluster: 'home', nodes: new Map(names.map(name => [name, { isOnline }])) },
    places: new Map([
      [101, { node: 'a', type: 'lxc' }],
      [201, { node: 'b', type: 'lxc' }],
    ]),
    broadcasts: parseBroadcasts(rrd),
    ha: { services: new Map(), nodes: new Map() },
    balancer: { isOn: false, holdMs: 30_000 },
    storages: parseStorages('rbd: ceph\n\nlvmthin: local-lvm\n\nlvm: san\n\tshared 1\n\tnodes a,c\n'),
    nowSeconds: NOW,
    safety: ApiConfig.parse({}).safety,
    ...parts,
  }
}

/** A container of 2 cores and 1 GB that should have 4 GB. */
const web = { facts: containerFacts({ values: ON_CEPH }), after: allocation({ cores: 2, memoryMb: 4_096 }) }
const carriers = (rrd: string, parts: Partial<ClusterRoom> = {}, homeless = web) =>
  placement(homeless, room(rrd, parts)).candidates.map(({ node: name }) => name)

describe('who could carry a container', () => {
  test('are nodes with that much room beyond the reserve, the one with the most first', () => {
    const rrd = node('a') + node('b') + node('c', { usedGb: 4 })
    expect(placement(web, room(rrd))).toEqual({
      lxc_id: 101,
      node: 'a',
      candidates: [
        { node: 'c', cores_free: 6, memory_free_mb: 28_672, age_seconds: 5 },
        { node: 'b', cores_free: 6, memory_free_mb: 24_576, age_seconds: 5 },
      ],
      moved_by_proxmox: false,
      command: 'pct migrate 101 c --restart',
      caveats: [],
      text: 'node c could carry it (6 cores and 28672 MB free, told 5 s ago), and so could b; "pct migrate 101 c --restart" moves it, for which it is stopped',
    })
  })

  test.each<[string, string, Partial<ClusterRoom>]>([
    ['has told nothing', '', {}],
    ['told it too long ago', node('b', { ageSeconds: 121 }), {}],
    ['has no memory beyond the reserve', node('b', { usedGb: 27.75 }), {}],
    ['has given away too much memory', node('b') + guest(201, 2, 61), {}],
    ['has fewer cores', node('b', { cores: 1 }), {}],
    [
      'has given away too many cores',
      node('b') + guest(201, 7.9, 1),
      { safety: { ...ApiConfig.parse({}).safety, cpu_overcommit: 1 } },
    ],
    ['uses all of its cores', node('b', { cpu: 0.99 }) + guest(101, 2, 1), {}],
    ['is in maintenance', node('b'), { ha: { services: new Map(), nodes: new Map([['b', 'maintenance']]) } }],
  ])('is no node that %s', (_, rrd, parts) => {
    expect(carriers(node('a') + rrd, parts)).toEqual([])
    expect(placement(web, room(node('a') + rrd, parts)).text).toBe('no other node could carry it at this moment')
  })

  test('is no node without its storage, and nobody when something of this node is in it', () => {
    const rrd = node('b') + node('c')
    const on = (rootfs: string, mp0 = '') => {
      const values = new Map([['rootfs', rootfs], ...(mp0 === '' ? [] : [['mp0', mp0] as const])])
      return placement({ ...web, facts: containerFacts({ values }) }, room(rrd))
    }
    expect(on('san:vm-101-disk-0,size=8G').candidates.map(({ node: name }) => name)).toEqual(['c'])
    expect(on('local-lvm:vm-101-disk-0').caveats).toEqual([
      'its disk on local-lvm is not shared, so it is copied while it is stopped',
    ])
    expect(on('ceph:vm-101-disk-0', '/srv/data,mp=/data').text).toBe(
      'it cannot be moved: mp0 is a folder or device of this node',
    )
    expect(on('ceph:vm-101-disk-0', '/srv/data,mp=/data,shared=1').candidates).toHaveLength(2)
  })

  test('is moved by the HA manager where that looks after it, and may be by Proxmox itself', () => {
    const managed = { ...web, facts: containerFacts({ values: ON_CEPH, isHaManaged: true, haState: 'started' }) }
    expect(placement(managed, room(node('b')))).toMatchObject({
      command: 'ha-manager relocate ct:101 b',
      moved_by_proxmox: false,
    })
    const balanced = placement(managed, room(node('b'), { balancer: { isOn: true, holdMs: 30_000 } }))
    expect(balanced.moved_by_proxmox).toBe(true)
    expect(balanced.text).toContain('Proxmox balances its nodes by itself and may move it or another container')
  })
})
