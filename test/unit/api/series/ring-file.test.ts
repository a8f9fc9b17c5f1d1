import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COLUMN_COUNT } from '../../../../packages/api/src/series/columns.ts'
import { decodeFigure, UNKNOWN_CODE } from '../../../../packages/api/src/series/figure-code.ts'
import {
  MINUTES,
  RECORD_BYTES,
  RingFile,
  type RingRecord,
  TEN_MINUTES,
  type Tier,
} from '../../../../packages/api/src/series/ring-file.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const NOW_SLOT = Math.floor(Date.UTC(2026, 0, 5) / MINUTES.stepMs)

function record(slot: number, code: number, tier: Tier = MINUTES): RingRecord {
  return { tier, slot, codes: Array.from({ length: COLUMN_COUNT }, (_, column) => (code + column) & 0xffff) }
}

function newRing(): RingFile {
  return new RingFile(join(temporaryDirectory(), '101'))
}

/** The first value of each record that is known, by slot. */
async function known(ring: RingFile, [from, to]: readonly [number, number], tier = MINUTES) {
  const found = new Map<number, number>()
  await ring.read(tier, [from, to], (slot, values) => found.set(slot, values[0] ?? Number.NaN))
  return found
}

describe('a file of history', () => {
  test('gives what was written, of both lengths of step, over the end of the ring', async () => {
    const ring = newRing()
    const from = NOW_SLOT - (NOW_SLOT % MINUTES.slots) - 3
    const slots = [0, 1, 2, 3, 4, 5].map(at => from + at)
    await ring.write([...slots.map(slot => record(slot, 0x5000 + (slot - from))), record(7, 0x6000, TEN_MINUTES)])
    expect([...(await known(ring, [from, from + 6]))]).toEqual(
      slots.map(slot => [slot, decodeFigure(0x5000 + (slot - from))]),
    )
    expect([...(await known(ring, [0, 20], TEN_MINUTES))]).toEqual([[7, decodeFigure(0x6000)]])
  })

  test('knows nothing without a file, and nothing of what was never written', async () => {
    const ring = newRing()
    expect(await known(ring, [0, 10])).toEqual(new Map())
    await ring.write([record(5, 1)])
    expect([...(await known(ring, [0, 10])).keys()]).toEqual([5])
  })

  test('keeps which figures of a record are not known', async () => {
    const ring = newRing()
    await ring.write([{ tier: MINUTES, slot: 5, codes: new Uint16Array(COLUMN_COUNT).fill(UNKNOWN_CODE) }])
    expect([...(await known(ring, [5, 6])).values()]).toEqual([Number.NaN])
  })

  test('has a size of its own, whatever is written', async () => {
    const ring = newRing()
    await ring.write([record(MINUTES.slots - 1, 1), record(10 * TEN_MINUTES.slots - 1, 1, TEN_MINUTES)])
    expect(statSync(ring.path).size).toBe((MINUTES.slots + TEN_MINUTES.slots) * RECORD_BYTES)
  })

  test('loses to a clock that is a year ahead for an hour only the places of that hour', async () => {
    const ring = newRing()
    const all = Array.from({ length: MINUTES.slots }, (_, at) => record(NOW_SLOT - at, 0x5000))
    await ring.write(all)
    const ahead = NOW_SLOT + 525_600
    await ring.write(Array.from({ length: 60 }, (_, at) => record(ahead + at, 0x6000)))
    const left = await known(ring, [NOW_SLOT - MINUTES.slots + 1, NOW_SLOT + 1])
    expect(left.size).toBe(MINUTES.slots - 60)
    expect(new Set(left.values())).toEqual(new Set([decodeFigure(0x5000)]))
  })

  test('after a write that ended anywhere every record is the old one, the new one or not known', async () => {
    const ring = newRing()
    const at = fc.integer({ min: 0, max: 30 * RECORD_BYTES })
    await fc.assert(
      fc.asyncProperty(fc.array(at, { maxLength: 6 }), fc.boolean(), async (cuts, isSameSlot) => {
        const before = Array.from({ length: 30 }, (_, place) => record(NOW_SLOT + place, 0x5000))
        await ring.write(before)
        const old = readFileSync(ring.path)
        const round = isSameSlot ? 0 : MINUTES.slots
        await ring.write(before.map(({ slot }) => record(slot + round, 0x6000)))
        const mixed = readFileSync(ring.path)
        // Pieces of the write that reached the disk, and pieces that did not.
        const ends = [...cuts.sort((a, b) => a - b), old.length]
        const begin = (NOW_SLOT % MINUTES.slots) * RECORD_BYTES
        for (const [place, from] of ends.entries()) {
          if (place % 2 === 0)
            old.copy(mixed, begin + from, begin + from, Math.min(old.length, begin + (ends[place + 1] ?? from)))
        }
        writeFileSync(ring.path, mixed)
        const values = { old: decodeFigure(0x5000), new: decodeFigure(0x6000) }
        const kept = await known(ring, [NOW_SLOT, NOW_SLOT + 30])
        const renewed = await known(ring, [NOW_SLOT + round, NOW_SLOT + round + 30])
        expect([...kept.values()].every(value => value === values.old || (isSameSlot && value === values.new))).toBe(
          true,
        )
        expect([...renewed.values()].every(value => value === values.new || (isSameSlot && value === values.old))).toBe(
          true,
        )
        if (ends.length === 1) expect(renewed.size).toBe(30)
      }),
      { numRuns: 50 },
    )
  })

  test('gives nothing of rubbish', async () => {
    const ring = newRing()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 40 * RECORD_BYTES }), async bytes => {
        writeFileSync(ring.path, bytes)
        expect(await known(ring, [0, 40])).toEqual(new Map())
      }),
      { numRuns: 50 },
    )
  })

  test('is not made where something else than a file stands', async () => {
    const ring = newRing()
    mkdirSync(ring.path)
    await expect(ring.write([record(1, 1)])).rejects.toMatchObject({ code: 'STATE_INVALID' })
  })

  test('does not write into, nor read, what a link in its place leads to', async () => {
    const ring = newRing()
    const other = `${ring.path}.other`
    writeFileSync(other, 'of somebody else')
    symlinkSync(other, ring.path)
    await expect(ring.write([record(1, 1)])).rejects.toMatchObject({ code: 'STATE_INVALID' })
    await expect(known(ring, [0, 40])).rejects.toMatchObject({ code: 'STATE_INVALID' })
    expect(readFileSync(other, 'utf8')).toBe('of somebody else')
  })

  test('has nothing from before 1970, where the clock of a host without one begins', async () => {
    const ring = newRing()
    await ring.write([record(1, 0x5000)])
    expect([...(await known(ring, [-200, 5])).keys()]).toEqual([1])
  })
})
