import { expect, test } from 'vitest'
import { type PastValues, pastStep } from '../../../../packages/host/src/rrd/past-step.ts'

const TIME = { startSeconds: 60, stepSeconds: 60 }
const MB = 1_048_576
const USUAL: PastValues = { cpu: 0.5, maxcpu: 4, mem: 100 * MB, maxmem: 512 * MB, pressurecpusome: 2 }

test('a step has cores and MB', () => {
  expect(pastStep(TIME, USUAL, { ...USUAL, cpu: 1.05, mem: 200 * MB })).toEqual({
    startMs: 60_000,
    stepMs: 60_000,
    coresUsed: { mean: 2, peak: 4.2 },
    memoryUsedMb: { mean: 100, peak: 200 },
    cores: 4,
    memoryLimitMb: 512,
    cpuWaitingPercent: 2,
  })
})

test.each<[string, PastValues, string]>([
  ['a negative share', { cpu: -0.1 }, 'coresUsed'],
  ['twice its cores', { cpu: 2 }, 'coresUsed'],
  ['more cores than any host has', { maxcpu: 10_000 }, 'coresUsed'],
  ['more memory than can be addressed', { mem: 1e18 }, 'memoryUsedMb'],
  ['twice the memory that it was allowed', { mem: 1_024 * MB }, 'memoryUsedMb'],
  ['no memory at all', { mem: 0 }, 'memoryUsedMb'],
  ['a limit of nothing', { maxmem: 0 }, 'memoryLimitMb'],
  ['more than all of the time', { pressurecpusome: 101 }, 'cpuWaitingPercent'],
  ['nothing', { cpu: undefined }, 'coresUsed'],
])('%s is not known', (_, wrong, figure) => {
  const values = { ...USUAL, ...wrong }
  expect(pastStep(TIME, values, values)).toMatchObject({ [figure]: undefined })
})

test('no step is made of nothing', () => {
  expect(pastStep(TIME, {}, {})).toBeUndefined()
})
