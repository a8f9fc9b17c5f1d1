import { parseLxcConf, parsePctList } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import * as commands from '../../../../packages/api/src/pct/commands.ts'
import { parseSnapshotList, parseStatus } from '../../../../packages/api/src/pct/parse-output.ts'
import type { HostCommand } from '../../../../packages/api/src/ports.ts'

describe('the arguments', () => {
  test.each([
    [commands.setResources(101, { cores: 2 }), ['set', '101', '-cores', '2']],
    [commands.setResources(101, { memoryMb: 512 }), ['set', '101', '-memory', '512']],
    [commands.setResources(101, { cores: 2, memoryMb: 512 }), ['set', '101', '-cores', '2', '-memory', '512']],
    [commands.setResources(101, { cpuLimit: 1.5 }), ['set', '101', '-cpulimit', '1.5']],
    [commands.setResources(101, { cores: null, cpuLimit: null }), ['set', '101', '-delete', 'cores,cpulimit']],
    [commands.growRootDisk(101, 2), ['resize', '101', 'rootfs', '+2G']],
    [commands.createSnapshot(101, 's1', 'x'), ['snapshot', '101', 's1', '--description', 'x']],
    [commands.rollbackSnapshot(101, 's1', true), ['rollback', '101', 's1', '--start', '1']],
    [commands.rollbackSnapshot(101, 's1', false), ['rollback', '101', 's1']],
    [commands.deleteSnapshot(101, 's1'), ['delsnapshot', '101', 's1']],
    [commands.startContainer(101), ['start', '101']],
    [commands.stopContainer(101), ['stop', '101']],
    [commands.destroyContainer(101), ['destroy', '101']],
    [commands.readConfig(101), ['config', '101', '--current', '1']],
    [commands.readNodeStatus('pve'), ['get', '/nodes/pve/status', '--output-format', 'json']],
  ])('%#: are separate words', (command, args) => {
    expect(command?.args).toEqual(args)
  })

  test('of a clone name the snapshot, and the storage only when one is asked for', () => {
    const options = { vmid: 101, newVmid: 102, hostname: 'copy', snapshotName: 's', description: 'd' }
    const words = ['clone', '101', '102', '--hostname', 'copy', '--snapname', 's', '--full', '1', '--description', 'd']
    expect(commands.cloneContainer({ ...options, storage: undefined }).args).toEqual(words)
    expect(commands.cloneContainer({ ...options, storage: 'fast' }).args).toEqual([...words, '--storage', 'fast'])
  })
})

test('there is no command for a change that changes nothing', () => {
  expect(commands.setResources(101, {})).toBeUndefined()
})

describe('the request to the REST interface', () => {
  // biome-ignore format: a table
  test.each([
    [commands.setResources(101, { cores: 2, cpuLimit: null }, 'd1'), 'PUT', '/config', { cores: '2', delete: 'cpulimit', digest: 'd1' }, false],
    [commands.growRootDisk(101, 2, 'd1'), 'PUT', '/resize', { disk: 'rootfs', size: '+2G', digest: 'd1' }, true],
    [commands.createSnapshot(101, 's1', 'x'), 'POST', '/snapshot', { snapname: 's1', description: 'x' }, true],
    [commands.rollbackSnapshot(101, 's1', true), 'POST', '/snapshot/s1/rollback', { start: '1' }, true],
    [commands.deleteSnapshot(101, 's1'), 'DELETE', '/snapshot/s1', undefined, true],
    [commands.startContainer(101), 'POST', '/status/start', undefined, true],
    [commands.destroyContainer(101), 'DELETE', '', undefined, true],
    [commands.readConfig(101), 'GET', '/config?current=1', undefined, false],
  ])('%#: says the same', (command, method, path, form, isTask) => {
    expect(command?.rest('pve')).toMatchObject({ method, path: `/nodes/pve/lxc/101${path}`, isTask, ...(form && { form }) })
  })

  test('prints what pct would print of the answer, so that the same is read of both', () => {
    const print = (command: HostCommand, data: unknown) => command.rest('pve').print?.(data) ?? ''
    const row = { vmid: '101', status: 'running', name: 'web' }
    expect(parsePctList(print(commands.listContainers(), [row, { status: 'running' }]))).toEqual([
      { vmid: 101, isRunning: true, lock: undefined, name: 'web' },
    ])
    expect(parseStatus(print(commands.readStatus(101), row))).toBe('running')
    const { values } = parseLxcConf(
      print(commands.readConfig(101), {
        cores: 2,
        description: 'a: 100%\nb',
        lxc: [['lxc.cgroup2.memory.max', '1G']],
        digest: 'x',
      }),
    )
    expect(Object.fromEntries(values)).toMatchObject({ cores: '2', description: 'a: 100%\nb' })
    const snapshots = print(commands.listSnapshots(101), [
      { name: 'b', snaptime: 1_800_000_100, description: 'after a\nmore', parent: 'a' },
      { name: 'current', parent: 'b', description: 'You are here!' },
      { name: 'a', snaptime: 1_800_000_000, description: '' },
    ])
    expect(parseSnapshotList(snapshots, text => Date.parse(text.replace(' ', 'T')) / 1_000)).toMatchObject([
      { name: 'a', timeSeconds: 1_800_000_000, description: undefined, parent: undefined },
      { name: 'b', timeSeconds: 1_800_000_100, description: 'after a', parent: 'a' },
    ])
  })
})
