import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HostFiles } from '../../../../packages/host/src/host-files.ts'
import { ContainerList } from '../../../../packages/monitor/src/host/container-list.ts'
import { HostContainers } from '../../../../packages/monitor/src/host/host-containers.ts'
import { LxcConfs } from '../../../../packages/monitor/src/host/lxc-confs.ts'
import { HostTree } from '../../../builders/host-tree.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

function setUp(pctAnswers: readonly (string | Error)[] = []) {
  const tree = new HostTree(temporaryDirectory())
  const { log, messages } = recordingLog()
  const left = [...pctAnswers]
  const asked = { times: 0 }
  const clock = new FakeClock()
  const hangingPct = { answer: (_text: string) => {} }
  const containers = new HostContainers({
    list: new ContainerList(new HostFiles(), tree.host),
    confs: new LxcConfs(tree.host.pve, new FakeClock()),
    clock,
    log,
    pct: { timeoutSeconds: 1, retryLimit: 1, retryDelaySeconds: 0 },
    runPct: async () => {
      asked.times++
      const answer = left.shift()
      if (answer === undefined) return new Promise<string>(resolve => (hangingPct.answer = resolve))
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  const vmids = async () => (await containers.list()).map(({ vmid }) => vmid)
  const hideConfigs = () => rmSync(join(tree.root, 'etc'), { recursive: true })
  return { tree, containers, vmids, hideConfigs, messages, asked, clock, hangingPct }
}

const pctList = (...vmids: readonly number[]) =>
  ['VMID Status Lock Name', ...vmids.map(vmid => `${vmid} running  ct${vmid}`), ''].join('\n')

describe('HostContainers', () => {
  test('gives what is configured here and runs, without asking pct', async () => {
    const { tree, containers, vmids, asked } = setUp()
    tree.configure(101, ['net0: name=lan0,bridge=vmbr0'])
    tree.configure(102)
    tree.start(101)
    tree.start(103)
    expect(await vmids()).toEqual([101])
    expect(containers.configured(101)).toMatchObject({ hostname: 'ct101', interfaces: ['lan0'] })
    expect(asked.times).toBe(0)
  })

  test('follows containers that appear, migrate away and stop', async () => {
    const { tree, vmids } = setUp()
    for (const vmid of [101, 102, 103]) tree.configure(vmid)
    tree.start(101)
    tree.start(102)
    expect(await vmids()).toEqual([101, 102])
    tree.start(103)
    tree.unconfigure(101)
    tree.stop(102)
    expect(await vmids()).toEqual([103])
  })

  test('leaves templates out, but not for a snapshot that says so', async () => {
    const { tree, vmids } = setUp()
    tree.configure(101)
    tree.configure(102, ['template: 1'])
    tree.start(101)
    tree.start(102)
    expect(await vmids()).toEqual([101])
  })

  test('asks pct where /etc/pve cannot be read, and again only when the cgroups change', async () => {
    const { tree, vmids, hideConfigs, messages, asked } = setUp([pctList(101), pctList(101, 103)])
    for (const vmid of [101, 102]) tree.start(vmid)
    hideConfigs()
    expect(await vmids()).toEqual([101])
    expect(await vmids()).toEqual([101])
    expect(asked.times).toBe(1)
    tree.start(103)
    expect(await vmids()).toEqual([101, 103])
    expect(asked.times).toBe(2)
    expect(messages('warn')).toEqual([
      'the configurations of the containers (host.pve) cannot be read; asking pct list',
    ])
  })

  test('does not wait long for a pct that hangs: until it answers, what the kernel runs is measured', async () => {
    const { tree, vmids, hideConfigs, clock, hangingPct, asked } = setUp()
    tree.start(101)
    tree.start(102)
    hideConfigs()
    const first = vmids()
    await expect.poll(() => asked.times).toBe(1)
    await clock.advance(3_000)
    expect(await first).toEqual([101, 102])
    hangingPct.answer(pctList(102))
    expect(await vmids()).toEqual([102])
  })

  test('measures what the kernel runs where pct fails too, and says so once', async () => {
    const { tree, vmids, hideConfigs, messages } = setUp([new Error('pmxcfs is down')])
    tree.start(101)
    hideConfigs()
    expect(await vmids()).toEqual([101])
    expect(await vmids()).toEqual([101])
    expect(messages('warn')).toHaveLength(2)
  })

  test('goes back to the configurations when they can be read again', async () => {
    const { tree, vmids, hideConfigs, messages } = setUp([pctList(101)])
    tree.start(101)
    tree.start(102)
    hideConfigs()
    await vmids()
    tree.configure(102)
    expect(await vmids()).toEqual([102])
    expect(messages('info')).toEqual(['the configurations of the containers can be read again'])
  })
})
