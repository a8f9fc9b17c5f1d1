import { execFileSync } from 'node:child_process'
import { mkdirSync, rmdirSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import { HostFiles } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { daemonStates } from '../../../../packages/api/src/daemon-states.ts'
import { ClusterFiles } from '../../../../packages/api/src/host/cluster-files.ts'
import { MonitorFile } from '../../../../packages/api/src/host/monitor-file.ts'
import { formatCycle } from '../../../builders/format-cycle.ts'
import { sample, summary } from '../../../builders/snapshot.ts'
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

describe('the newest sample of the monitor', () => {
  const line = (cpuCoresUsed: number) =>
    formatCycle({ containers: new Map([[101, sample({ cpuCoresUsed })]]), summary: summary() })
  const fileOf = (text: string) => new MonitorFile(join(rootWith({ 'm.json': text }), 'm.json'))

  test('is that of the last whole line, whatever was torn behind it', async () => {
    const [old, now] = [1, 2].map(line)
    expect((await fileOf(`[\n${old},\n${now}\n]\n`).sample(101))?.cpuCoresUsed).toBe(2)
    expect((await fileOf(`[\n${old},\n${now?.slice(0, 30)}`).sample(101))?.cpuCoresUsed).toBe(1)
  })

  test('is read again after it could not be, though the file was not written meanwhile', async () => {
    const path = join(rootWith({ 'm.json': line(2) }), 'm.json')
    const { mtime } = statSync(path)
    const file = new MonitorFile(path)
    rmSync(path)
    mkdirSync(path)
    utimesSync(path, mtime, mtime)
    await expect(file.sample(101)).rejects.toMatchObject({ code: 'HOST_UNREADABLE' })
    rmdirSync(path)
    writeFileSync(path, line(2))
    utimesSync(path, mtime, mtime)
    expect((await file.sample(101))?.cpuCoresUsed).toBe(2)
  })

  test('is none in an empty file, and none for a container that is not in it', async () => {
    expect(await fileOf('[\n]\n').sample(101)).toBeUndefined()
    expect(await fileOf('').sample(101)).toBeUndefined()
    expect(await new MonitorFile('/nowhere/m.json').sample(101)).toBeUndefined()
  })

  test.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
    ['an endless device', (path: string) => symlinkSync('/dev/zero', path)],
    ['a link to itself', (path: string) => symlinkSync(path, path)],
  ])('is not known, and not waited for, while %s stands in the place of the file', async (_, make) => {
    const path = join(temporaryDirectory(), 'm.json')
    make(path)
    const monitorFile = new MonitorFile(path)
    await expect(monitorFile.sample(101)).rejects.toMatchObject({ code: 'HOST_UNREADABLE' })
    expect(statesOf(monitorFile, path)).toMatchObject([
      { state: 'not known', detail: expect.stringContaining(path) },
      { state: 'not known', detail: expect.stringContaining(path) },
      { state: 'running' },
    ])
    rmSync(path, { recursive: true })
    writeFileSync(path, `[\n${line(1)}\n]\n`)
    expect((await monitorFile.sample(101))?.cpuCoresUsed).toBe(1)
    expect(statesOf(monitorFile, path)).toMatchObject([{ state: 'running' }, {}, {}])
  })

  test('is not looked for in a file without line ends that is longer than any line', async () => {
    const path = join(temporaryDirectory(), 'm.json')
    writeFileSync(path, '')
    truncateSync(path, 40_000_000)
    await expect(new MonitorFile(path).sample(101)).rejects.toMatchObject({ code: 'HOST_UNREADABLE' })
  })
})

/** `lock` is in the place of the model's lock file. */
function statesOf(monitorFile: MonitorFile, lock: string) {
  const health = {
    metrics_file: lock,
    max_metrics_age_seconds: 60,
    pct_interval_seconds: 1,
    model_lock_file: lock,
    model_status_file: '',
  }
  return daemonStates({ clock: systemClock, monitorFile, config: { health } })
}
