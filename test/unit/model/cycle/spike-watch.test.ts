import { expect, test } from 'vitest'
import { SpikeWatch } from '../../../../packages/model/src/cycle/spike-watch.ts'
import { sample } from '../../../builders/snapshot.ts'

function watch(cpu: readonly (number | undefined)[], memoryMb = 300): SpikeWatch {
  const spikes = new SpikeWatch({ deviations: 3, window: 5 })
  for (const cpuUsagePercent of cpu) spikes.observe(sample({ cpuUsagePercent, memoryUsageMb: memoryMb }))
  return spikes
}

test('a sample far above those before it is a spike, and says by how much', () => {
  expect(watch([10, 11, 9, 10, 10, 60]).text()).toBe('CPU 60% is 25.0 standard deviations above its last 5 samples')
})

test.each([
  ['an ordinary sample', [10, 14, 6, 12, 8, 13]],
  ['noise on an idle container', [0.1, 0.1, 0.1, 0.1, 0.1, 2]],
  ['a drop', [60, 61, 59, 60, 60, 5]],
  ['the first samples', [10, 90]],
  ['an unknown sample', [10, 10, 10, 10, undefined]],
])('%s is none', (_, cpu) => {
  expect(watch(cpu).text()).toBe('')
})

test('a spike is over when it has become what is usual', () => {
  expect(watch([10, 10, 10, 10, 10, 60, 60, 60, 60]).text()).toBe('')
})

test('unknown samples are left out of what is compared with', () => {
  expect(watch([10, 11, undefined, 9, undefined, 10, 60]).text()).toContain('above its last 4 samples')
})

test('memory is watched as well', () => {
  const spikes = watch([10, 10, 10, 10], 300)
  spikes.observe(sample({ cpuUsagePercent: 10, memoryUsageMb: 600 }))
  expect(spikes.text()).toContain('memory 600 MB')
})
