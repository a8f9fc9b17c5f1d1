import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { failure, silent, usualHost } from '../../pretend-host.ts'

describe('destroy', () => {
  test('removes the container from every list', async () => {
    const host = await usualHost()
    expect(await host.pct('destroy 101')).toEqual({
      ...silent,
      stdout: '  Logical volume "vm-101-disk-0" successfully removed.\n',
    })
    expect(existsSync(`${host.root}/etc/pve/lxc/101.conf`)).toBe(false)
    expect(host.text('etc/pve/.vmlist')).not.toContain('"101"')
  })

  test('--force stops it first', async () => {
    const host = await usualHost()
    expect(await host.pct('destroy 100 --force')).toEqual({
      ...silent,
      stdout: 'forced to stop CT 100 before destroying!\n  Logical volume "vm-100-disk-0" successfully removed.\n',
    })
    expect(existsSync(`${host.root}/sys/fs/cgroup/lxc/100`)).toBe(false)
  })

  test('refuses a protected one, and one in HA resources without --purge', async () => {
    const host = await usualHost({ haManaged: [101] })
    expect(await host.pct('destroy 101')).toEqual(
      failure('unable to remove CT 101 - used in HA resources and purge parameter not set.\n'),
    )
    await host.pct('set 101 --protection 1')
    expect(await host.pct('destroy 101 --purge')).toEqual(failure("can't remove CT 101 - protection mode enabled\n"))
  })
})
