import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HostFiles } from '../../../../packages/host/src/host-files.ts'
import { ContainerList } from '../../../../packages/monitor/src/host/container-list.ts'
import { HostTree } from '../../../builders/host-tree.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

function setUp() {
  const tree = new HostTree(temporaryDirectory())
  const files = new HostFiles()
  const list = new ContainerList(files, tree.host)
  const vmids = (candidates?: ReadonlySet<number>) => list.list(candidates).map(({ vmid }) => vmid)
  return { tree, files, list, vmids }
}

describe('ContainerList', () => {
  test('finds what has processes, and leaves out what is left of a stopped container', () => {
    const { tree, vmids } = setUp()
    tree.start(101)
    tree.start(102, { groups: { ns: [] } })
    mkdirSync(join(tree.root, 'sys/fs/cgroup/lxc/not-a-number'))
    expect(vmids()).toEqual([101])
  })

  test('gives only the candidates', () => {
    const { tree, vmids } = setUp()
    for (const vmid of [101, 102, 103]) tree.start(vmid)
    expect(vmids(new Set([102, 104]))).toEqual([102])
  })

  test('counts processes in all cgroups, and follows what the guest adds and removes', () => {
    const { tree, list } = setUp()
    tree.start(101)
    expect(list.list(undefined)[0]?.processCount).toBe(3)
    tree.setProcesses(101, 'ns/user.slice/session-1.scope', [1_015, 1_016])
    expect(list.list(undefined)[0]?.processCount).toBe(5)
    rmSync(join(tree.cgroup(101), 'ns/user.slice'), { recursive: true })
    expect(list.list(undefined)[0]?.processCount).toBe(3)
  })

  test.each([
    ['systemd keeps it in init.scope', { 'ns/init.scope': [1_010], 'ns/system.slice/x.service': [1_011] }],
    ['another guest keeps it in ns', { ns: [1_010, 1_011] }],
    ['a process of the host was attached first', { 'ns/.lxc': [1_009], ns: [1_010] }],
  ])('finds the init where %s', (_, groups) => {
    const { tree, list } = setUp()
    tree.start(101, { groups })
    tree.write('proc/1009/status', 'Name:\tsh\nNSpid:\t1009\t44\n')
    tree.write('proc/1011/status', 'Name:\tsh\nNSpid:\t1011\t7\n')
    expect(list.list(undefined)[0]?.initPid).toBe(1_010)
  })

  test('does not take the init of a nested container for its own', () => {
    const { tree, list } = setUp()
    tree.start(101, { groups: { 'ns/docker/abc': [1_005], 'ns/init.scope': [1_010] } })
    tree.write('proc/1005/status', 'Name:\tnginx\nNSpid:\t1005\t99\t1\n')
    expect(list.list(undefined)[0]?.initPid).toBe(1_010)
  })

  test('looks for an init that it did not find again when there are more processes, and now and then', () => {
    const { tree, list } = setUp()
    tree.start(101, { groups: { ns: [5] } })
    tree.write('proc/5/status', 'NSpid:\t5\n')
    expect(list.list(undefined)[0]?.initPid).toBeUndefined()
    tree.write('proc/5/status', 'NSpid:\t5\t1\n')
    expect(list.list(undefined)[0]?.initPid).toBeUndefined()
    tree.setProcesses(101, 'ns', [5, 6])
    expect(list.list(undefined)[0]?.initPid).toBe(5)
    tree.start(102, { groups: { ns: [8] } })
    tree.write('proc/8/status', 'NSpid:\t8\n')
    list.list(undefined)
    tree.write('proc/8/status', 'NSpid:\t8\t1\n')
    for (let look = 0; look < 29; look++) list.list(undefined)
    expect(list.list(undefined)[1]?.initPid).toBe(8)
  })

  test('makes a new run of a container that was started again', () => {
    const { tree, list } = setUp()
    tree.start(101)
    const [before] = list.list(undefined)
    tree.start(101)
    const [after] = list.list(undefined)
    expect(after?.runId).not.toBe(before?.runId)
    expect(after).not.toBe(before)
    expect(list.list(undefined)[0]).toBe(after)
  })

  test('leaves out a stopped container with a process that cannot end: no init, no command socket', () => {
    const { tree, vmids } = setUp()
    tree.start(101, { groups: { ns: [5] } })
    tree.start(102)
    tree.write('proc/5/status', 'Name:\tdd\nNSpid:\t5\t77\n')
    const heading = 'Num       RefCount Protocol Flags    Type St Inode Path\n'
    tree.write('proc/net/unix', `${heading}0000: 00000002 00000000 00010000 0001 01 14 @/var/lib/lxc/102/command\n`)
    expect(vmids()).toEqual([102])
  })

  test('keeps a container that is starting: no init yet, but its monitor listens', () => {
    const { tree, vmids } = setUp()
    tree.start(101, { groups: { ns: [5] } })
    tree.write('proc/5/status', 'Name:\tlxc-start\nNSpid:\t5\n')
    tree.write('proc/net/unix', '0000: 00000002 00000000 00010000 0001 01 14 @/var/lib/lxc/101/command\n')
    expect(vmids()).toEqual([101])
  })

  test('keeps a container of which cannot be told whether it runs', () => {
    const { tree, list, vmids } = setUp()
    tree.start(101, { groups: { ns: [5] } })
    tree.start(102)
    tree.write('sys/fs/cgroup/lxc/102/ns/cgroup.procs', 'cut o')
    expect(vmids()).toEqual([101, 102])
    expect(list.list(undefined).map(({ processCount }) => processCount)).toEqual([1, undefined])
  })

  test('lets go of all files of a container that stopped', () => {
    const { tree, files, list } = setUp()
    tree.start(101)
    list.list(undefined)
    expect(files.openFiles).toBeGreaterThan(0)
    tree.stop(101)
    expect(list.list(undefined)).toEqual([])
    expect(files.openFiles).toBe(0)
  })

  test('says that there is no cgroup tree instead of no container', () => {
    const list = new ContainerList(new HostFiles(), { proc: '/no/proc', cgroup: '/no/cgroup' })
    const problem = {
      code: 'HOST_UNREADABLE',
      message: '/no/cgroup: no cgroup tree there (host.cgroup)',
      retryable: true,
    }
    expect(() => list.list(undefined)).toThrow(expect.objectContaining(problem))
  })

  test('finds no container on a host where none was ever started', () => {
    const { tree, vmids } = setUp()
    rmSync(join(tree.root, 'sys/fs/cgroup/lxc'), { recursive: true })
    expect(vmids()).toEqual([])
    tree.start(101)
    expect(vmids()).toEqual([101])
  })

  test('reads cgroup v1 where controllers are mounted one by one', () => {
    const root = temporaryDirectory()
    for (const controller of ['cpuset', 'memory', 'cpu,cpuacct']) {
      mkdirSync(join(root, controller, 'lxc/101/ns'), { recursive: true })
      for (const folder of ['', 'lxc/101', 'lxc/101/ns'])
        writeFileSync(join(root, controller, folder, 'cgroup.procs'), '')
    }
    writeFileSync(join(root, 'cpuset/lxc/101/ns/cgroup.procs'), '5\n6\n')
    mkdirSync(join(root, 'proc/5'), { recursive: true })
    writeFileSync(join(root, 'proc/5/status'), 'NSpid:\t5\t1\n')
    const [run] = new ContainerList(new HostFiles(), { proc: join(root, 'proc'), cgroup: root }).list(undefined)
    expect(run).toMatchObject({ vmid: 101, processCount: 2, initPid: 5 })
    expect(run?.file('cpuacct', 'cpuacct.usage')?.path).toBe(join(root, 'cpu,cpuacct/lxc/101/cpuacct.usage'))
    expect(run?.file('blkio', 'blkio.throttle.io_serviced')).toBeUndefined()
  })
})
