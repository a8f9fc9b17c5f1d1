import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Engine } from '../../../../../packages/simulator/src/index.ts'
import { CommandClock, failure, makeHost, silent, usualHost } from '../../pretend-host.ts'

describe('power', () => {
  test.each([
    ['start 100', 'CT 100 already running\n'],
    ['stop 101', 'CT 101 not running\n'],
    ['shutdown 101', 'CT 101 not running\n'],
    ['reboot 101', 'VM 101 not running\n'],
    ['exec 101 -- true', "container '101' not running!\n"],
    ['destroy 100', 'unable to destroy CT 100 - container is running\n'],
  ])('%s is refused', async (line, stderr) => {
    expect(await (await usualHost()).pct(line)).toEqual(failure(stderr))
  })

  test('a restart gives another cgroup inode and another init', async () => {
    const host = await usualHost()
    const before = {
      inode: host.inode(100),
      pid: /^pid: (\d+)$/m.exec((await host.pct('status 100 --verbose')).stdout)?.[1],
    }
    expect(await host.pct('reboot 100')).toEqual(silent)
    expect(host.inode(100)).not.toBe(before.inode)
    expect((await host.pct('status 100 --verbose')).stdout).not.toContain(`pid: ${before.pid}\n`)
    expect(existsSync(`${host.root}/proc/${before.pid}`)).toBe(false)
  })

  test('a stop takes away what the kernel showed of the container', async () => {
    const host = await usualHost()
    expect(await host.pct('stop 100')).toEqual(silent)
    expect(existsSync(`${host.root}/sys/fs/cgroup/lxc/100`)).toBe(false)
    expect(existsSync(`${host.root}/sys/fs/cgroup/lxc.monitor/100`)).toBe(false)
    expect(host.text('proc/net/unix')).not.toContain('/var/lib/lxc/100/command')
  })

  test('what is pending comes into force at a start', async () => {
    const host = await usualHost()
    await host.pct('set 100 --features nesting=0')
    await host.pct('reboot 100')
    expect(host.conf(100)).toContain('features: nesting=0\n')
    expect(host.conf(100)).not.toContain('[pve:pending]')
  })

  test('a guest that does not halt ends a shutdown with 255, after twice the time', async () => {
    const host = await usualHost({ ignoresShutdown: [100] })
    const clock = new CommandClock()
    const { stderr, exitCode } = await host.pct('shutdown 100 --timeout 10', clock)
    expect({ stderr, exitCode }).toEqual({ stderr: 'container did not stop\n', exitCode: 255 })
    expect(clock.waitedMs).toBe(25_000)
    expect(await host.pct('shutdown 100 --timeout 10 --forceStop 1', clock)).toEqual(silent)
  })

  test('a template refuses to start', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', template: true }])
    expect(await host.pct('start 100')).toEqual(failure("you can't start a CT if it's a template\n"))
  })

  test('the HA manager acts after the command has returned', async () => {
    const host = await usualHost({ haManaged: [100], haDelayMs: 3_000 })
    expect(await host.pct('stop 100')).toEqual({ ...silent, stdout: 'Requesting HA stop for CT 100\n' })
    expect((await host.pct('status 100')).stdout).toBe('status: running\n')
    const engine = new Engine(host.root)
    await engine.step(2_000)
    expect((await host.pct('status 100')).stdout).toBe('status: running\n')
    await engine.step(2_000)
    expect((await host.pct('status 100')).stdout).toBe('status: stopped\n')
    expect(await host.pct('start 100')).toEqual({ ...silent, stdout: 'Requesting HA start for CT 100\n' })
  })
})
