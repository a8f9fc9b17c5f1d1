import { join } from 'node:path'
import { AutoscaleError, MS_PER_DAY } from '@lxc-autoscale/core'
import { HostFiles } from '@lxc-autoscale/host'
import { beforeEach, describe, expect, test } from 'vitest'
import { PastReader } from '../../../../packages/api/src/past/past-reader.ts'
import type { CommandOutput, HostCommand } from '../../../../packages/api/src/ports.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

/** The files of test/unit/host/rrd/read-past.test.ts, two hours after their first row. */
const ROOT = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'rrd')
const NOW_MS = 1_780_007_400_000
/** By their ends. */
const MINUTES = [61, 62, 63].map(minute => ({ time: 1_780_000_200 + minute * 60, cpu: 0.5, maxcpu: 2 }))
const HALF_HOURS = [-30, 0, 30, 60].map(minute => ({
  time: 1_780_000_200 + minute * 60,
  cpu: 0.5,
  maxcpu: 2,
  mem: 1_048_576,
}))

let clock: FakeClock
let asked: string[]
/** What a command prints, how long it takes, or what it fails with. */
let answer: (command: HostCommand) => unknown
let commandMs: number

function reader(files = new HostFiles(), root = ROOT): PastReader {
  const run = async (command: HostCommand): Promise<CommandOutput> => {
    asked.push([command.program, ...command.args.slice(1)].join(' '))
    await clock.sleep(commandMs)
    return { stdout: String(answer(command)), stderr: '', durationMs: commandMs }
  }
  const signal = new AbortController().signal
  return new PastReader({
    files,
    root,
    clock,
    signal,
    commands: { run, leftEnded: async () => true },
    node: () => 'pve',
  })
}

/** As root's files look to the API. */
const UNREADABLE = Object.assign(new HostFiles(), {
  readBytes: (path: string) => {
    throw new AutoscaleError('HOST_UNREADABLE', `${path}: permission denied`)
  },
})

/** What comes of it when as much time passes as it takes. */
async function passing<Result>(result: Promise<Result>, ms = 60_000): Promise<Result> {
  result.catch(() => {})
  await clock.advance(ms)
  return result
}

beforeEach(() => {
  clock = new FakeClock(NOW_MS)
  asked = []
  commandMs = 0
  answer = () => ''
})

describe('the past of a container', () => {
  test('is read from the files, without a command', async () => {
    const body = await reader().read(101, 30)
    expect(body.start_seconds).toHaveLength(20)
    expect(body).toMatchObject({ lxc_id: 101, cores_used_peak: expect.arrayContaining([2]) })
    expect(await reader().read(102, 30)).toMatchObject({ start_seconds: [] })
    expect(asked).toEqual([])
  })

  test('is read by root where only root may', async () => {
    const real = new HostFiles()
    answer = ({ args: [, path = ''] }) => {
      if (!path.includes('9.0')) throw new AutoscaleError('PCT_FAILED', `base64: ${path}: No such file or directory`)
      return real.readBytes(path)?.toString('base64')
    }
    expect((await reader(UNREADABLE).read(101, 30)).start_seconds).toHaveLength(8)
    expect(asked).toEqual([`base64 ${ROOT}/pve-vm-9.0/101`, `base64 ${ROOT}/pve2-vm/101`])
    answer = ({ args: [, path] }) => {
      throw new AutoscaleError('PCT_FAILED', `base64: ${path}: No such file or directory`)
    }
    expect((await reader(UNREADABLE).read(101, 30)).start_seconds).toEqual([])
  })

  test.each([
    ['there are no files', new HostFiles(), '/nowhere'],
    ['they cannot be understood', new HostFiles(), join(ROOT, 'damaged')],
    ['nobody can read them', UNREADABLE, ROOT],
  ])('is asked for where %s', async (_, files, root) => {
    const broken = root.endsWith('damaged')
    if (broken) files = Object.assign(new HostFiles(), { inode: () => 1, readBytes: () => new Uint8Array(200) })
    answer = ({ program, args }) => {
      if (program === 'base64') throw new AutoscaleError('STATE_NOT_ALLOWED', 'pct-helper: not on the list')
      return JSON.stringify(args.includes('day') ? MINUTES : HALF_HOURS)
    }
    const body = await reader(files, root).read(101, 30)
    expect(body.step_seconds).toEqual([1_800, 1_800, 1_800, 1_800, 60, 60, 60])
    expect(body.cores_used_peak).toEqual([1, 1, 1, 1, 1, 1, 1])
    const questions = asked.filter(text => text.startsWith('pvesh')).map(text => text.split(' ').slice(3, 6).join(' '))
    expect(questions).toEqual(['day --cf AVERAGE', 'month --cf AVERAGE', 'month --cf MAX'])
  })

  test('is not there when Proxmox answers something else', async () => {
    answer = () => '{"data":1}'
    await expect(reader(new HostFiles(), '/nowhere').read(101, 1)).rejects.toMatchObject({ code: 'PCT_FAILED' })
    answer = () => {
      throw new AutoscaleError(
        'PCT_FAILED',
        "RRD error: opening '/var/lib/rrdcached/db/pve-vm-9.0/101': No such file or directory",
      )
    }
    expect((await reader(new HostFiles(), '/nowhere').read(101, 1)).start_seconds).toEqual([])
  })
})

describe('reading the past', () => {
  test('takes a twentieth of the time at most: who comes too early is told when to come again', async () => {
    answer = () => JSON.stringify(MINUTES)
    commandMs = 1_500
    const past = reader(new HostFiles(), '/nowhere')
    await passing(past.read(101, 1), 1_500)
    await expect(past.read(102, 1)).rejects.toMatchObject({ code: 'QUEUE_FULL', details: { retry_after_seconds: 29 } })
    await clock.advance(27_500)
    await passing(past.read(102, 1))
    expect(asked).toHaveLength(2)
  })

  test('gives what was read a while ago once more', async () => {
    answer = () => JSON.stringify(MINUTES)
    const past = reader(new HostFiles(), '/nowhere')
    const [first, second] = await Promise.all([past.read(101, 1), past.read(101, 1)])
    expect(second).toBe(first)
    await clock.advance(9 * 60_000)
    expect(await past.read(101, 1)).toBe(first)
    await clock.advance(MS_PER_DAY)
    expect(await past.read(101, 1)).not.toBe(first)
    expect(asked).toHaveLength(2)
  })

  test('makes no long queue', async () => {
    commandMs = 10
    answer = () => JSON.stringify(MINUTES)
    const past = reader(new HostFiles(), '/nowhere')
    const readings = Array.from({ length: 20 }, (_, at) => past.read(101 + at, 1))
    const ends = Promise.allSettled(readings)
    await clock.advance(60_000)
    expect((await ends).filter(({ status }) => status === 'rejected')).toHaveLength(4)
  })
})
