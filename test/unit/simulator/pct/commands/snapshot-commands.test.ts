import { describe, expect, test } from 'vitest'
import { INSTANT } from '../../../../../packages/simulator/src/index.ts'
import { CommandClock, failure, makeHost, silent, usualHost } from '../../pretend-host.ts'

describe('snapshots', () => {
  test('are listed as a tree in which current comes last', async () => {
    const host = await usualHost()
    const clock = new CommandClock(new Date(2024, 4, 1, 21, 54, 37).getTime())
    expect((await host.pct('listsnapshot 100')).stdout).toBe(
      `\`-> current                     ${' '.repeat(23)} You are here!\n`,
    )
    expect(await host.pct("snapshot 100 before_upgrade --description 'powered off!'", clock)).toEqual({
      ...silent,
      stdout: '  Logical volume "snap_vm-100-disk-0_before_upgrade" created.\n',
    })
    await host.pct('snapshot 100 auto-20260101-1200', new CommandClock(new Date(2026, 0, 1, 12).getTime()))
    expect((await host.pct('listsnapshot 100')).stdout).toBe(
      [
        '`-> before_upgrade              2024-05-01 21:54:37     powered off!',
        ' `-> auto-20260101-1200         2026-01-01 12:00:00     no-description',
        '  `-> current                                           You are here!',
        '',
      ].join('\n'),
    )
  })

  test.each(['current', 'vzdump'])('the name %s is reserved', async name => {
    expect(await (await usualHost()).pct(`snapshot 100 ${name}`)).toEqual(
      failure(`unable to use snapshot name '${name}' (reserved name)\n`),
    )
  })

  test('a name is used once, and must be there to be deleted', async () => {
    const host = await usualHost()
    await host.pct('snapshot 100 ab')
    expect(await host.pct('snapshot 100 ab')).toEqual(failure("snapshot name 'ab' already used\n"))
    expect(await host.pct('delsnapshot 100 cd')).toEqual(failure("snapshot 'cd' does not exist\n"))
  })

  test.each([
    ['a directory storage', { storage: 'local' }],
    ['a bind mount', { config: { mp0: '/srv/data,mp=/data' } }],
  ])('are not available with %s', async (_name, spec) => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', ...spec }])
    expect(await host.pct('snapshot 100 ab')).toEqual(failure('snapshot feature is not available\n'))
  })

  test('are not taken of a template', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', template: true }])
    expect(await host.pct('snapshot 100 ab')).toEqual(failure("you can't take a snapshot if it's a template\n"))
  })

  test('a rollback kills the container, leaves it stopped and takes back cores, memory and tags, not the description', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', cores: 2, memoryMb: 512, tags: 'old' }])
    await host.pct('snapshot 100 ab')
    await host.pct('set 100 --cores 4 --memory 1024 --tags new --description note --features nesting=0')
    expect(await host.pct('rollback 100 ab')).toMatchObject({ stderr: '', exitCode: 0 })
    expect((await host.pct('status 100')).stdout).toBe('status: stopped\n')
    const conf = host.conf(100)
    expect(conf).toMatch(/^#note\n/)
    expect(conf).toContain('cores: 2\n')
    expect(conf).toContain('memory: 512\n')
    expect(conf).toContain('parent: ab\n')
    expect(conf).toContain('tags: old\n')
    expect(conf).not.toContain('[pve:pending]')
  })

  test('a rollback starts the container again when asked to', async () => {
    const host = await usualHost()
    await host.pct('snapshot 100 ab')
    expect(await host.pct('rollback 100 ab --start 1')).toMatchObject({ stderr: '', exitCode: 0 })
    expect((await host.pct('status 100')).stdout).toBe('status: running\n')
  })

  test.each([
    [100, 60_000],
    [101, 0],
  ])(
    'the first start of %i after a rollback waits %i ms: only a disk that was in use is looked after',
    async (vmid, ms) => {
      const host = await usualHost({ taskMs: { ...INSTANT.taskMs, slowMountMs: 60_000 } })
      await host.pct(`snapshot ${vmid} ab`)
      const clock = new CommandClock()
      await host.pct(`rollback ${vmid} ab --start 1`, clock)
      expect(clock.waitedMs).toBe(ms)
      await host.pct(`reboot ${vmid}`, clock)
      expect(clock.waitedMs).toBe(ms)
    },
  )

  test('ZFS rolls back to the newest only', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', storage: 'local-zfs' }], {
      settings: { storages: { 'local-zfs': 'zfspool' } },
    })
    await host.pct('snapshot 100 ab')
    await host.pct('snapshot 100 cd')
    expect(await host.pct('rollback 100 ab')).toEqual(
      failure("can't rollback, 'ab' is not most recent snapshot on 'local-zfs:subvol-100-disk-0'\n"),
    )
    expect(await host.pct('rollback 100 cd')).toEqual(silent)
  })

  test('deleting one hands its children to its parent', async () => {
    const host = await usualHost()
    for (const name of ['one', 'two', 'three']) await host.pct(`snapshot 100 ${name}`)
    expect(await host.pct('delsnapshot 100 two')).toEqual({
      ...silent,
      stdout: '  Logical volume "snap_vm-100-disk-0_two" successfully removed.\n',
    })
    expect(host.conf(100)).toMatch(/\[three\]\n(?:[^[]*\n)?parent: one\n/)
  })

  test('the lock is in the configuration while the work lasts, and set fails meanwhile', async () => {
    const host = await usualHost({
      taskMs: { ...INSTANT.taskMs, snapshotMs: 1 },
    })
    let meanwhile: unknown
    const time = {
      nowMs: () => 0,
      sleep: async (ms: number) => {
        if (ms > 0) meanwhile = await host.pct('set 100 --cores 1')
      },
    }
    expect((await host.pct('snapshot 100 ab', time)).exitCode).toBe(0)
    expect(meanwhile).toEqual(failure('CT is locked (snapshot)\n'))
  })
})
