import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { makeHost, silent, usualHost } from '../../pretend-host.ts'

describe('config', () => {
  test('prints sorted keys, the description in one line, raw lines last', async () => {
    const host = await makeHost([
      {
        vmid: 100,
        shape: 'idle',
        hostname: 'web',
        memoryMb: 2_048,
        swapMb: 512,
        tags: 'autoscale;web',
        description: 'managed: yes\n',
        lxc: [['lxc.mount.entry', '/srv srv none bind 0 0']],
        config: { net0: 'name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:AA:BB:CC,ip=dhcp,type=veth' },
      },
    ])
    expect((await host.pct('config 100')).stdout).toBe(
      [
        'arch: amd64',
        'cores: 2',
        'description: managed%3A yes%0A',
        'features: nesting=1',
        'hostname: web',
        'memory: 2048',
        'net0: name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:AA:BB:CC,ip=dhcp,type=veth',
        'onboot: 1',
        'ostype: debian',
        'rootfs: local-lvm:vm-100-disk-0,size=8G',
        'swap: 512',
        'tags: autoscale;web',
        'unprivileged: 1',
        'lxc.mount.entry: /srv srv none bind 0 0',
        '',
      ].join('\n'),
    )
  })

  test('shows pending values as if they were in force, --current what is, and pending both', async () => {
    const host = await usualHost()
    expect(await host.pct('set 100 --features nesting=0 --delete onboot')).toEqual(silent)
    expect((await host.pct('config 100')).stdout).toContain('features: nesting=0\n')
    expect((await host.pct('config 100 --current')).stdout).toContain('features: nesting=1\n')
    expect((await host.pct('pending 100')).stdout).toContain('cur features: nesting=1\nnew features: nesting=0\n')
  })

  test('shows a snapshot, but not together with --current', async () => {
    const host = await usualHost()
    await host.pct('snapshot 100 before')
    await host.pct('set 100 --memory 700')
    expect((await host.pct('config 100 --snapshot before')).stdout).toContain('memory: 512\n')
    expect((await host.pct('config 100 --snapshot before --current')).stderr).toContain(
      "snapshot: cannot use 'snapshot' parameter with 'current'\ncurrent: cannot use 'snapshot' parameter with 'current'\n",
    )
  })

  const UNKNOWN = "vm 100 - unable to parse value of 'foo' - unknown setting 'foo'\n"

  test('prints an unknown key, which stays in its place and in snapshots, with a warning at each read', async () => {
    const host = await usualHost()
    writeFileSync(`${host.root}/etc/pve/lxc/100.conf`, `foo: bar\n${host.conf(100)}`)
    expect(await host.pct('config 100')).toMatchObject({ stderr: UNKNOWN, exitCode: 0 })
    expect((await host.pct('config 100')).stdout).toContain('features: nesting=1\nfoo: bar\nhostname: web\n')
    expect((await host.pct('list')).stderr).toBe(UNKNOWN)
    expect(await host.pct('set 100 --cores 3')).toEqual({ ...silent, stderr: UNKNOWN + UNKNOWN })
    expect(host.conf(100)).toContain('features: nesting=1\nfoo: bar\nhostname: web\n')
    await host.pct('snapshot 100 ab')
    expect(host.conf(100)).toMatch(/^\[ab\]\n[^[]*^foo: bar$/m)
  })

  test.each(['no key here', 'Memory: 700', 'lxc.made.up: 1', '[one two]'])(
    'warns about "%s", which the next write drops',
    async line => {
      const host = await usualHost()
      writeFileSync(`${host.root}/etc/pve/lxc/100.conf`, `${host.conf(100)}${line}\n`)
      const warning = `vm 100 - unable to parse config: ${line}\n`
      expect((await host.pct('config 100')).stderr).toBe(warning)
      expect(await host.pct('set 100 --cores 3')).toEqual({ ...silent, stderr: warning })
      expect(host.conf(100)).not.toContain(line)
    },
  )

  test('takes the keys after a line in brackets that is no name of a section for live ones', async () => {
    const host = await usualHost()
    writeFileSync(`${host.root}/etc/pve/lxc/100.conf`, `${host.conf(100)}[one two]\nmemory: 700\n`)
    expect((await host.pct('config 100')).stdout).toContain('memory: 700\n')
  })

  test.each([
    ['many', "cores: type check ('integer') failed - got 'many'"],
    ['9999', 'cores: value must have a maximum value of 8192'],
  ])('fails for cores: %s in the file, while set of another key works', async (cores, problem) => {
    const host = await usualHost()
    writeFileSync(`${host.root}/etc/pve/lxc/101.conf`, host.conf(101).replace(/^cores: .*$/m, `cores: ${cores}`))
    const { stderr, exitCode } = await host.pct('config 101')
    expect(stderr).toContain(`400 Result verification failed\n${problem}\n`)
    expect(exitCode).toBe(255)
    expect(await host.pct('set 101 --memory 600')).toMatchObject({ exitCode: 0 })
    expect(host.conf(101)).toContain(`cores: ${cores}\n`)
  })
})
