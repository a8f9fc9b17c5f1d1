import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AuditLog } from '../../../../packages/api/src/audit/audit-log.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { allOf } from '../../../fakes/all-of.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const entry = (number: number, overrides: Partial<HistoryEntryBody> = {}) =>
  historyEntry({
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    time: new Date(Date.UTC(2026, 0, 5) + number * 1_000).toISOString(),
    message: 'ok',
    ...overrides,
  })

const clock = new FakeClock()

async function open(directory: string, maxBytes = 1_000_000, backupCount = 3): Promise<AuditLog> {
  const log = await AuditLog.open({ directory, maxBytes, backupCount, keptHours: 24, clock, log: recordingLog().log })
  onTestFinished(() => log.close())
  return log
}

async function ids(log: AuditLog): Promise<string[]> {
  const found: string[] = []
  for await (const { id } of log.newestFirst()) found.push(id)
  return found
}

describe('the audit log', () => {
  test('gives its entries newest first', async () => {
    const log = await open(temporaryDirectory())
    for (const number of [1, 2, 3]) await log.end(entry(number))
    expect(await ids(log)).toEqual([entry(3).id, entry(2).id, entry(1).id])
  })

  test('gives a change that has begun and not ended, and forgets it with its line', async () => {
    const directory = temporaryDirectory()
    const log = await open(directory)
    await log.begin(entry(1))
    await log.begin(entry(2))
    await log.end(entry(1))
    const reopened = await open(directory)
    expect((await reopened.interrupted()).map(({ id }) => id)).toEqual([entry(2).id])
  })

  test('rotates by size, keeps as many files as it may, and reads over all of them', async () => {
    const directory = temporaryDirectory()
    const log = await open(directory, 1_000, 2)
    for (let number = 1; number <= 20; number++) await log.end(entry(number))
    expect(
      readdirSync(directory)
        .filter(name => name.startsWith('audit'))
        .sort(),
    ).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2'])
    const found = await ids(log)
    expect(found[0]).toBe(entry(20).id)
    expect(found).toEqual([...found].sort().reverse())
    expect(found.length).toBeGreaterThan(3)
  })

  test('reads long logs from the end, across its blocks', async () => {
    const log = await open(temporaryDirectory(), 100_000_000)
    const numbers = Array.from({ length: 400 }, (_, at) => at + 1)
    await Promise.all(numbers.map(number => log.end(entry(number, { message: 'ü'.repeat(number * 3) }))))
    expect((await ids(log)).sort()).toEqual(numbers.map(number => entry(number).id).sort())
  })

  test('loses no more than the line that a power loss tore', async () => {
    const directory = temporaryDirectory()
    const first = await open(directory)
    await first.end(entry(1))
    appendFileSync(join(directory, 'audit.jsonl'), '{"id":"torn')
    const log = await open(directory)
    await log.end(entry(2))
    expect(await ids(log)).toEqual([entry(2).id, entry(1).id])
  })

  test('passes over what is not an entry', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'audit.jsonl'), '\n[]\n{"a":1}\nnull\n')
    expect(await ids(await open(directory))).toEqual([])
  })

  test('says that it cannot be written, and takes no change then', async () => {
    const directory = temporaryDirectory()
    const log = await open(directory)
    rmSync(join(directory, 'begun'), { recursive: true })
    writeFileSync(join(directory, 'begun'), 'in the way')
    await expect(log.begin(entry(1))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    rmSync(directory, { recursive: true })
    await expect(log.probe()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  })

  test('finds changes by the beginning of their number, and knows how much of one is enough', async () => {
    const log = await open(temporaryDirectory())
    const numberFrom = (start: string) => start + entry(1).id.slice(start.length)
    const ids = ['abcdef01-1', 'abcdef02-2', 'abc4'].map(numberFrom)
    for (const id of ids) await log.end(entry(1, { id }))
    await log.notMade(entry(1, { id: numberFrom('fee4'), outcome: 'refused' }))
    const found = async (start: string, most = 5) =>
      (await log.findByStart(start, most, () => true)).map(({ id }) => id)
    expect(await found('abcdef')).toEqual([ids[1], ids[0]])
    expect(await found('abc', 2)).toHaveLength(2)
    expect(await found('fee4')).toHaveLength(1)
    expect(await found('abd')).toEqual([])
    expect(await log.findByStart('abc4', 5, () => false)).toEqual([])
    expect(Object.values(await log.shortIds(ids))).toEqual(['abcdef01', 'abcdef02', 'abc400'])
  })

  test('cannot be opened in a place that is no directory', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    await expect(open(file)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  })

  test('is for root and its group only', async () => {
    const directory = join(temporaryDirectory(), 'state')
    const log = await open(directory)
    await log.end(entry(1))
    const { mode } = statSync(join(directory, 'audit.jsonl'))
    expect(mode & 0o007).toBe(0)
  })
})

