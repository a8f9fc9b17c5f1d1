import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type HistoryEntryBody, MS_PER_MINUTE } from '@lxc-autoscale/core'
import { expect, onTestFinished, test } from 'vitest'
import { AuditLog } from '../../../../packages/api/src/audit/audit-log.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { allOf } from '../../../fakes/all-of.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

async function newLog() {
  const directory = temporaryDirectory()
  const clock = new FakeClock()
  const bounds = { maxBytes: 1_000_000, backupCount: 3, keptHours: 24 }
  const audit = await AuditLog.open({ directory, ...bounds, clock, log: recordingLog().log })
  onTestFinished(() => audit.close())
  let number = 0
  const refuse = (overrides: Partial<HistoryEntryBody> = {}) => {
    number++
    const [id, time] = [`refused-${number}`, new Date(clock.nowMs()).toISOString()]
    return audit.notMade(historyEntry({ id, time, outcome: 'refused', error: 'OUT_OF_BOUNDS', ...overrides }))
  }
  const lines = (): HistoryEntryBody[] =>
    readFileSync(join(directory, 'not-made.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  return { audit, clock, directory, refuse, lines }
}

test('the first refusal of a kind stands by itself, those within a minute after it are counted together', async () => {
  const { audit, clock, refuse, lines } = await newLog()
  const first = await refuse()
  const second = await refuse()
  clock.passMs(1_000)
  const third = await refuse({ message: 'the last' })
  expect(lines().map(({ id }) => id)).toEqual([first])
  expect(third).toBe(second)
  const time = new Date(clock.nowMs()).toISOString()
  expect(audit.counting()).toMatchObject([{ id: second, count: 2, time, message: 'the last' }])
  clock.passMs(MS_PER_MINUTE)
  const next = await refuse()
  expect(lines().map(({ id, count }) => [id, count])).toEqual([[first, undefined], [second, 2], [next, undefined]]) // biome-ignore format: a table
  expect(audit.counting()).toEqual([])
})

test.each([
  ['key', { who: { key: 'other', role: 'scale', address: '127.0.0.1' } }],
  ['container', { lxc_id: 102 }],
  ['code', { error: 'CONTAINER_LOCKED' }],
  ['end', { outcome: 'unchanged', error: null }],
] as const)('a refusal of another %s is of another kind', async (_, overrides) => {
  const { refuse, lines } = await newLog()
  await refuse()
  await refuse(overrides)
  expect(lines()).toHaveLength(2)
})

test('the change that was counted is found by its number, and written when the log is closed', async () => {
  const { audit, refuse, lines } = await newLog()
  await refuse()
  const counted = await refuse()
  expect(await audit.find(counted)).toMatchObject({ id: counted, count: 1 })
  await audit.close()
  expect(lines()).toHaveLength(2)
})

test('a refusal takes little, whatever its reason is made of', async () => {
  const { directory, refuse } = await newLog()
  await refuse({ why: '\u0000\u001b\u009b\ud800'.repeat(500), message: '\u0007'.repeat(5_000) })
  expect(statSync(join(directory, 'not-made.jsonl')).size).toBeLessThan(1_100)
})

test('however many are refused, what was made stays, and the disk is not filled', async () => {
  const { audit, directory, refuse } = await newLog()
  const made = historyEntry({ id: 'made' })
  await audit.begin(made)
  await audit.end(made)
  const why = '\u0000'.repeat(2_000)
  for (let round = 0; round < 12; round++) {
    // Each of a container that there is not, so that none is counted with another.
    const numbers = Array.from({ length: 1_000 }, (_, at) => round * 1_000 + at)
    await Promise.all(numbers.map(number => refuse({ lxc_id: 1_000 + number, why })))
  }
  expect((await allOf(audit.newestFirst())).map(({ id }) => id)).toEqual(['made'])
  const sizes = readdirSync(directory).map(name => statSync(join(directory, name)).size)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6_000_000)
})
