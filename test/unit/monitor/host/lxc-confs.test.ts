import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LxcConfs } from '../../../../packages/monitor/src/host/lxc-confs.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const LIVE = `#managed%3A yes
arch: amd64
cores: 2
hostname: web
memory: 2048
net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:AA:BB:CC,ip=dhcp,type=veth
net1: bridge=vmbr1,name=lan,type=veth
`

describe('LxcConfs', () => {
  function pve() {
    const root = temporaryDirectory()
    mkdirSync(join(root, 'lxc'))
    return { root, write: (name: string, text: string) => writeFileSync(join(root, 'lxc', name), text) }
  }

  test('lists the containers of this host and nothing else', async () => {
    const { root, write } = pve()
    for (const name of ['101.conf', '1234567.conf', '101.conf.tmp.77', 'notes.txt', '99.conf']) write(name, LIVE)
    expect(await new LxcConfs(root, new FakeClock()).vmids()).toEqual(new Set([101, 1_234_567]))
  })

  test('says that it cannot be known without /etc/pve', async () => {
    expect(await new LxcConfs('/no/such/place', new FakeClock()).vmids()).toBeUndefined()
  })

  test('reads what matters for measuring a container', async () => {
    const { root, write } = pve()
    write('101.conf', LIVE)
    write('102.conf', 'hostname: base\ntemplate: 1\n')
    write('103.conf', '')
    const confs = new LxcConfs(root, new FakeClock())
    await confs.load([101, 102, 103])
    expect(confs.of(101)).toEqual({ hostname: 'web', isTemplate: false, interfaces: ['eth0', 'lan'] })
    expect(confs.of(102)).toMatchObject({ isTemplate: true })
    expect(confs.of(103)).toEqual({ hostname: undefined, isTemplate: false, interfaces: [] })
  })

  test('reads a configuration once a minute', async () => {
    const { root, write } = pve()
    const clock = new FakeClock()
    const configs = new LxcConfs(root, clock)
    write('101.conf', 'hostname: old\n')
    await configs.load([101])
    write('101.conf', 'hostname: new\n')
    await clock.advance(30_000)
    await configs.load([101])
    expect(configs.of(101)?.hostname).toBe('old')
    await clock.advance(31_000)
    await configs.load([101])
    expect(configs.of(101)?.hostname).toBe('new')
  })

  test('forgets a container that moved to another host', async () => {
    const { root, write } = pve()
    const clock = new FakeClock()
    const configs = new LxcConfs(root, clock)
    write('101.conf', LIVE)
    await configs.load([101])
    rmSync(join(root, 'lxc', '101.conf'))
    await clock.advance(61_000)
    await configs.load([101])
    expect(configs.of(101)).toBeUndefined()
  })
})
