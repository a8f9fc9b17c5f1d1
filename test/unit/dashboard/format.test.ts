import { expect, test } from 'vitest'
import {
  changeText,
  coresText,
  memoryText,
  percentText,
  relativeText,
  untilText,
} from '../../../packages/dashboard/src/format.ts'

const NOW_MS = new Date(2026, 2, 1, 13, 5).getTime()
const SECOND_MS = 1_000
const HOUR_MS = 3_600_000

test('memory is written as administrators write it', () => {
  const texts = [null, undefined, 0, 511.6, 1_023, 1_024, 1_536, 12_595, 131_072, 2_097_152].map(memoryText)
  expect(texts).toEqual(['–', '–', '0 MiB', '512 MiB', '1023 MiB', '1 GiB', '1.5 GiB', '12.3 GiB', '128 GiB', '2 TiB'])
})

test('nothing is not the same as not known', () => {
  expect([coresText(null), coresText(0), coresText(1), coresText(0.348)]).toEqual([
    '–',
    '0 cores',
    '1 core',
    '0.35 cores',
  ])
  expect([percentText(undefined), percentText(0), percentText(4.25), percentText(99.6)]).toEqual([
    '–',
    '0 %',
    '4.25 %',
    '100 %',
  ])
})

test('a time is told relative to the clock of the host, past and to come', () => {
  const texts = [1, 40 * SECOND_MS, 3 * HOUR_MS, -2 * HOUR_MS].map(agoMs => relativeText(NOW_MS - agoMs, NOW_MS))
  expect(texts).toEqual(['just now', '40 s ago', '3 h ago', 'in 2 h'])
})

test('an end is told by the time of day when it is today', () => {
  const iso = (timeMs: number) => new Date(timeMs).toISOString()
  expect(untilText('forever', NOW_MS)).toBe('for good')
  expect(untilText(iso(NOW_MS + HOUR_MS), NOW_MS)).toBe('until 14:05')
  expect(untilText(iso(NOW_MS + 24 * HOUR_MS), NOW_MS)).toBe('until 2026-03-02 13:05')
})

test('what the API says of a change is told in larger units, and nothing in it is unseen', () => {
  expect(changeText('cores 6 -> 5, memory 6144 -> 5632 MB')).toBe('cores 6 → 5, memory 6 GiB → 5.5 GiB')
  expect(changeText('it uses 387 of 1024 MB')).toBe('it uses 387 MiB of 1 GiB')
  expect(changeText('the least is 2016 MB, not 512')).toBe('the least is 1.97 GiB, not 512 MiB')
  expect(changeText('undo of bbb83ef1-7630-4a65-bae8-3ac22545b243')).toBe('undo of bbb83ef1')
  expect(changeText('memory from 512 to 1024 MB')).toBe('memory from 512 MiB to 1 GiB')
  expect(changeText('name\u202Eexe')).toBe('name\\u202eexe')
})
