import { type ContainerSample, type CycleSummary, formatCycle, parseCycle } from '@lxc-autoscale/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SAMPLE_FIELDS, SUMMARY_FIELDS } from '../../../../packages/core/src/contracts/metrics-fields.ts'
import { readLine } from '../../../../packages/core/src/contracts/metrics-line.ts'
import { sample, summary } from '../../../builders/snapshot.ts'

describe('parseCycle', () => {
  test('gives back what formatCycle wrote', () => {
    const cycle = {
      containers: new Map([
        [101, sample()],
        [102, sample({ cpuCoresUsed: 0 })],
      ]),
      summary: summary(),
    }
    expect(parseCycle(formatCycle(cycle))).toEqual(cycle)
  })

  test('keeps "not known" apart from zero', () => {
    const unknown = sample({ memoryUsageMb: undefined, pressure: undefined, memoryEvents: undefined, runId: undefined })
    const line = formatCycle({ containers: new Map([[101, unknown]]), summary: undefined })
    expect(JSON.parse(line)['101']).toMatchObject({ memory_usage_mb: null, pressure: null, swap_usage_mb: 0 })
    expect(parseCycle(line)?.containers.get(101)).toEqual(unknown)
  })

  test('never writes NaN or Infinity', () => {
    const odd = sample({ cpuUsagePercent: Number.NaN, memoryUsageMb: Number.POSITIVE_INFINITY })
    const line = formatCycle({ containers: new Map([[101, odd]]), summary: undefined })
    expect(JSON.parse(line)['101']).toMatchObject({ cpu_usage_percent: null, memory_usage_mb: null })
  })

  test('writes each figure as JSON would, rounded to three decimals where it is small enough', () => {
    const figure = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: -5, max: 1e6, noNaN: true }),
    )
    fc.assert(
      fc.property(figure, value => {
        const line = formatCycle({ containers: new Map([[101, sample({ memoryUsageMb: value })]]), summary: undefined })
        const expected = Math.abs(value) > 1e12 ? value : Math.round(value * 1_000) / 1_000
        expect(JSON.parse(line)['101'].memory_usage_mb).toBe(Object.is(expected, -0) ? 0 : expected)
      }),
    )
  })

  test('reads an element of the Python predecessor, which knows fewer fields', () => {
    const text = `{"104": {"timestamp": "2025-03-01T10:00:00+00:00", "cpu_usage_percent": 3.5, "memory_usage_mb": 210.4,
      "swap_usage_mb": 0.0, "swap_total_mb": 512.0, "process_count": 21, "io_stats": {"reads": 10, "writes": 20},
      "network_usage": {"rx_bytes": 1, "tx_bytes": 2}, "filesystem_usage_gb": 1.5, "filesystem_total_gb": 8.0,
      "filesystem_free_gb": 6.5}, "summary": {"total_containers": 1}},`
    const cycle = parseCycle(text)
    expect(cycle?.containers.get(104)).toMatchObject({
      timestampMs: Date.UTC(2025, 2, 1, 10),
      cpuUsagePercent: 3.5,
      cpuCoresUsed: undefined,
      memoryFloorMb: undefined,
    })
    expect(cycle?.summary).toBeUndefined()
  })

  test.each([
    ['a torn line', '{"101":{"timestamp":"2026-01-0'],
    ['nothing', ''],
    ['the opening bracket', '['],
    ['another kind of JSON', '[1,2]'],
    ['null', 'null'],
  ])('gives nothing for %s', (_, text) => {
    expect(parseCycle(text)).toBeUndefined()
  })

  test.each([
    ['a string', '"7"'],
    ['a list', '[7]'],
    ['a truth value', 'true'],
    ['null', 'null'],
    ['a number that is too large', '1e999'],
  ])('takes %s in place of a figure as not known', (_, json) => {
    const text = `{"101":{"timestamp":"2026-01-05T00:00:00.000Z","memory_usage_mb":${json}}}`
    expect(parseCycle(text)?.containers.get(101)?.memoryUsageMb).toBeUndefined()
  })

  test('leaves out a container without a time, and what is not a container', () => {
    const text =
      '{"101":{"memory_usage_mb":5},"abc":{"timestamp":"2026-01-05T00:00:00Z"},"99":{"timestamp":"2026-01-05T00:00:00Z"}}'
    expect(parseCycle(text)?.containers.size).toBe(0)
  })

  test('never throws, whatever stands in the line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        parseCycle(text)
      }),
    )
  })
})

