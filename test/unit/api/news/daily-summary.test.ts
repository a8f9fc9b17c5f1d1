import { expect, test } from 'vitest'
import { dayBeforeFirst, isSummaryDue, localDay } from '../../../../packages/api/src/news/daily-summary.ts'

const at = (day: number, hour: number, minute = 0) => new Date(2026, 0, day, hour, minute).getTime()

test('a summary is due once a day, from its time on', () => {
  expect(isSummaryDue('08:00', '2026-01-04', at(5, 7, 59))).toBe(false)
  expect(isSummaryDue('08:00', '2026-01-04', at(5, 8))).toBe(true)
  expect(isSummaryDue('08:00', localDay(at(5, 8)), at(5, 23))).toBe(false)
})

test('one that was missed comes as soon as it can', () => {
  expect(isSummaryDue('08:00', '2026-01-02', at(5, 22))).toBe(true)
})

test('none comes twice after the clock was set back', () => {
  expect(isSummaryDue('08:00', '2026-01-05', at(4, 9))).toBe(false)
})

test('a clock that was years ahead for a while ends no summaries', () => {
  expect(isSummaryDue('08:00', '2099-01-01', at(5, 9))).toBe(true)
})

test('the first one waits for its time', () => {
  expect(isSummaryDue('08:00', dayBeforeFirst('08:00', at(5, 15)), at(5, 15))).toBe(false)
  expect(isSummaryDue('08:00', dayBeforeFirst('08:00', at(5, 7)), at(5, 8))).toBe(true)
})
