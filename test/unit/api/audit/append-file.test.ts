import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import * as realFiles from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AppendFile, type LineFiles } from '../../../../packages/api/src/audit/append-file.ts'
import { failingFiles, type Weather } from '../../../fakes/failing-files.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

/** A file of lines of ten bytes, of which a file holds four. */
async function open(path: string, files: LineFiles = realFiles, backupCount = 3) {
  const log = recordingLog()
  const file = await AppendFile.open({ path, maxBytes: 40, backupCount, files, log: log.log })
  onTestFinished(() => file.close())
  return { file, log }
}

const line = (number: number) => `line ${String(number).padStart(4, '0')}`
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => line(from + at))
const namesIn = (folder: string) => readdirSync(folder).sort()

/** All lines of the files, oldest first. */
function kept(path: string): string[] {
  const numbers = [...Array(20).keys()].reverse().map(number => (number === 0 ? path : `${path}.${number}`))
  return numbers.filter(existsSync).flatMap(file => readFileSync(file, 'utf8').split('\n').filter(Boolean))
}

/** Weather in which the named call fails as often as it is asked for. */
class Storm implements Weather {
  readonly tried: string[] = []
  failing: (call: string) => boolean = () => false
  failure(call: string) {
    this.tried.push(call)
    return this.failing(call) ? 'EMFILE' : undefined
  }
  shortWrite = (bytes: number) => bytes
}

describe('a rotation', () => {
  test('keeps as many files as it may, the newest of them', async () => {
    const folder = temporaryDirectory()
    const { file } = await open(join(folder, 'log'))
    for (const text of lines(1, 30)) await file.append(text)
    expect(namesIn(folder)).toEqual(['log', 'log.1', 'log.2', 'log.3'])
    expect(kept(join(folder, 'log'))).toEqual(lines(17, 30))
  })

  test.each(['open', 'rename'])('whose %s fails loses nothing, goes on, and is said once', async call => {
    const path = join(temporaryDirectory(), 'log')
    const storm = new Storm()
    const { file, log } = await open(path, failingFiles(storm))
    for (const text of lines(1, 16)) await file.append(text)
    storm.failing = tried => tried === call
    for (const text of lines(17, 60)) await file.append(text)
    expect(kept(path)).toEqual(lines(1, 60))
    expect(log.messages('error')).toEqual(['the file cannot be rotated, so it grows on'])
    expect(file.notice).toContain('cannot be rotated: EMFILE')
    storm.failing = () => false
    for (const text of lines(61, 62)) await file.append(text)
    expect(log.messages('info')).toEqual(['the file is rotated again'])
    expect(file.notice).toBeUndefined()
    expect(readFileSync(path, 'utf8')).toBe(`${line(61)}\n${line(62)}\n`)
    expect(kept(path)).toEqual([...lines(5, 16), ...lines(17, 62)])
  })

  test.each([1, 2, 3, 4, 5])(
    'that stops at its rename number %i loses no line, and the next one goes on',
    async failingAt => {
      const path = join(temporaryDirectory(), 'log')
      const storm = new Storm()
      const { file } = await open(path, failingFiles(storm))
      for (const text of lines(1, 16)) await file.append(text)
      storm.failing = call =>
        call === 'rename' && storm.tried.filter(tried => tried === call).length % 100 === failingAt
      storm.tried.length = 0
      for (const text of lines(17, 24)) await file.append(text)
      storm.failing = () => false
      const all = kept(path)
      expect(all.slice(-12)).toEqual(lines(13, 24))
      expect(new Set(all).size).toBe(all.length)
    },
  )

  test('that fails is not tried with each line', async () => {
    const storm = new Storm()
    const folder = temporaryDirectory()
    const log = recordingLog()
    const options = { path: join(folder, 'log'), maxBytes: 1_000, backupCount: 2, files: failingFiles(storm) }
    const file = await AppendFile.open({ ...options, log: log.log })
    onTestFinished(() => file.close())
    for (let number = 1; number <= 100; number++) await file.append(line(number))
    storm.tried.length = 0
    storm.failing = call => call === 'open'
    for (let number = 101; number <= 200; number++) await file.append(line(number))
    expect(storm.tried.filter(call => call === 'open').length).toBeLessThanOrEqual(11)
  })

  test('takes away what an earlier setting kept', async () => {
    const folder = temporaryDirectory()
    const { file } = await open(join(folder, 'log'))
    for (const text of lines(1, 20)) await file.append(text)
    await open(join(folder, 'log'), realFiles, 1)
    expect(namesIn(folder)).toEqual(['log', 'log.1'])
  })
})

describe('a file that is gone', () => {
  test.each([
    ['removed', (path: string) => rmSync(path)],
    ['moved', (path: string) => renameSync(path, `${path}.saved`)],
  ])('because it was %s is begun anew before the next line, and that is said', async (_, take) => {
    const path = join(temporaryDirectory(), 'log')
    const { file, log } = await open(path)
    await file.append(line(1))
    take(path)
    await file.ready()
    expect(readFileSync(path, 'utf8')).toBe('')
    await file.append(line(2))
    expect(readFileSync(path, 'utf8')).toBe(`${line(2)}\n`)
    expect(log.messages('error')).toHaveLength(1)
    expect(file.notice).toContain('was removed or moved')
  })

  test('is no place to write to when a link or a folder stands in its place', async () => {
    const folder = temporaryDirectory()
    const path = join(folder, 'log')
    const { file } = await open(path)
    rmSync(path)
    symlinkSync(join(folder, 'victim'), path)
    await expect(file.append(line(1))).rejects.toThrow('ELOOP')
    expect(existsSync(join(folder, 'victim'))).toBe(false)
    rmSync(path)
    mkdirSync(path)
    await expect(file.append(line(1))).rejects.toThrow('EISDIR')
    rmSync(path, { recursive: true })
    await file.append(line(2))
    expect(kept(path)).toEqual([line(2)])
  })
})

describe('a line', () => {
  test('that does not fit on the disk leaves nothing, and the next one stands alone', async () => {
    const path = join(temporaryDirectory(), 'log')
    const storm = new Storm()
    const { file } = await open(path, failingFiles(storm))
    storm.failing = call => call === 'datasync'
    await expect(file.append(line(1))).rejects.toThrow('EMFILE')
    storm.failing = () => false
    await file.append(line(2))
    expect(readFileSync(path, 'utf8')).toBe(`${line(2)}\n`)
  })

  test('of which half stays stands alone all the same', async () => {
    const path = join(temporaryDirectory(), 'log')
    const storm = new Storm()
    const { file } = await open(path, failingFiles(storm))
    storm.failing = call => call === 'datasync' || call === 'truncate'
    await expect(file.append('half')).rejects.toThrow('EMFILE')
    storm.failing = () => false
    await file.append(line(2))
    expect(readFileSync(path, 'utf8').split('\n')).toContain(line(2))
  })

  test('that was torn by a power loss is ended before the next one', async () => {
    const path = join(temporaryDirectory(), 'log')
    appendFileSync(path, 'torn')
    const { file } = await open(path)
    await file.append(line(1))
    expect(kept(path)).toEqual(['torn', line(1)])
  })
})
