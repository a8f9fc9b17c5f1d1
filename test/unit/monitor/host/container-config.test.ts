import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ContainerConfigs, parseContainerConfig } from '../../../../packages/monitor/src/host/container-config.ts'
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

describe('parseContainerConfig', () => {
  test('reads the live section', () => {
    expect(parseContainerConfig(LIVE)).toEqual({ hostname: 'web', isTemplate: false, interfaces: ['eth0', 'lan'] })
  })

  test.each(['[pve:pending]', '[before_upgrade]', '[Auto-2026]'])('stops at the section %s', header => {
    const text = `${LIVE}\n${header}\nhostname: other\ntemplate: 1\nnet2: name=eth2\n`
    expect(parseContainerConfig(text)).toEqual({ hostname: 'web', isTemplate: false, interfaces: ['eth0', 'lan'] })
  })

  test('knows a template', () => {
    expect(parseContainerConfig('hostname: base\ntemplate: 1\n').isTemplate).toBe(true)
  })

  test('reads an empty file as one that says nothing', () => {
    expect(parseContainerConfig('')).toEqual({ hostname: undefined, isTemplate: false, interfaces: [] })
  })
})

describe('ContainerConfigs', () => {
  function pve() {
    const root = temporaryDirectory()
    mkdirSync(join(root, 'lxc'))
    return { root, write: (name: string, text: string) => writeFileSync(join(root, 'lxc', name), text) }
  }

  test('lists the containers of this host and nothing else', async () => {
    const { root, write } = pve()
    for (const name of ['101.conf', '1234567.conf', '101.conf.tmp.77', 'notes.txt', '99.conf']) write(name, LIVE)
    expect(await new ContainerConfigs(root, new FakeClock()).vmids()).toEqual(new Set([101, 1_234_567]))
  })

  test('says that it cannot be known without /etc/pve', async () => {
    expect(await new ContainerConfigs('/no/such/place', new FakeClock()).vmids()).toBeUndefined()
  })

  test('reads a configuration once a minute', async () => {
    const { root, write } = pve()
    const clock = new FakeClock()
    const configs = new ContainerConfigs(root, clock)
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
    const configs = new ContainerConfigs(root, clock)
    write('101.conf', LIVE)
    await configs.load([101])
    rmSync(join(root, 'lxc', '101.conf'))
    await clock.advance(61_000)
    await configs.load([101])
    expect(configs.of(101)).toBeUndefined()
  })
})
