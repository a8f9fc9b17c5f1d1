import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { INSTANT, updateSettings } from '../../../../../packages/simulator/src/index.ts'
import { failure, makeHost, silent, usualHost } from '../../pretend-host.ts'

describe('clone', () => {
  test('copies a stopped container in full, with another address', async () => {
    const host = await usualHost()
    await host.pct('set 101 --tags web --cores 3')
    expect(await host.pct('clone 101 200 --hostname copy')).toEqual({
      ...silent,
      stdout: expect.stringMatching(
        /^creating a clone of container 101 with ID 200\ncreate full clone of mountpoint rootfs \(local-lvm:vm-101-disk-0\)\n {2}Logical volume "vm-200-disk-0" created\.\nCreating filesystem with 2097152 4k blocks and 524288 inodes\n[\s\S]*\ntotal size is 741,028,117 {2}speedup is 1\.00\n$/,
      ),
    })
    const conf = host.conf(200)
    expect(conf).toContain('hostname: copy\n')
    expect(conf).toContain('cores: 3\n')
    expect(conf).toContain('rootfs: local-lvm:vm-200-disk-0,size=8G\n')
    expect(conf).not.toContain('lock:')
    expect(/hwaddr=(\S+?),/.exec(conf)?.[1]).not.toBe(/hwaddr=(\S+?),/.exec(host.conf(101))?.[1])
    expect(host.text('etc/pve/.vmlist')).toContain('"200":{"node":"pve","type":"lxc"')
    expect(await host.pct('start 200')).toEqual(silent)
  })

  test('to a storage that is not there is refused before anything is made', async () => {
    const host = await usualHost()
    expect(await host.pct('clone 101 200 --storage nostorage')).toEqual(failure("storage 'nostorage' does not exist\n"))
    expect(existsSync(`${host.root}/etc/pve/lxc/200.conf`)).toBe(false)
    expect(host.text('etc/pve/storage.cfg')).toMatch(/^lvmthin: local-lvm\n[\s\S]*^dir: local$/m)
  })

  test('of a volume that is gone leaves nothing', async () => {
    const host = await usualHost({ missingVolumes: ['local-lvm:vm-101-disk-0'] })
    expect(await host.pct('clone 101 200')).toMatchObject({
      stderr: 'clone failed: no such logical volume pve/vm-101-disk-0\n',
      exitCode: 255,
    })
    expect(existsSync(`${host.root}/etc/pve/lxc/200.conf`)).toBe(false)
    expect(host.conf(101)).not.toContain('lock:')
  })

  test('is there, stopped, when its start fails', async () => {
    const host = await usualHost()
    await host.pct('clone 101 200')
    await updateSettings(host.root, { bridges: [] })
    expect(await host.pct('start 200')).toEqual(failure("bridge 'vmbr0' does not exist\n"))
    expect(await host.pct('status 200')).toEqual({ ...silent, stdout: 'status: stopped\n' })
  })

  test('of a running container needs a snapshot', async () => {
    const host = await usualHost()
    expect(await host.pct('clone 100 200')).toEqual(
      failure('Full clone of a running container is only possible from a snapshot\n'),
    )
    expect(existsSync(`${host.root}/etc/pve/lxc/200.conf`)).toBe(false)
    expect(host.conf(100)).not.toContain('lock:')
    await host.pct('snapshot 100 ab')
    expect((await host.pct('clone 100 200 --snapname ab')).exitCode).toBe(0)
    expect(host.conf(200)).not.toMatch(/parent|snaptime|\[ab\]/)
  })

  test.each([
    ['clone 101 100', "CT 100 already exists on node 'pve'\n"],
    ['clone 101 200 --full 0', "Linked clone feature for 'local-lvm:vm-101-disk-0' is not available\n"],
    ['clone 101 200 --full 0 --storage local', "parameter 'storage' not allowed for linked clones\n"],
    ['clone 101 200 --snapname ab', "snapshot 'ab' does not exist\n"],
  ])('%s is refused and leaves no lock', async (line, stderr) => {
    const host = await usualHost()
    expect(await host.pct(line)).toEqual(failure(stderr))
    expect(host.conf(101)).not.toContain('lock:')
  })

  test('of a bind mount is refused', async () => {
    const host = await makeHost([{ vmid: 101, shape: 'idle', running: false, config: { mp0: '/srv,mp=/srv' } }])
    expect((await host.pct('clone 101 200')).stderr).toBe("unable to clone mountpoint 'mp0' (type bind)\n")
  })

  test('keeps the source locked for the whole copy', async () => {
    const host = await usualHost({
      taskMs: { ...INSTANT.taskMs, cloneMs: 5 },
    })
    let meanwhile: unknown
    const time = {
      nowMs: () => 0,
      sleep: async (ms: number) => {
        if (ms === 5) meanwhile = await host.pct('set 101 --cores 1')
      },
    }
    await host.pct('clone 101 200', time)
    expect(meanwhile).toEqual(failure('CT is locked (disk)\n'))
  })
})
