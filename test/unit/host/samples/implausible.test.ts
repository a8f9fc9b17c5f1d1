import type { ContainerSample } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { implausible, plausibleHost } from '../../../../packages/host/src/samples/implausible.ts'
import { sample, summary } from '../../../builders/snapshot.ts'

const HOST = { cores: 8, memoryMb: 32_768, memoryAvailableMb: undefined }
/** 2^64 - 4096, of which a kernel counter that went below zero is read, in MB. */
const UNDERFLOW_MB = 17_592_186_044_420

function problem(overrides: Partial<ContainerSample>, before = sample()): string | undefined {
  return implausible(sample(overrides), { before, host: HOST })
}

describe('a sample cannot be true', () => {
  test.each<[string, Partial<ContainerSample>, RegExp]>([
    ['use that underflowed', { memoryUsageMb: UNDERFLOW_MB }, /MB in use/],
    ['a floor that underflowed', { memoryFloorMb: UNDERFLOW_MB }, /cannot give up/],
    [
      'memory far above its limit',
      { memoryUsageMb: 2_600, memoryLimitMb: 345 },
      /2600 MB in use where 1024 are allowed/,
    ],
    ['memory above that of the host', { memoryUsageMb: 40_000, memoryLimitMb: 65_536 }, /on a host of 32768/],
    ['a floor above the use', { memoryFloorMb: 900 }, /it cannot give up 900 MB, but uses 300/],
    ['cores far above the allowed ones', { cpuCoresUsed: 5 }, /5 cores in use where 2 are allowed/],
    ['cores above those of the host', { cpuCoresUsed: 20, cpuCores: 16 }, /on a host of 8/],
    ['a percentage far above the allowed cores', { cpuUsagePercent: 900 }, /900 % of 2 cores/],
    ['throttling above all of the time', { cpuThrottledPercent: 150 }, /throttled/],
    ['swap above the swap there is', { swapUsageMb: 5_000 }, /5000 MB of 512 MB of swap/],
    ['a negative figure', { memoryUsageMb: -5 }, /-5 MB in use/],
    ['what is no number', { cpuCoresUsed: Number.NaN }, /NaN cores/],
    ['a counter that underflowed', { networkUsage: { rxBytes: 2 ** 64 - 4_096, txBytes: 0 } }, /bytes received/],
    ['more kills than there are processes', { memoryEvents: events(2 ** 40) }, /processes killed/],
    ['pressure above all of the time', { pressure: pressure(4e9) }, /memory pressure/],
  ])('with %s, which is said in words', (_, overrides, words) => {
    expect(problem(overrides)).toMatch(words)
  })
})

describe('a sample can be true', () => {
  test.each<[string, Partial<ContainerSample>, ContainerSample | undefined]>([
    ['as it usually is', {}, sample()],
    ['with all of its limit in use', { memoryUsageMb: 1_024 }, sample()],
    ['with a little more than its cores in use', { cpuCoresUsed: 2.3, cpuUsagePercent: 115 }, sample()],
    ['just after a shrink', { memoryUsageMb: 900, memoryLimitMb: 512 }, sample()],
    ['just after cores were taken', { cpuCoresUsed: 7, cpuCores: 1, cpuUsagePercent: 700 }, sample({ cpuCores: 8 })],
    [
      'of which nothing is known',
      { memoryUsageMb: undefined, memoryLimitMb: undefined, cpuCores: undefined },
      sample(),
    ],
    ['whose swap was taken away while in use', { swapUsageMb: 400, swapTotalMb: 0 }, sample({ swapUsageMb: 410 })],
    ['of the Python predecessor, in percent of one core', { cpuUsagePercent: 390, cpuCores: undefined }, undefined],
  ])('%s', (_, overrides, before) => {
    expect(problem(overrides, before)).toBeUndefined()
  })
})

test('what a cycle says of the host is not known where it cannot be', () => {
  expect(plausibleHost(summary())).toEqual({ cores: 8, memoryMb: 32_768, memoryAvailableMb: 20_000 })
  expect(plausibleHost(summary({ hostCores: 1e9, hostMemoryAvailableMb: 40_000 }))).toEqual({
    cores: undefined,
    memoryMb: 32_768,
    memoryAvailableMb: undefined,
  })
})

function events(oomKill: number): ContainerSample['memoryEvents'] {
  return { high: 0, max: 0, oomKill, innerMax: 0, innerOomKill: 0 }
}

function pressure(memorySomePercent: number): ContainerSample['pressure'] {
  return { cpuSomePercent: 0, memorySomePercent, memoryFullPercent: 0, ioSomePercent: 0, ioFullPercent: 0 }
}
