import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flatKeyed } from '../../../../packages/host/src/parse/flat-keyed.ts'
import {
  parseDeviceNames,
  parseLoad1,
  parseMeminfo,
  parseOnlineCpus,
} from '../../../../packages/host/src/parse/host-lines.ts'
import { nestedKeyed, nestedOperations } from '../../../../packages/host/src/parse/nested-keyed.ts'
import { parseNetDev } from '../../../../packages/host/src/parse/net-dev.ts'
import { parsePressure } from '../../../../packages/host/src/parse/pressure.ts'
import { parseCpuCount, parseCpuMax, parseSingleValue } from '../../../../packages/host/src/parse/single-line.ts'
import { caseText } from '../../../builders/case-text.ts'
import { kernelText, ODD_TEXTS } from '../../../builders/kernel-text.ts'

const CPU_STAT = 'usage_usec 25999744\nuser_usec 24651463\nnr_periods 283\nnr_throttled 179\n'
const IO_STAT = '259:1 rbytes=360448 wbytes=0 rios=41 wios=7 dbytes=0 dios=0\n8:0 rbytes=1 wbytes=2 rios=3 wios=4\n'
const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0:    2308      30    0    0    0     0          0         0     4044      44    0    0    0     0       0          0
`
const PRESSURE = `some avg10=48.12 avg60=18.49 avg300=4.51 total=14635786
full avg10=40.02 avg60=15.71 avg300=3.83 total=12092219
`
const MEMINFO =
  'MemTotal:       24682416 kB\nMemFree:        22895480 kB\nMemAvailable:   24113728 kB\nSwapTotal:             0 kB\n'
const DISKSTATS = ' 259       0 nvme0n1 1 2 3\n   7       0 loop0 1 2 3\n 253       5 dm-5 1 2 3\n'

const parseCpuStat = flatKeyed(['usage_usec', 'nr_throttled'])
const parseIoStat = nestedKeyed(['rios', 'wios'])
const parseBlkio = nestedOperations(['Read', 'Write'])

describe('flatKeyed', () => {
  test('gives the values of the keys in their order', () => {
    expect(parseCpuStat(kernelText(CPU_STAT))).toEqual([25_999_744, 179])
  })

  test.each([
    ['a key that is missing', 'usage_usec 1\n', [1, undefined]],
    ['a key that only begins alike', 'usage_usecs 5\nnr_throttled 2\n', [undefined, 2]],
    ['a value that is no number', 'usage_usec max\nnr_throttled 2\n', [undefined, 2]],
    ['a negative value', 'usage_usec -1\nnr_throttled 2\n', [undefined, 2]],
    ['a last line without its line feed', 'usage_usec 1\nnr_throttled 17', [1, undefined]],
    ['lines that end in CRLF', 'usage_usec 1\r\nnr_throttled 2\r\n', [1, 2]],
    ['a key that comes twice: the first counts', 'usage_usec 1\nnr_throttled 2\nusage_usec 9\n', [1, 2]],
    ['a number above 2^53, rounded', 'usage_usec 18446744073709551615\nnr_throttled 2\n', [2 ** 64, 2]],
  ])('reads %s', (_, text, expected) => {
    expect(parseCpuStat(kernelText(text))).toEqual(expected)
  })

  test('reads back what it is given, whatever stands around it', () => {
    const word = fc.stringMatching(/^[a-z_]{1,20}$/)
    const lines = fc.uniqueArray(fc.tuple(word, fc.nat({ max: 2 ** 50 })), { selector: ([key]) => key, minLength: 1 })
    fc.assert(
      fc.property(lines, pairs => {
        const text = pairs.map(([key, value]) => `${key} ${value}\n`).join('')
        expect(flatKeyed(pairs.map(([key]) => key))(kernelText(text))).toEqual(pairs.map(([, value]) => value))
      }),
    )
  })

  test('never gives a wrong number for a text that is cut off', () => {
    for (let length = 0; length < CPU_STAT.length; length++) {
      const [usage, throttled] = parseCpuStat(kernelText(CPU_STAT.slice(0, length))) ?? []
      expect([undefined, 25_999_744]).toContain(usage)
      expect([undefined, 179]).toContain(throttled)
    }
  })
})

describe('parseSingleValue', () => {
  test.each([
    ['0\n', 0],
    ['64581632\n', 64_581_632],
    ['max\n', Number.POSITIVE_INFINITY],
    ['-1\n', Number.POSITIVE_INFINITY],
    ['9223372036854771712\n', Number.POSITIVE_INFINITY],
    ['9223372036854710272\n', Number.POSITIVE_INFINITY],
    ['9007199254740993\n', 9_007_199_254_740_992],
    ['12\r\n', 12],
    ['12\n4\n', 12],
    ['12', undefined],
    ['maximum\n', undefined],
    ['12 13\n', undefined],
  ])('reads %j as %s', (text, expected) => {
    expect(parseSingleValue(kernelText(text))).toBe(expected)
  })
})

describe('parseCpuMax', () => {
  test.each([
    ['max 100000\n', Number.POSITIVE_INFINITY],
    ['150000 100000\n', 1.5],
    ['25000 100000\n', 0.25],
    ['100000\n', undefined],
    ['100000 0\n', undefined],
    ['0 100000\n', undefined],
    ['100000 1000', undefined],
  ])('reads %j as %s cores', (text, expected) => {
    expect(parseCpuMax(kernelText(text))).toBe(expected)
  })
})

describe('parseCpuCount', () => {
  test.each([
    ['0\n', 1],
    ['0-3\n', 4],
    ['0,2,4-7\n', 6],
    ['1\n', 1],
    ['0-1023\n', 1_024],
    ['\n', undefined],
    ['3-1\n', undefined],
    ['0-\n', undefined],
    ['0-3', undefined],
  ])('counts %j as %s', (text, expected) => {
    expect(parseCpuCount(kernelText(text))).toBe(expected)
  })
})

describe('nestedKeyed', () => {
  test('gives the values of each device', () => {
    expect(parseIoStat(kernelText(IO_STAT))).toEqual([
      { name: '259:1', values: [41, 7] },
      { name: '8:0', values: [3, 4] },
    ])
  })

  test('takes an empty file as no traffic, and a bare device as none', () => {
    expect(parseIoStat(kernelText(''))).toEqual([])
    expect(parseIoStat(kernelText('8:0 \n8:16\n'))).toEqual([])
  })

  test('gives figures behind several names to the last one: those before it had no traffic', () => {
    expect(parseIoStat(kernelText(caseText('io.stat-merged-line')))).toEqual([{ name: '8:0', values: [100, 200] }])
    expect(parseIoStat(kernelText('(unknown) 8:0 rios=1 wios=2\n7:0 \n8:16 rios=3 wios=4\n'))).toEqual([
      { name: '8:0', values: [1, 2] },
      { name: '8:16', values: [3, 4] },
    ])
  })

  test('knows a device that lost its name', () => {
    expect(parseIoStat(kernelText('(unknown) rios=1 wios=2\n'))).toEqual([{ name: '(unknown)', values: [1, 2] }])
  })

  test('gives nothing for a text that is cut off, since a sum over it would be too small', () => {
    for (let length = 1; length < IO_STAT.length; length++) {
      const isWholeLine = IO_STAT[length - 1] === '\n'
      if (!isWholeLine) expect(parseIoStat(kernelText(IO_STAT.slice(0, length)))).toBeUndefined()
    }
  })
})

describe('nestedOperations', () => {
  test('gives reads and writes of each device, and leaves the total out', () => {
    const text = '8:0 Read 5\n8:0 Write 6\n8:0 Sync 11\n8:0 Total 11\n253:0 Write 1\nTotal 12\n'
    expect(parseBlkio(kernelText(text))).toEqual([
      { name: '8:0', values: [5, 6] },
      { name: '253:0', values: [undefined, 1] },
    ])
  })

  test('takes a total alone as no traffic', () => {
    expect(parseBlkio(kernelText('Total 0\n'))).toEqual([])
  })
})

describe('parsePressure', () => {
  test('gives the averages over 10 s', () => {
    expect(parsePressure(kernelText(PRESSURE))).toEqual({ somePercent: 48.12, fullPercent: 40.02 })
  })

  test('leaves out what an older kernel does not say', () => {
    const text = 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n'
    expect(parsePressure(kernelText(text))).toEqual({ somePercent: 0, fullPercent: undefined })
  })

  test.each(['some avg10=1..2 \n', 'some avg10= \n', 'some avg10=nan \n', 'some avg10=1.5'])(
    'gives nothing for %j',
    text => {
      expect(parsePressure(kernelText(text))).toBeUndefined()
    },
  )
})

describe('parseNetDev', () => {
  test('gives the bytes of each interface', () => {
    expect(parseNetDev(kernelText(NET_DEV))).toEqual([
      { name: 'lo', rxBytes: 100, txBytes: 100 },
      { name: 'eth0', rxBytes: 2_308, txBytes: 4_044 },
    ])
  })

  test('reads a name that touches its first number', () => {
    const text = NET_DEV.replace('  eth0:    2308', '  eth0:12345678')
    expect(parseNetDev(kernelText(text))?.[1]).toEqual({ name: 'eth0', rxBytes: 12_345_678, txBytes: 4_044 })
  })

  test('gives nothing for a text that is cut off', () => {
    for (let length = 0; length < NET_DEV.length; length++) {
      const isWholeLine = NET_DEV[length - 1] === '\n' && NET_DEV.slice(0, length).split('\n').length > 2
      if (!isWholeLine) expect(parseNetDev(kernelText(NET_DEV.slice(0, length)))).toBeUndefined()
    }
  })
})

describe('the files of the host', () => {
  test('are read', () => {
    expect(parseMeminfo(kernelText(MEMINFO))).toEqual({
      totalKib: 24_682_416,
      availableKib: 24_113_728,
      swapTotalKib: 0,
    })
    expect(parseLoad1(kernelText('0.52 0.58 0.59 2/391 29874\n'))).toBe(0.52)
    expect(parseOnlineCpus(kernelText('cpu  1 2\ncpu0 1 2\ncpu1 1 2\nintr 1\nctxt 2\n'))).toBe(2)
    expect(parseDeviceNames(kernelText(DISKSTATS))).toEqual(
      new Map([
        ['259:0', 'nvme0n1'],
        ['7:0', 'loop0'],
        ['253:5', 'dm-5'],
      ]),
    )
  })

  test('of an older kernel lack a figure, which is then not known', () => {
    expect(parseMeminfo(kernelText('MemTotal: 8 kB\n'))).toEqual({
      totalKib: 8,
      availableKib: undefined,
      swapTotalKib: undefined,
    })
  })
})

describe.each([
  ['flatKeyed', parseCpuStat],
  ['parseSingleValue', parseSingleValue],
  ['parseCpuMax', parseCpuMax],
  ['parseCpuCount', parseCpuCount],
  ['parsePressure', parsePressure],
  ['parseNetDev', parseNetDev],
  ['parseMeminfo', parseMeminfo],
  ['parseLoad1', parseLoad1],
  ['parseOnlineCpus', parseOnlineCpus],
])('%s', (_, parse) => {
  test.each(ODD_TEXTS)('gives nothing for %s', (_name, text) => {
    expect(parse(kernelText(text))).toBeUndefined()
  })

  test('never throws and never gives a number that is not one', () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    const nearly = fc.array(fc.constantFrom('usage_usec ', 'some avg10=', '12', '-', '.', ' ', '\n', '\r', 'max', ':'))
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          nearly.map(parts => Buffer.from(parts.join(''))),
        ),
        content => {
          const found = [parse({ bytes: content, length: content.length })].flat()
          for (const value of found) if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})
