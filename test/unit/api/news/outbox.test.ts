import { describe, expect, test } from 'vitest'
import { afterFailure, afterSending, dueMs, EMPTY_OUTBOX, put } from '../../../../packages/api/src/news/outbox.ts'
import { newsItem } from '../../../builders/news-item.ts'

const START_MS = Date.UTC(2026, 0, 5)
const RULES = { maxPerHour: 3, groupMs: 30_000 }
const item = newsItem({ at_ms: START_MS })

test('nothing is due when nothing waits', () => {
  expect(dueMs(EMPTY_OUTBOX, START_MS, RULES)).toBeUndefined()
})

test('what belongs together waits for the rest of it', () => {
  expect(dueMs(put(EMPTY_OUTBOX, item), START_MS, RULES)).toBe(START_MS + 30_000)
})

test('the same again is one, with how often', () => {
  const twice = put(put(EMPTY_OUTBOX, item), newsItem({ at_ms: START_MS + 9_000, count: 2 }))
  expect(twice.waiting).toEqual([{ ...item, count: 3 }])
})

test('begin and end of a state stay two', () => {
  const [began, ended] = [newsItem({ state: 'began' }), newsItem({ state: 'ended' })]
  expect(put(put(EMPTY_OUTBOX, began), ended).waiting).toEqual([began, ended])
})

test('of a storm the newest hundred wait, and the others are counted', () => {
  let outbox = EMPTY_OUTBOX
  for (let vmid = 100; vmid < 1_100; vmid++) outbox = put(outbox, newsItem({ vmid }))
  expect(outbox.waiting).toHaveLength(100)
  expect(outbox.waiting.at(-1)?.vmid).toBe(1_099)
  expect(outbox.dropped).toBe(900)
})

test('at most so many messages in any hour, however they are spread', () => {
  let outbox = EMPTY_OUTBOX
  const sentMs: number[] = []
  for (let nowMs = START_MS; nowMs < START_MS + 7_200_000; nowMs += 5_000) {
    outbox = put(outbox, newsItem({ at_ms: nowMs }))
    const due = dueMs(outbox, nowMs, RULES)
    if (due === undefined || due > nowMs) continue
    sentMs.push(nowMs)
    outbox = afterSending(outbox, { items: outbox.waiting, dropped: outbox.dropped }, nowMs)
  }
  expect(sentMs).toHaveLength(6)
  for (const [at, timeMs] of sentMs.entries()) {
    expect((sentMs[at + 3] ?? Number.POSITIVE_INFINITY) - timeMs).toBeGreaterThanOrEqual(3_600_000)
  }
})

test('a storm does not use up the messages of an hour in its first minutes', () => {
  let outbox = EMPTY_OUTBOX
  const gaps: number[] = []
  for (let nowMs = START_MS, lastMs = START_MS; gaps.length < 8; nowMs += 5_000) {
    outbox = put(outbox, newsItem({ at_ms: nowMs }))
    const due = dueMs(outbox, nowMs, { maxPerHour: 10, groupMs: 30_000 })
    if (due === undefined || due > nowMs) continue
    gaps.push((nowMs - lastMs) / 1_000)
    lastMs = nowMs
    outbox = afterSending(outbox, { items: outbox.waiting, dropped: outbox.dropped }, nowMs)
  }
  expect(gaps).toEqual([30, 35, 60, 120, 240, 360, 360, 360])
})

test('what came while a message was on its way is told by the next one', () => {
  const sent = put(put(EMPTY_OUTBOX, item), newsItem({ vmid: 102 }))
  const later = put(put(sent, newsItem({ count: 4 })), newsItem({ vmid: 103 }))
  const after = afterSending(later, { items: sent.waiting, dropped: sent.dropped }, START_MS)
  expect(after.waiting.map(({ vmid, count }) => [vmid, count])).toEqual([[101, 4], [103, 1]]) // biome-ignore format: a table
})

test('what failed is tried again after longer and longer waits, of half an hour at the most', () => {
  let outbox = put(EMPTY_OUTBOX, item)
  const waits: number[] = []
  for (let nowMs = START_MS + 30_000, tries = 0; tries < 9; tries++) {
    outbox = afterFailure(outbox, nowMs)
    const due = dueMs(outbox, nowMs, RULES) ?? 0
    waits.push((due - nowMs) / 1_000)
    nowMs = due
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800])
  expect(afterSending(outbox, { items: outbox.waiting, dropped: 0 }, START_MS)).toMatchObject({
    failures: 0,
    waiting: [],
  })
})

describe('a clock that was set back', () => {
  const earlierMs = START_MS - 86_400_000

  test('delays no message by what was sent', () => {
    const full = { ...put(EMPTY_OUTBOX, item), sent_ms: [START_MS, START_MS + 1, START_MS + 2] }
    expect(dueMs(full, earlierMs, RULES)).toBe(earlierMs + 30_000)
  })

  test('delays no attempt by what failed', () => {
    const failed = afterFailure(put(EMPTY_OUTBOX, item), START_MS)
    expect(dueMs(failed, earlierMs, RULES)).toBe(earlierMs + 30_000)
  })
})
