import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommandReport } from '../../packages/api/src/pct/command-report.ts'
import { listContainers, setResources, startContainer } from '../../packages/api/src/pct/commands.ts'
import { PctCli } from '../../packages/api/src/pct/pct-cli.ts'
import type { HostCommand } from '../../packages/api/src/ports.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const PATH = process.env['PATH']
let bin: string
let reports: CommandReport[]
let cli: PctCli

beforeEach(() => {
  bin = temporaryDirectory()
  process.env['PATH'] = `${bin}${delimiter}${PATH}`
  reports = []
  cli = new PctCli({ clock: systemClock, mark: bin, limitMs: () => 400, onEnd: report => reports.push(report) })
})
afterEach(() => {
  process.env['PATH'] = PATH
})

function patient(): PctCli {
  return new PctCli({ clock: systemClock, mark: bin, limitMs: () => 60_000, onEnd: () => undefined })
}

/** Puts a `pct` on PATH that is this shell script. */
function pct(script: string, name = 'pct'): void {
  writeFileSync(join(bin, name), `#!/bin/sh\nhere=${bin}\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}

function command(...args: string[]): HostCommand {
  return { ...listContainers(), kind: 'set', args }
}

const read = (name: string) => readFileSync(join(bin, name), 'utf8')

describe('a command', () => {
  test('gets its words as they are, each for itself, without a shell', async () => {
    const words = ['set', '101', '--description', 'a b; $(touch x) `id` \'q\' "d" \\ * \n ü']
    pct(`for word in "$@"; do printf '%s\\0' "$word" >> $here/words; done`)
    await cli.run(command(...words))
    expect(read('words').split('\0').slice(0, -1)).toEqual(words)
  })

  test('runs in the plain locale, without input, and gives its two outputs apart', async () => {
    pct(`printf '%s' "$LC_ALL" > $here/locale; cat > $here/input; echo out; echo err >&2`)
    expect(await cli.run(command('list'))).toMatchObject({ stdout: 'out', stderr: 'err' })
    expect([read('locale'), read('input')]).toEqual(['C.UTF-8', ''])
  })

  test('that fails is mapped by what it said', async () => {
    pct('echo "CT is locked (backup)" >&2; exit 255')
    await expect(cli.run(command('set'))).rejects.toMatchObject({
      code: 'CONTAINER_LOCKED',
      details: { lock: 'backup' },
    })
    expect(reports).toMatchObject([{ outcome: 'failed' }])
  })

  test('that a signal ended has failed', async () => {
    pct('kill -9 $$')
    await expect(cli.run(command('set'))).rejects.toMatchObject({
      code: 'PCT_FAILED',
      details: { exit: 'was ended by a signal' },
    })
  })

  test('that is not there is missing, also when the helper of an unprivileged installation says so', async () => {
    const absent: HostCommand = { ...listContainers(), program: 'pvecm' }
    process.env['PATH'] = bin
    await expect(cli.run(absent)).rejects.toMatchObject({ code: 'PCT_MISSING' })
    process.env['PATH'] = `${bin}${delimiter}${PATH}`
    pct('exit 127')
    await expect(cli.run(command('list'))).rejects.toMatchObject({ code: 'PCT_MISSING' })
    expect(reports.map(({ outcome }) => outcome)).toEqual(['missing', 'missing'])
  })

  test('that is to stop is stopped, and says what it can', async () => {
    pct(`trap 'echo stopped >&2; exit 3' TERM; touch $here/started; while :; do sleep 0.02; done`)
    const stop = new AbortController()
    const running = patient().run(command('set'), () => stop.signal)
    await expect.poll(() => existsSync(join(bin, 'started'))).toBe(true)
    stop.abort()
    await expect(running).rejects.toMatchObject({ code: 'PCT_FAILED', details: { exit: 'exit code 3' } })
  })

  test('that does not stop when it is to is ended, and what it did is not known', async () => {
    pct(`trap '' TERM; touch $here/started; while :; do sleep 0.02; done`)
    const stop = new AbortController()
    const running = patient().run(command('set'), () => stop.signal)
    await expect.poll(() => existsSync(join(bin, 'started'))).toBe(true)
    stop.abort()
    // Whoever looks afterwards says what it did.
    await expect(running).rejects.toMatchObject({
      code: 'PCT_TIMEOUT',
      message: expect.not.stringContaining('took effect'),
    })
  })

  test('that prints without end is ended', async () => {
    pct('yes')
    await expect(cli.run(command('list'))).rejects.toMatchObject({ code: expect.stringMatching(/^PCT_/) })
  })

  test('of the kind resize has failed when it complains, although it ended well', async () => {
    pct('echo "lvextend: no space" >&2')
    await expect(cli.run({ ...command('resize'), kind: 'resize' })).rejects.toMatchObject({ code: 'PCT_FAILED' })
    await expect(cli.run(command('set'))).resolves.toMatchObject({
      stdout: '',
      stderr: 'lvextend: no space',
    })
  })

  test('is not started when what must hold right before does not', async () => {
    pct('touch $here/started')
    const refuse = () => {
      throw new Error('measured just now: no')
    }
    await expect(cli.run(command('set'), refuse)).rejects.toThrow('measured just now: no')
    expect(existsSync(join(bin, 'started'))).toBe(false)
  })
})

describe('a command that does not end', () => {
  test('is ended with its children, those that left its group and those that will not listen included', async () => {
    pct(`trap '' TERM
setsid sh -c 'trap "" TERM; echo $$ > '$here'/grandchild; while :; do sleep 1; done' &
while :; do sleep 1; done`)
    await expect(cli.run(command('set', '101'))).rejects.toMatchObject({
      code: 'PCT_TIMEOUT',
      details: { limit_seconds: 0.4 },
    })
    const grandchild = Number(read('grandchild'))
    expect(isRunning(grandchild)).toBe(false)
    expect(reports).toMatchObject([{ outcome: 'timeout' }])
  })
})

/** Whether a process still does something; one that is dead and not yet collected by its parent does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    // There is no such process.
    return false
  }
}

describe('many commands', () => {
  test('run two at a time, changes before reads', async () => {
    pct('printf "%s\\n" "+$1" >> $here/log; sleep 0.1; printf "%s\\n" "-$1" >> $here/log')
    const kinds = ['set', 'set', 'read', 'read', 'set'] as const
    await Promise.all(kinds.map((kind, at) => cli.run({ ...command(`${kind}${at}`), kind })))
    const log = read('log').trim().split('\n')
    let running = 0
    for (const line of log) {
      running += line.startsWith('+') ? 1 : -1
      expect(running).toBeLessThanOrEqual(2)
    }
    const starts = log.filter(line => line.startsWith('+'))
    expect(starts.indexOf('+set4')).toBeLessThan(starts.indexOf('+read3'))
  })

  test('that only read are turned away when too many wait', async () => {
    pct('sleep 0.2')
    const reads = Array.from({ length: 70 }, () => cli.run({ ...command('list'), kind: 'read' }))
    const outcomes = await Promise.allSettled(reads.slice(66))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
    pct('exit 0')
    await Promise.allSettled(reads)
  })
})

test('the words of a change are those of the contract', async () => {
  pct('echo "$@" >> $here/log')
  const change = setResources(101, { cores: 2, memoryMb: 512 })
  if (change !== undefined) await cli.run(change)
  await cli.run(startContainer(101))
  expect(read('log')).toBe('set 101 -cores 2 -memory 512\nstart 101\n')
})
