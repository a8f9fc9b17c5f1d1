import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MetricsFile, type MetricsFileOptions } from '../../../../packages/monitor/src/store/metrics-file.ts'
import { recordFileCalls } from '../../../fakes/recorded-file-calls.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const line = (cycle: number) => Buffer.from(`{"101":{"timestamp":"2026-01-05T00:00:00.000Z","n":${cycle}}}`)

function setUp(before?: string, options: Partial<MetricsFileOptions> = {}) {
  const folder = temporaryDirectory()
  const path = join(folder, 'lxc_metrics.json')
  if (before !== undefined) writeFileSync(path, before)
  const { log, messages, lines } = recordingLog()
  const open = (more: Partial<MetricsFileOptions> = {}) => {
    const standard = { path, maxCycles: 10, nowMs: () => Date.UTC(2026, 0, 5), log }
    const file = new MetricsFile({ ...standard, ...options, ...more })
    onTestFinished(() => file.close())
    return file
  }
  const numbers = () => JSON.parse(readFileSync(path, 'utf8')).map((entry: { '101': { n: number } }) => entry['101'].n)
  return { folder, path, open, file: open(), numbers, messages, lines, text: () => readFileSync(path, 'utf8') }
}

async function append(file: MetricsFile, ...cycles: readonly number[]) {
  const outcomes = []
  for (const cycle of cycles) outcomes.push(await file.append(line(cycle)))
  return outcomes
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

describe('the metrics file', () => {
  test('is an array with one cycle per line, whole after each append', async () => {
    const { file, text } = setUp()
    await append(file, 1)
    expect(text()).toBe(`[\n${line(1)}\n]\n`)
    await append(file, 2)
    expect(text()).toBe(`[\n${line(1)},\n${line(2)}\n]\n`)
  })

  test('is readable for its group and nobody else', async () => {
    const { file, path } = setUp()
    await append(file, 1)
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  test('is continued after a restart', async () => {
    const { file, open, numbers, messages } = setUp()
    await append(file, 1, 2)
    await file.close()
    await append(open(), 3)
    expect(numbers()).toEqual([1, 2, 3])
    expect(messages()).toEqual([])
  })

  test('never holds more than the most entries, nor less than nine tenths of them once it was full', async () => {
    const { file, numbers } = setUp(undefined, { maxCycles: 30 })
    for (const cycle of range(1, 200)) {
      await append(file, cycle)
      const kept = numbers()
      expect(kept).toEqual(range(cycle - kept.length + 1, cycle))
      expect(kept.length).toBeLessThanOrEqual(30)
      expect(kept.length).toBeGreaterThanOrEqual(Math.min(cycle, 27))
    }
  })

  test('is rewritten once in a tenth of its length, and each other append writes one line', async () => {
    const { file } = setUp(undefined, { maxCycles: 1_000 })
    const outcomes = await append(file, ...range(1, 1_500))
    const rewrites = outcomes.flatMap(({ bytes }, at) => (bytes > 1_000 ? [at] : []))
    expect(rewrites).toEqual([1_000, 1_100, 1_200, 1_300, 1_400])
  })

  test('keeps mode and content behind a link, and the link', async () => {
    const { folder, path, open, numbers } = setUp(undefined, { maxCycles: 5 })
    rmSync(path, { force: true })
    mkdirSync(join(folder, 'elsewhere'))
    const target = join(folder, 'elsewhere', 'metrics.json')
    writeFileSync(target, '[\n]\n')
    chmodSync(target, 0o644)
    symlinkSync(target, path)
    await append(open(), ...range(1, 12))
    expect(numbers().at(-1)).toBe(12)
    expect(statSync(target).mode & 0o777).toBe(0o644)
    expect(readdirSync(folder)).toEqual(['elsewhere', 'lxc_metrics.json'])
  })

  test('begins behind a link whose file is not there yet', async () => {
    const { folder, path, open, numbers } = setUp(undefined, { maxCycles: 5 })
    rmSync(path, { force: true })
    mkdirSync(join(folder, 'elsewhere'))
    symlinkSync('elsewhere/metrics.json', path)
    await append(open(), ...range(1, 12))
    expect(numbers().at(-1)).toBe(12)
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['metrics.json'])
    expect(lstatSync(path).isSymbolicLink()).toBe(true)
  })

  test('shrinks to a smaller limit at the next start', async () => {
    const { file, numbers, path } = setUp(undefined, { maxCycles: 100 })
    await append(file, ...range(1, 50))
    await file.close()
    const { log } = recordingLog()
    const smaller = new MetricsFile({ path, maxCycles: 20, nowMs: () => 0, log })
    await append(smaller, 51)
    await smaller.close()
    expect(numbers()).toEqual(range(33, 51))
  })

  test('is rewritten under a name that nobody can foresee, so that no link beside it is followed', async () => {
    const { file, folder, path, numbers } = setUp()
    const other = join(folder, 'lxc_monitor.log')
    writeFileSync(other, 'of somebody else')
    for (const name of [`${path}.new`, `${path}.tmp`, `${path}.${process.pid}.tmp`]) symlinkSync(other, name)
    await append(file, ...range(1, 30))
    expect(numbers().at(-1)).toBe(30)
    expect(readFileSync(other, 'utf8')).toBe('of somebody else')
    expect(lstatSync(path).isFile()).toBe(true)
  })

  test('is on the disk with its new content before that has its name', async () => {
    const { file, folder, path } = setUp()
    await append(file, ...range(1, 10))
    const calls = await recordFileCalls()
    await append(file, 11)
    const [content, place] = [statSync(path).ino, statSync(folder).ino]
    const ordered = calls.map(({ call, inode }) => `${call} ${inode}`)
    const at = ordered.indexOf(`rename ${content}`)
    expect(ordered.slice(at - 1, at + 2)).toEqual([`sync ${content}`, `rename ${content}`, `sync ${place}`])
    expect(ordered.slice(0, at - 1)).toContain(`write ${content}`)
  })
})

describe('something else in the place of the file', () => {
  const OTHERS: readonly (readonly [name: string, make: (path: string) => void])[] = [
    ['a folder', path => mkdirSync(path)],
    ['a FIFO', path => void execFileSync('mkfifo', [path])],
    ['an endless device', path => symlinkSync('/dev/zero', path)],
    ['a device without end of file', path => symlinkSync('/dev/full', path)],
    ['a link to nothing', path => symlinkSync('/nowhere/at/all', path)],
    ['a link to itself', path => symlinkSync(path, path)],
  ]

  test.each(OTHERS)('%s costs the cycles of that while, is said once, and nothing is left open', async (_, make) => {
    const { file, path, numbers, messages, lines } = setUp()
    make(path)
    const open = readdirSync('/proc/self/fd').length
    expect(await append(file, 1, 2, 3)).toEqual(Array(3).fill({ isStored: false, bytes: 0 }))
    expect(readdirSync('/proc/self/fd').length).toBe(open)
    expect(messages('error')).toHaveLength(1)
    expect(lines[0]?.fields['problem']).toMatch(/is not a regular file|ELOOP|EEXIST|ENOENT/)
    rmSync(path, { recursive: true })
    expect(await append(file, 4)).toMatchObject([{ isStored: true }])
    expect(numbers()).toEqual([4])
    expect(messages('info')).toEqual(['metrics file can be written again'])
  })

  test.each(OTHERS)('%s that comes while it is written does the same', async (_, make) => {
    const { file, path, numbers, messages } = setUp()
    await append(file, 1)
    rmSync(path)
    make(path)
    expect(await append(file, 2, 3)).toEqual(Array(2).fill({ isStored: false, bytes: 0 }))
    expect(messages('error')).toHaveLength(1)
    rmSync(path, { recursive: true })
    await append(file, 4)
    expect(numbers()).toEqual([4])
  })

  test('is said to whoever opens the file to see whether it can be used', async () => {
    const { path, file } = setUp()
    mkdirSync(path)
    await expect(file.open()).rejects.toMatchObject({ code: 'STATE_INVALID' })
  })
})

describe('a torn end', () => {
  test('of any length costs at most the last cycle, and is reported', async () => {
    const whole = `[\n${line(1)},\n${line(2)},\n${line(3)}\n]\n`
    const endOf = (cycle: number) => whole.indexOf(String(line(cycle))) + String(line(cycle)).length
    for (let length = 1; length < whole.length; length++) {
      const { file, numbers, messages, folder } = setUp(whole.slice(0, length))
      await append(file, 9)
      const complete = [1, 2, 3].filter(cycle => endOf(cycle) <= length)
      expect(numbers()).toEqual([...complete, 9])
      expect(messages('warn')).toHaveLength(1)
      expect(readdirSync(folder).filter(name => name.endsWith('.json'))).toEqual(['lxc_metrics.json'])
    }
  })

  test('of an append that was stopped after any of its bytes costs nothing of the cycles before', async () => {
    const before = `[\n${line(1)},\n${line(2)}\n]\n`
    const written = `,\n${line(3)}\n]\n`
    for (let bytes = 0; bytes <= written.length; bytes++) {
      const kept = before.slice(0, -3) + written.slice(0, bytes)
      const { file, numbers } = setUp(kept + before.slice(kept.length))
      await append(file, 9)
      expect(numbers().slice(0, 2)).toEqual([1, 2])
      expect(numbers().at(-1)).toBe(9)
    }
  })

  test.each([
    ['zeros', `[\n${line(1)},\n${line(2)}\n${'\0'.repeat(5_000)}`],
    ['a line that is whole in length but not in content', `[\n${line(1)},\n${line(2)},\n{"101":{\0\0\0\0\0\0}}\n]\n`],
    ['a second bracket', `[\n${line(1)},\n${line(2)}\n]\n]\n`],
  ])('of %s is cut off', async (_, before) => {
    const { file, numbers } = setUp(before)
    await append(file, 3)
    expect(numbers()).toEqual([1, 2, 3])
  })
})

describe('a file that somebody else wrote', () => {
  const entries = range(1, 4).map(cycle => JSON.parse(String(line(cycle))))

  test.each([
    ['compact', JSON.stringify(entries)],
    ['indented', JSON.stringify(entries, null, 4)],
    ['with white space around', `\n  ${JSON.stringify(entries, null, 2)}\n\n`],
  ])('is continued: an array, %s', async (_, before) => {
    const { file, numbers, text, messages } = setUp(before)
    await append(file, 5)
    expect(numbers()).toEqual([1, 2, 3, 4, 5])
    expect(text().split('\n')).toHaveLength(8)
    expect(messages('info')).toEqual(['metrics file rewritten with one cycle per line'])
  })

  test('gives its newest entries when it has more than are kept', async () => {
    const many = range(1, 40).map(cycle => JSON.parse(String(line(cycle))))
    const { file, numbers } = setUp(JSON.stringify(many))
    await append(file, 41)
    expect(numbers()).toEqual(range(32, 41))
  })

  test.each([
    ['text', 'hello\n'],
    ['an object', '{"a":1}\n'],
    ['binary', '\x01\x02\x03'],
  ])('is kept under a name that the message gives when it is %s', async (_, before) => {
    const { file, numbers, folder, lines } = setUp(before)
    await append(file, 1)
    expect(numbers()).toEqual([1])
    const aside = join(folder, 'lxc_metrics.json.unreadable-20260105T000000Z')
    expect(readFileSync(aside, 'utf8')).toBe(before)
    expect(lines[0]).toMatchObject({ level: 'warn', fields: { kept_as: aside } })
  })

  test('gives what can be read of it when it is cut off, and is kept', async () => {
    const { file, numbers, folder } = setUp(JSON.stringify(entries).slice(0, -30))
    await append(file, 5)
    expect(numbers()).toEqual([1, 2, 3, 5])
    expect(readdirSync(folder)).toContain('lxc_metrics.json.unreadable-20260105T000000Z')
  })

  test('loses damaged lines between good ones, and is kept', async () => {
    const { file, numbers, folder, lines } = setUp(`[\n${line(1)},\n\0\0\0\n${line(2)}\n${line(3)}\n]\n`)
    await append(file, 4)
    expect(numbers()).toEqual([1, 2, 3, 4])
    expect(readdirSync(folder)).toContain('lxc_metrics.json.unreadable-20260105T000000Z')
    expect(lines[0]).toMatchObject({ level: 'warn', fields: { damaged_lines: 2, cycles: 3 } })
  })

  test('has its newest three damaged ones kept, however many there were, and no other file is removed', async () => {
    const { folder, path, open } = setUp()
    const others = ['lxc_metrics.json.unreadable', 'else.json.unreadable-20260101T000000Z']
    for (const name of others) writeFileSync(join(folder, name), '')
    for (let day = 1; day <= 6; day++) {
      writeFileSync(path, `damaged ${day}\n`)
      await append(open({ nowMs: () => Date.UTC(2026, 0, day) }), day)
    }
    const kept = readdirSync(folder).filter(name => name.startsWith('lxc_metrics.json.unreadable-'))
    expect(kept.map(name => readFileSync(join(folder, name), 'utf8'))).toEqual([4, 5, 6].map(day => `damaged ${day}\n`))
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(others))
  })

  test('keeps the one that was just damaged, also when the clock was set back', async () => {
    const { folder, path, open } = setUp()
    for (const day of [9, 8, 7, 6]) {
      writeFileSync(path, `damaged ${day}\n`)
      await append(open({ nowMs: () => Date.UTC(2026, 0, day) }), day)
    }
    expect(readFileSync(join(folder, 'lxc_metrics.json.unreadable-20260106T000000Z'), 'utf8')).toBe('damaged 6\n')
  })

  test('gives what stands before a cycle that is longer than any can be', async () => {
    const { file, path, numbers } = setUp(`[\n${line(1)},\n{"101":"`)
    truncateSync(path, 600_000_000)
    await append(file, 2)
    expect(numbers()).toEqual([1, 2])
  }, 60_000)

  test('is taken as new when it is empty', async () => {
    const { file, numbers, messages } = setUp('')
    await append(file, 1)
    expect(numbers()).toEqual([1])
    expect(messages()).toEqual([])
  })
})

describe('while the daemon runs', () => {
  test('a deleted file is made anew', async () => {
    const { file, path, numbers, messages } = setUp()
    await append(file, 1, 2)
    rmSync(path)
    await append(file, 3)
    expect(numbers()).toEqual([3])
    expect(messages('warn')).toEqual(['metrics file was deleted or replaced; opening it anew'])
  })

  test('a replaced file is continued', async () => {
    const { file, path, numbers } = setUp()
    await append(file, 1, 2)
    rmSync(path)
    writeFileSync(path, `[\n${line(7)}\n]\n`)
    await append(file, 8)
    expect(numbers()).toEqual([7, 8])
  })

  test.each([0, 20])('a file that somebody cut to %i bytes is repaired', async bytes => {
    const { file, path, numbers } = setUp()
    await append(file, 1, 2)
    truncateSync(path, bytes)
    await append(file, 3)
    expect(numbers()).toEqual([3])
  })

  test('a deleted folder is said once, and storing goes on when it is back', async () => {
    const { file, folder, numbers, messages } = setUp()
    await append(file, 1)
    rmSync(folder, { recursive: true })
    expect(await append(file, 2, 3, 4)).toEqual(Array(3).fill({ isStored: false, bytes: 0 }))
    expect(messages('error')).toHaveLength(1)
    mkdirSync(folder)
    expect(await append(file, 5)).toMatchObject([{ isStored: true }])
    expect(numbers()).toEqual([5])
    expect(messages('info')).toEqual(['metrics file can be written again'])
    expect(existsSync(folder)).toBe(true)
  })
})