/** Any value that a figure may have, the usual ones more often. */
const anyFigure = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 1e7 }).map(thousandths => thousandths / 1_000) },
  { weight: 2, arbitrary: fc.nat() },
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.double() },
)

function anyOf(list: object): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.entries(list).map(([name, field]) => {
    if (!('members' in field)) return [name, anyFigure]
    return [name, fc.option(anyOf(field.members), { nil: undefined, freq: 8 })]
  })
  return fc.record(Object.fromEntries(members))
}

const anyTimeMs = fc.integer({ min: Date.UTC(1999), max: Date.UTC(2060) })
const anySample = fc
  .tuple(anyTimeMs, anyOf(SAMPLE_FIELDS))
  .map(([timestampMs, figures]) => ({ timestampMs, ...figures }) as ContainerSample)
const anySummary = fc
  .tuple(anyTimeMs, anyTimeMs, anyOf(SUMMARY_FIELDS))
  .map(([collectionStartMs, collectionEndMs, figures]) => {
    return { collectionStartMs, collectionEndMs, ...figures } as CycleSummary
  })
const anyLine = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 99, max: 1e9 }), { maxLength: 3 }),
    fc.array(anySample, { minLength: 3, maxLength: 3 }),
    anySummary,
  )
  .map(([vmids, samples, each]) => {
    const pairs = vmids
      .toSorted((a, b) => a - b)
      .flatMap((vmid, i) => samples.slice(i, i + 1).map(one => [vmid, one] as const))
    return formatCycle({ containers: new Map(pairs), summary: each })
  })

describe('readLine', () => {
  const read = (line: string) => readLine(Buffer.from(line), 0, Buffer.byteLength(line))

  test('reads the usual line, and does so as parseCycle', () => {
    const line = formatCycle({
      containers: new Map([
        [101, sample()],
        [102, sample({ pressure: undefined })],
      ]),
      summary: summary(),
    })
    expect(read(line)).toStrictEqual(parseCycle(line))
    expect(readLine(Buffer.from(`,,${line},`), 2, line.length + 2)).toStrictEqual(parseCycle(line))
    expect(Object.keys(read(line)?.containers.get(101) ?? {})).toEqual(Object.keys(sample()))
  })

  test('reads what the writer writes as parseCycle, or not at all', () => {
    fc.assert(
      fc.property(anyLine, line => {
        const cycle = read(line)
        if (cycle !== undefined) expect(cycle).toStrictEqual(parseCycle(line))
      }),
    )
  })

  test('reads a line that somebody changed as parseCycle, or not at all', () => {
    const line = formatCycle({
      containers: new Map([
        [101, sample()],
        [102, sample()],
      ]),
      summary: summary(),
    })
    const letters = fc.constantFrom(...'0123456789.-+eE{}[]",:nulZTs \\é'.split(''), '')
    fc.assert(
      fc.property(fc.nat({ max: line.length }), fc.nat({ max: 2 }), letters, (at, gone, letter) => {
        const changed = line.slice(0, at) + letter + line.slice(at + gone)
        const cycle = read(changed)
        if (cycle !== undefined) expect(cycle).toStrictEqual(parseCycle(changed))
        expect(readLine(Buffer.from(line), 0, at)).toEqual(at === line.length ? parseCycle(line) : undefined)
      }),
      { numRuns: 1_000 },
    )
  })
})
