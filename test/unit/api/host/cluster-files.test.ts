import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HostFiles } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { ClusterFiles } from '../../../../packages/api/src/host/cluster-files.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

function rootWith(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const cluster = (files: Readonly<Record<string, string>>) => new ClusterFiles(new HostFiles(), rootWith(files))

describe('the cluster', () => {
  test.each([
    ['{"nodename":"a","version":3}', { node: 'a', isQuorate: true }],
    ['{"nodename":"a","version":3,"cluster":{"name":"c","nodes":2,"quorate":1}}', { node: 'a', isQuorate: true }],
    ['{"nodename":"a","version":3,"cluster":{"name":"c","nodes":2,"quorate":0}}', { node: 'a', isQuorate: false }],
    ['{"nodename":"a","vers', undefined],
    ['', undefined],
    ['[]', undefined],
  ])('%s', (text, members) => {
    expect(cluster({ '.members': text }).members()).toEqual(members)
  })

  test('is not known without its file', () => {
    expect(cluster({}).members()).toBeUndefined()
  })

  test('knows which of its nodes are online', () => {
    const nodelist = '"nodelist":{"a":{"id":1,"online":1,"ip":"10.1.1.1"},\n"b":{"id":2,"online":0}}'
    const files = cluster({ '.members': `{"nodename":"a","version":3,\n${nodelist}}` })
    expect(['a', 'b', 'c'].map(name => files.isNodeOnline(name))).toEqual([true, false, undefined])
    expect(cluster({ '.members': '{"nodename":"a","version":3}' }).isNodeOnline('a')).toBeUndefined()
  })

  test('knows its storages; local is one though nobody configured it', () => {
    const text = 'lvmthin: local-lvm\n\tthinpool data\n\tcontent rootdir,images\n\nzfspool: tank\n\tpool tank/x\n\n'
    expect([...(cluster({ 'storage.cfg': text }).storages() ?? [])].sort()).toEqual(['local', 'local-lvm', 'tank'])
    expect(cluster({}).storages()).toBeUndefined()
  })

  test('knows where a guest is, and of what kind', () => {
    const files = cluster({ '.vmlist': '{"version":1,"ids":{"100":{"node":"b","type":"qemu","version":5}}}' })
    expect([files.placeOf(100), files.placeOf(101)]).toEqual([{ node: 'b', type: 'qemu' }, undefined])
  })

  test('knows the containers of the HA manager and what it does with them', () => {
    const states = cluster({
      'ha/resources.cfg': 'ct: 101\n\tstate started\n\nvm: 102\n\tstate started\n\nct: 103\n\tmax_restart 2\n',
      'ha/manager_status': '{"service_status":{"ct:101":{"node":"a","state":"migrate"}}}',
    }).haStates()
    expect([...states]).toEqual([
      [101, { state: 'migrate' }],
      [103, { state: undefined }],
    ])
  })
})
