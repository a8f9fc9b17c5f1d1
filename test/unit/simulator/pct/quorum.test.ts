import { describe, expect, test } from 'vitest'
import { runPvecm, runPvesh, updateSettings } from '../../../../packages/simulator/src/index.ts'
import { failure, silent, usualHost } from '../pretend-host.ts'

describe('a cluster without quorum', () => {
  test('lets set change the cgroup and then fail, so that runtime and configuration differ', async () => {
    const host = await usualHost({ quorate: false })
    expect(await host.pct('set 100 --memory 700')).toEqual(
      failure(`unable to open file '/etc/pve/nodes/pve/lxc/100.conf.tmp.${process.pid}' - Permission denied\n`, 2),
    )
    expect(host.cgroup(100, 'memory.max')).toBe(`${700 * 2 ** 20}\n`)
    expect(host.conf(100)).toContain('memory: 512\n')
  })

  test.each(['start 101', 'clone 101 200'])('stops %s at once', async line => {
    expect(await (await usualHost({ quorate: false })).pct(line)).toEqual(failure('cluster not ready - no quorum?\n'))
  })

  const refused = (vmid: number) =>
    `unable to open file '/etc/pve/nodes/pve/lxc/${vmid}.conf.tmp.${process.pid}' - Permission denied\n`

  test('lets resize grow the volume, which the configuration does not tell', async () => {
    const host = await usualHost({ quorate: false })
    expect(await host.pct('resize 100 rootfs 9G')).toMatchObject({ stderr: refused(100), exitCode: 0 })
    expect(host.conf(100)).toContain('size=8G\n')
    await updateSettings(host.root, { quorate: true })
    expect(await host.pct('resize 100 rootfs 9G')).toEqual(failure('disk is already at specified size\n', 25))
  })

  test('lets destroy delete the disk before it fails', async () => {
    const host = await usualHost({ quorate: false })
    expect(await host.pct('destroy 101')).toEqual({
      stdout: '  Logical volume "vm-101-disk-0" successfully removed.\n',
      stderr: refused(101),
      exitCode: 255,
    })
    await updateSettings(host.root, { quorate: true })
    expect(await host.pct('start 101')).toEqual(failure('no such logical volume pve/vm-101-disk-0\n'))
  })

  test('lets a container stop, even with changes pending', async () => {
    const host = await usualHost()
    await host.pct('set 100 --features nesting=0')
    await updateSettings(host.root, { quorate: false })
    expect(await host.pct('stop 100')).toEqual(silent)
    expect(host.conf(100)).toContain('[pve:pending]')
  })

  test('is said by pvecm and pvesh', async () => {
    const host = await usualHost({ quorate: false, nodes: ['pve', 'b', 'c'] })
    const { stdout, exitCode } = await runPvecm(host.root, ['status'])
    expect(stdout).toContain('Quorate:          No\n')
    expect(stdout).toContain('Quorum:           2 Activity blocked\n')
    expect(exitCode).toBe(2)
    const status = await runPvesh(host.root, ['get', '/cluster/status', '--output-format', 'json'])
    expect(JSON.parse(status.stdout)[0]).toMatchObject({ type: 'cluster', quorate: 0, nodes: 3 })
    expect(host.text('etc/pve/.members')).toBe(
      [
        '{',
        '"nodename": "pve",',
        '"version": 1,',
        '"cluster": { "name": "pretend", "version": 1, "nodes": 3, "quorate": 0 },',
        '"nodelist": {',
        '  "pve": { "id": 1, "online": 1, "ip": "192.0.2.1"},',
        '  "b": { "id": 2, "online": 0},',
        '  "c": { "id": 3, "online": 0}',
        '  }',
        '}',
        '',
      ].join('\n'),
    )
  })

  test('a busy pmxcfs refuses writes with another text', async () => {
    expect((await (await usualHost({ pmxcfs: 'busy' })).pct('set 100 --cores 1')).stderr).toBe(
      `unable to open file '/etc/pve/nodes/pve/lxc/100.conf.tmp.${process.pid}' - Device or resource busy\n`,
    )
  })

  test('a stopped pmxcfs refuses everything', async () => {
    const { stderr, exitCode } = await (await usualHost({ pmxcfs: 'down' })).pct('list')
    expect(stderr).toContain('ipcc_send_rec[1] failed: Connection refused\n')
    expect(exitCode).not.toBe(0)
  })
})
