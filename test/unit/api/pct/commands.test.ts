import { describe, expect, test } from 'vitest'
import * as commands from '../../../../packages/api/src/pct/commands.ts'

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
