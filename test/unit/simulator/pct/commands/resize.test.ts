import { describe, expect, test } from 'vitest'
import { failure, makeHost, usualHost } from '../../pretend-host.ts'

describe('resize', () => {
  test.each([
    ['+2G', 'size=10G'],
    ['12G', 'size=12G'],
    ['+512M', 'size=8704M'],
    ['8589934593', 'size=8589934593'],
  ])('to %s', async (size, expected) => {
    const host = await usualHost()
    expect(await host.pct(`resize 100 rootfs ${size}`)).toMatchObject({ stderr: '', exitCode: 0 })
    expect(host.conf(100)).toContain(`rootfs: local-lvm:vm-100-disk-0,${expected}\n`)
  })

  test.each([
    ['4G', 'unable to shrink disk size\n'],
    ['10', 'unable to shrink disk size\n'],
    ['8G', 'disk is already at specified size\n'],
  ])('to %s is refused: a size without a unit is bytes', async (size, stderr) => {
    expect(await (await usualHost()).pct(`resize 100 rootfs ${size}`)).toEqual(failure(stderr, 25))
  })

  test('ends with 0 although its task failed', async () => {
    const host = await usualHost({ quorate: false })
    expect(await host.pct('resize 100 rootfs +1G')).toMatchObject({
      stderr: `unable to open file '/etc/pve/nodes/pve/lxc/100.conf.tmp.${process.pid}' - Permission denied\n`,
      exitCode: 0,
    })
  })

  test('prints what the programs below it say', async () => {
    const host = await usualHost()
    expect((await host.pct('resize 100 rootfs +2G')).stdout).toMatch(
      /^ {2}Size of logical volume pve\/vm-100-disk-0 changed from 8\.00 GiB \(2048 extents\) to 10\.00 GiB \(2560 extents\)\.\n[\s\S]*on-line resizing required\n[\s\S]* is now 2621440 \(4k\) blocks long\.\n\n$/,
    )
    expect((await host.pct('resize 101 rootfs +2G')).stdout).toContain('Pass 5: Checking group summary information\n')
  })

  test('of a mount point that is not set is refused', async () => {
    const missing = 'property is missing and it is not optional'
    expect(await (await usualHost()).pct('resize 100 mp0 +1G')).toEqual(
      failure(`format error\nmp: ${missing}\nvolume: ${missing}\n`, 25),
    )
  })

  test('on a directory storage fails within its task', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', storage: 'local' }])
    expect(await host.pct('resize 100 rootfs +1G')).toEqual(failure("can't resize this image format\n", 0))
    expect(host.conf(100)).toContain('rootfs: local:100/subvol-100-disk-0.subvol,size=8G\n')
  })

  test.each([
    [{ missingVolumes: ['local-lvm:vm-100-disk-0'] }, 'no such logical volume pve/vm-100-disk-0\n'],
    [{ storages: {} }, "storage 'local-lvm' does not exist\n"],
  ])('with %j is refused', async (settings, stderr) => {
    expect(await (await usualHost(settings)).pct('resize 100 rootfs +1G')).toEqual(failure(stderr, 25))
  })

  test('keeps the new size when the file system does not grow, with a warning on stdout', async () => {
    const host = await usualHost({ filesystemGrowFails: true })
    const { stdout, stderr, exitCode } = await host.pct('resize 100 rootfs +1G')
    expect(stdout).toContain("Failed to update the container's filesystem")
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(host.conf(100)).toContain('size=9G\n')
  })
})