test('an unreadable begun file hides no other', async () => {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'begun'), { recursive: true })
  writeFileSync(join(directory, 'begun', 'broken.json'), '{')
  const log = await open(directory)
  await log.begin(entry(1))
  expect((await log.interrupted()).map(({ id }) => id)).toEqual([entry(1).id])
})

test('a note whose change has its line already is only removed', async () => {
  const directory = temporaryDirectory()
  const log = await open(directory)
  await log.begin(entry(1))
  await log.end(entry(1))
  // As a kill between the line and the removal of the note leaves it.
  await log.begin(entry(1))
  const reopened = await open(directory)
  expect(await reopened.interrupted()).toEqual([])
  expect(readdirSync(join(directory, 'begun'))).toEqual([])
  expect(await ids(reopened)).toEqual([entry(1).id])
})

test('a note that was being written when the daemon was killed is removed', async () => {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'begun'), { recursive: true })
  writeFileSync(join(directory, 'begun', 'torn.json'), '{"id":"to')
  writeFileSync(join(directory, 'begun', 'empty.json'), '')
  writeFileSync(join(directory, 'begun', 'x.json.1.tmp'), '')
  await open(directory)
  expect(readdirSync(join(directory, 'begun'))).toEqual([])
})

test('folders in the place of files that are not needed keep nothing from starting', async () => {
  const directory = temporaryDirectory()
  for (const name of ['answers.jsonl', 'answers.jsonl.1', 'begun/x.json'])
    mkdirSync(join(directory, name), { recursive: true })
  const log = await open(directory)
  await log.begin(entry(1))
  expect(await log.interrupted()).toMatchObject([{ id: entry(1).id }])
})

test('lines of a time when the clock was wrong hide none behind them', async () => {
  const directory = temporaryDirectory()
  const log = await open(directory)
  await log.end(entry(1))
  await log.end(entry(2, { time: '2025-01-01T00:00:00.000Z' }))
  const since = Date.parse(entry(1).time)
  const found = (await allOf(log.newestFirst(since))).map(({ id }) => id)
  expect(found).toContain(entry(1).id)
})

test('of one container its changes are found, and no others that name it', async () => {
  const log = await open(temporaryDirectory())
  await log.end(entry(1, { lxc_id: 101 }))
  await log.end(entry(2, { lxc_id: 1_011, message: `"lxc_id":101` }))
  await log.end(entry(3, { lxc_id: 102 }))
  await log.end(entry(4, { lxc_id: 101 }))
  const found = (await allOf(log.newestOf(101, Date.parse(entry(1).time)))).map(({ id }) => id)
  expect(found).toEqual([entry(4).id, entry(1).id])
})

test('a log that was taken away is there again before the next change, and the health of the log tells it', async () => {
  const directory = temporaryDirectory()
  const log = await open(directory)
  expect(await log.probe()).toBeUndefined()
  rmSync(join(directory, 'audit.jsonl'))
  await log.begin(entry(1))
  expect(readdirSync(directory)).toContain('audit.jsonl')
  expect(await log.probe()).toContain('was removed or moved')
  await log.end(entry(1))
  expect(await ids(await open(directory))).toEqual([entry(1).id])
})
