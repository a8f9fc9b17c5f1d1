import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HostFiles } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { ClusterFiles } from '../../../../packages/api/src/host/cluster-files.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

function clusterWith(files: Readonly<Record<string, string>>) {
  const root = temporaryDirectory()
  const clock = new FakeClock()
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  return { cluster: new ClusterFiles(new HostFiles(), root, clock), clock, write }
}

const VMLIST =
  '{"version":1,"ids":{"100":{"node":"b","type":"qemu","version":5},"101":{"node":"b","type":"lxc","version":5}}}'

describe('the cluster', () => {
  test('is not known without its files', () => {
    const { cluster } = clusterWith({})
    expect([cluster.members(), cluster.places(), cluster.broadcasts(), cluster.storages()]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect([cluster.placeOf(101), cluster.installedOn('b'), cluster.balancer().isOn]).toEqual([
      undefined,
      undefined,
      false,
    ])
  })

  test('knows which of its nodes are online, and what their package says', () => {
    const nodelist = '"nodelist":{"a":{"id":1,"online":1,"ip":"10.1.1.1"},\n"b":{"id":2,"online":0}}'
    const { cluster } = clusterWith({
      '.members': `{"nodename":"a","version":3,\n${nodelist}}`,
      'nodes/b/lxc-autoscale-ml': '2.0.0\n',
      'nodes/c/lxc-autoscale-ml': 'anything else',
    })
    expect(['a', 'b', 'c'].map(name => cluster.isNodeOnline(name))).toEqual([true, false, undefined])
    expect(['a', 'b', 'c'].map(name => cluster.installedOn(name))).toEqual([undefined, '2.0.0', undefined])
  })

  test('is not known from a list that no cluster has, which would take minutes', () => {
    const { cluster } = clusterWith({ '.vmlist': VMLIST + ' '.repeat(8_400_000) })
    expect(cluster.places()).toBeUndefined()
  })

  test('knows on which other node a container is, and of a move within a second', async () => {
    const { cluster, clock, write } = clusterWith({ '.vmlist': VMLIST })
    expect([100, 101, 102].map(vmid => cluster.otherNodeOf(vmid, 'a'))).toEqual([undefined, 'b', undefined])
    expect(cluster.otherNodeOf(101, 'b')).toBeUndefined()
    write('.vmlist', VMLIST.replaceAll('"b"', '"c"'))
    await clock.advance(1_000)
    expect(cluster.otherNodeOf(101, 'a')).toBe('c')
  })

  test('looks again at once for one that the list has here while it is not', () => {
    const { cluster, write } = clusterWith({ '.vmlist': VMLIST })
    expect(cluster.placeOf(101)?.node).toBe('b')
    write('.vmlist', VMLIST.replaceAll('"b"', '"c"'))
    expect(cluster.otherNodeOf(101, 'b')).toBe('c')
  })
})
