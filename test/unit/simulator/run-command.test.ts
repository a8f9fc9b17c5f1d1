import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DEFAULT_SETTINGS, type JournalLine, updateSettings } from '../../../packages/simulator/src/index.ts'
import { CollectedOutput } from '../../../packages/simulator/src/pct/output.ts'
import { runCommand } from '../../../packages/simulator/src/run-command.ts'
import { CommandClock, failure, silent, usualHost } from './pretend-host.ts'

const MB = 2 ** 20
const GB = 2 ** 30

describe('what can be set to go wrong', () => {
  test('exit codes that vary, while success stays 0', async () => {
    const host = await usualHost({ randomExitCodes: true })
    const codes = new Set<number>()
    for (let call = 0; call < 40; call++) codes.add((await host.pct('status 999')).exitCode)
    expect(codes.size).toBeGreaterThan(2)
    expect([...codes].every(code => [2, 4, 9, 13, 22, 25, 255].includes(code))).toBe(true)
    expect((await host.pct('status 100')).exitCode).toBe(0)
  })

  test('a complaint of Perl about the locale on stderr', async () => {
    const host = await usualHost({ localeWarning: true })
    const { stdout, stderr } = await host.pct('status 100')
    expect(stdout).toBe('status: running\n')
    expect(stderr).toMatch(/^perl: warning: Setting locale failed\.\n/)
  })

  test('a task that warns, and ends well all the same', async () => {
    const host = await usualHost({ guestWarning: 'a Debian that is too new' })
    const stdout = 'WARN: a Debian that is too new\n'
    expect(await host.pct('start 101')).toEqual({ stdout, stderr: 'Task finished with 1 warning(s)!\n', exitCode: 0 })
  })

  test('one command for one container', async () => {
    const host = await usualHost({
      faults: [{ command: 'pct', subcommand: 'set', vmid: 100, kind: 'fail', exitCode: 25, stderr: 'no luck\n' }],
    })
    expect(await host.pct('set 100 --cores 1')).toEqual(failure('no luck\n', 25))
    expect(await host.pct('set 101 --cores 1')).toEqual(silent)
  })

  test('no command of a process that is spared', async () => {
    const host = await usualHost({ faults: [{ command: 'pct', kind: 'fail', exceptPid: process.pid }] })
    expect((await host.pct('status 100')).exitCode).toBe(0)
  })

  test('a command that says that all is well and has done nothing', async () => {
    const host = await usualHost({ faults: [{ command: 'pct', subcommand: 'set', kind: 'skip' }] })
    expect(await host.pct('set 100 --cores 1')).toEqual(silent)
    expect(host.text('etc/pve/lxc/100.conf')).toContain('cores: 2')
  })

  test('a command that does its work and then fails', async () => {
    const fault = { command: 'pct', kind: 'fail-late', exitCode: 255, stderr: 'CT is locked (backup)\n' } as const
    const host = await usualHost({ faults: [fault] })
    expect(await host.pct('set 100 --cores 1')).toEqual(failure('CT is locked (backup)\n'))
    expect(host.text('etc/pve/lxc/100.conf')).toContain('cores: 1')
  })

  test.each(['slow', 'answer-late'] as const)('a command that takes longer: %s', async kind => {
    const host = await usualHost({ faults: [{ command: 'pct', subcommand: 'set', kind, delayMs: 3_000 }] })
    const clock = new CommandClock()
    expect(await host.pct('set 100 --cores 1', clock)).toEqual(silent)
    expect(clock.waitedMs).toBeGreaterThanOrEqual(3_000)
    expect(host.text('etc/pve/lxc/100.conf')).toContain('cores: 1')
  })

  test('commands that are not installed', async () => {
    const host = await usualHost()
    await updateSettings(host.root, { missingCommands: ['pct'] })
    expect(existsSync(`${host.root}/bin/pct`)).toBe(false)
    await updateSettings(host.root, { missingCommands: [] })
    expect(existsSync(`${host.root}/bin/pct`)).toBe(true)
  })

  test('a delay with jitter before each command', async () => {
    const { pctDelayMs, pctDelayJitter } = DEFAULT_SETTINGS
    const host = await usualHost({ pctDelayMs, pctDelayJitter })
    const clock = new CommandClock()
    for (let call = 0; call < 20; call++) await host.pct('status 100', clock)
    expect(clock.waitedMs / 20).toBeGreaterThan(1_000)
    expect(clock.waitedMs / 20).toBeLessThan(1_500)
  })

  test('a delay that contains the time to start', async () => {
    const host = await usualHost({ pctDelayMs: 400 })
    const time = new CommandClock()
    const output = new CollectedOutput()
    await runCommand({ command: 'pct', root: host.root, words: ['list'], output, time, startedMsAgo: 150 })
    expect(time.waitedMs).toBe(250)
  })
})

describe('the journal', () => {
  const lines = (text: string): JournalLine[] =>
    text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))

  test('tells what a command did to limits, memory and disk, and what it could not take', async () => {
    const host = await usualHost({ keepsJournal: true })
    await host.pct('set 100 --memory 256')
    await host.pct('resize 100 rootfs +1G')
    const [begin, memory, conf, end, ...resized] = lines(host.text('var/lib/pretend-host/journal.jsonl'))
    expect(begin).toMatchObject({ kind: 'begin', command: 'pct', words: ['set', '100', '--memory', '256'] })
    expect(memory).toMatchObject({ kind: 'memory', vmid: 100, fromBytes: 512 * MB, toBytes: 256 * MB, kills: 0 })
    expect(memory).toMatchObject({ floorBytes: expect.any(Number) })
    expect(conf).toMatchObject({ kind: 'conf', before: { memory: '512' }, after: { memory: '256' } })
    expect(end).toMatchObject({ kind: 'end', exitCode: 0, pid: process.pid })
    expect(resized.find(({ kind }) => kind === 'volume')).toMatchObject({ fromBytes: 8 * GB, toBytes: 9 * GB })
  })

  test('is not kept unless it is asked for', async () => {
    const host = await usualHost()
    await host.pct('set 100 --memory 256')
    expect(existsSync(`${host.root}/var/lib/pretend-host/journal.jsonl`)).toBe(false)
  })
})
