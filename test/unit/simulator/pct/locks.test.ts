import { describe, expect, test } from 'vitest'
import { acquireProcessLock } from '../../../../packages/simulator/src/host/process-lock.ts'
import { runCommand } from '../../../../packages/simulator/src/run-command.ts'
import { failure, makeHost, silent, usualHost } from '../pretend-host.ts'

describe('locks', () => {
  test.each([
    'set 100 --cores 1',
    'stop 100',
    'shutdown 100',
    'snapshot 100 ab',
    'resize 100 rootfs +1G',
    'destroy 100',
    'clone 100 200',
    'rollback 100 ab',
  ])('a lock in the configuration stops %s', async line => {
    const host = await makeHost([{ vmid: 100, shape: 'idle' }])
    await host.pct('snapshot 100 ab')
    await host.pct('set 100 --lock backup')
    expect(await host.pct(line)).toEqual(failure('CT is locked (backup)\n'))
  })

  test('unlock removes it, and complains when there is none', async () => {
    const host = await usualHost()
    await host.pct('set 100 --lock backup')
    expect(await host.pct('unlock 100')).toEqual(silent)
    expect(await host.pct('unlock 100')).toEqual(failure('no lock found trying to remove any lock\n'))
  })

  test('start and stop ignore the lock mounted, exec any lock', async () => {
    const host = await usualHost()
    await host.pct('set 100 --lock mounted')
    expect(await host.pct('stop 100')).toEqual(silent)
    expect(await host.pct('start 100')).toEqual(silent)
    await host.pct('unlock 100')
    await host.pct('set 100 --lock backup')
    expect(await host.pct('exec 100 -- true')).toEqual(silent)
  })

  test('reboot stops a locked container, which the hook before its start then refuses', async () => {
    const host = await usualHost()
    await host.pct('set 100 --lock backup')
    expect(await host.pct('reboot 100')).toEqual(failure("startup for container '100' failed\n"))
    expect((await host.pct('status 100')).stdout).toBe('status: stopped\n')
  })

  test('the file lock is waited for, then given up with exit code 4', async () => {
    const host = await usualHost({ lockTimeoutMs: 60 })
    const lock = await acquireProcessLock({ root: host.root, name: 'pve-config-100', timeoutMs: 0 })
    expect(await host.pct('set 100 --cores 1')).toEqual(
      failure("trying to acquire lock...\ncan't lock file '/run/lock/lxc/pve-config-100.lock' - got timeout\n", 4),
    )
    await lock?.release()
  })

  test('the file lock is taken when it becomes free', async () => {
    const host = await usualHost({ lockTimeoutMs: 60_000 })
    const lock = await acquireProcessLock({ root: host.root, name: 'pve-config-100', timeoutMs: 0 })
    const printed: string[] = []
    const output = {
      out: (text: string) => void printed.push(text),
      err: (text: string) => {
        printed.push(text)
        if (text.startsWith('trying')) void lock?.release()
      },
    }
    const words = ['set', '100', '--cores', '1']
    expect(await runCommand({ command: 'pct', root: host.root, words, output })).toBe(0)
    expect(printed).toEqual(['trying to acquire lock...\n', ' OK\n'])
    expect(host.conf(100)).toContain('cores: 1\n')
  })

  test('a task that cannot get the file lock fails as all tasks do', async () => {
    const host = await usualHost({ lockTimeoutMs: 30 })
    const lock = await acquireProcessLock({ root: host.root, name: 'pve-config-100', timeoutMs: 0 })
    expect(await host.pct('stop 100')).toEqual({
      stdout: 'trying to acquire lock...\n',
      stderr: "can't lock file '/run/lock/lxc/pve-config-100.lock' - got timeout\n",
      exitCode: 255,
    })
    await lock?.release()
  })
})
