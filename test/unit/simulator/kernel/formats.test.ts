import { describe, expect, test } from 'vitest'
import { formatCpuStat, parseCpuStat } from '../../../../packages/simulator/src/kernel/cpu-counters.ts'
import { formatCpuList, parseCpuList } from '../../../../packages/simulator/src/kernel/cpu-list.ts'
import { memoryConstraints } from '../../../../packages/simulator/src/kernel/memory-constraints.ts'
import { formatMemoryStat, parseMemoryStat } from '../../../../packages/simulator/src/kernel/memory-state.ts'
import { formatNetDev, parseNetDev } from '../../../../packages/simulator/src/kernel/net-dev.ts'
import {
  advancePressure,
  formatPressure,
  NO_PRESSURE,
  parsePressure,
} from '../../../../packages/simulator/src/kernel/pressure.ts'

test.each([
  [[0, 1, 3], '0-1,3'],
  [[5], '5'],
  [[3, 2, 1, 0], '0-3'],
  [[], ''],
])('CPUs %j are spelt %s', (cpus, text) => {
  expect(formatCpuList(cpus)).toBe(text)
  expect(parseCpuList(`${text}\n`)).toEqual([...cpus].sort())
})

test('cpu.stat adds up and comes back', () => {
  const counters = { userUsec: 1_234, systemUsec: 66, periods: 7, throttledPeriods: 3, throttledUsec: 99 }
  expect(formatCpuStat(counters)).toMatch(/^usage_usec 1300\nuser_usec 1234\nsystem_usec 66\n/)
  expect(parseCpuStat(formatCpuStat(counters))).toEqual(counters)
})

test('memory.stat counts shared memory as file, and its parts add up', () => {
  const state = {
    anon: 40_960_000,
    cache: 8_192_000,
    shmem: 4_096_000,
    slabReclaimable: 409_600,
    kernel: 1_228_800,
    swap: 0,
  }
  const text = formatMemoryStat(state, 12)
  const value = (key: string) => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1])
  expect(value('file')).toBe(state.cache + state.shmem)
  expect(value('inactive_file') + value('active_file')).toBe(state.cache)
  expect(value('kernel')).toBe(state.kernel + state.slabReclaimable)
  expect(value('slab')).toBe(value('slab_reclaimable') + value('slab_unreclaimable'))
  expect(parseMemoryStat(text, 0)).toEqual(state)
})

test('net/dev is spaced as the kernel does it', () => {
  const text = formatNetDev([['veth103i0', { rxBytes: 3_484, rxPackets: 38, txBytes: 3_554, txPackets: 39 }]])
  expect(text.split('\n')[2]).toBe(
    'veth103i0:    3484      38    0    0    0     0          0         0     3554      39    0    0    0     0       0          0',
  )
  expect(parseNetDev(text).get('veth103i0')).toEqual({ rxBytes: 3_484, rxPackets: 38, txBytes: 3_554, txPackets: 39 })
})

test.each([
  [512, 536_870_912, 532_676_608],
  [16_383, 17_178_820_608, 17_044_611_072],
  [16_384, 17_179_869_184, 17_045_651_456],
])('%i MB are %i bytes, with memory.high at %i', (memoryMb, maxBytes, highBytes) => {
  expect(memoryConstraints(memoryMb)).toEqual({ maxBytes, highBytes })
})

describe('pressure', () => {
  test('rises to the share of time that was waited, and falls again', () => {
    const held = advancePressure(NO_PRESSURE, { some: 0.5, full: 0.2 }, 600_000)
    expect(held.some.avg10).toBeCloseTo(50, 3)
    expect(held.full.avg60).toBeCloseTo(20, 1)
    expect(held.some.totalUsec).toBe(300_000_000)
    expect(advancePressure(held, { some: 0, full: 0 }, 10_000).some.avg10).toBeCloseTo(50 / Math.E, 3)
  })

  test('does not depend on how the time is cut', () => {
    let cut = NO_PRESSURE
    for (let step = 0; step < 100; step++) cut = advancePressure(cut, { some: 0.3, full: 0.1 }, 100)
    expect(cut.some.avg10).toBeCloseTo(advancePressure(NO_PRESSURE, { some: 0.3, full: 0.1 }, 10_000).some.avg10, 6)
  })

  test('is printed as the kernel does it', () => {
    const text =
      'some avg10=0.03 avg60=0.06 avg300=0.01 total=70339\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9160\n'
    expect(formatPressure(parsePressure(text))).toBe(text)
  })
})
