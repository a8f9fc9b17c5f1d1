import { type ContainerStatus, DaemonRegistry } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { containerMetrics } from '../../../../packages/model/src/status/container-metrics.ts'
import { containerStatus } from '../../../builders/model-status.ts'

/** The series of a container that begin so. */
async function shown(name: string, changes: Partial<ContainerStatus> = {}): Promise<string[]> {
  const text = await new DaemonRegistry('x', () => containerMetrics([containerStatus(changes)])).metrics()
  return text.split('\n').filter(line => line.startsWith(`lxc_autoscale_container_${name}{`))
}

const size = (cores: number, memory_mb: number) => ({ cores, memory_mb })
const DECISION: NonNullable<ContainerStatus['decision']> = {
  time: '2026-03-01T12:00:00.000Z',
  policy: 'adaptive',
  from: size(8, 4_096),
  to: size(8, 4_096),
  wanted: size(10, 1_024),
  cores: 'keep',
  memory: 'keep',
  is_in_need: true,
  is_to_be_applied: true,
  reasons: [],
  held_by: { cores: 'keep-within-limits', memory: 'hold-while-abnormal' },
  held_until: { cores: null, memory: null },
  at_maximum: { cores: true, memory: false },
  limits: { min_cores: 1, max_cores: 8, min_memory_mb: 512, max_memory_mb: null },
}

test('what is wanted, and the limits, are told in base units', async () => {
  const wanted = 'lxc_autoscale_container_wanted_memory_bytes{vmid="101"} 1073741824'
  expect(await shown('wanted_memory_bytes', { decision: DECISION })).toEqual([wanted])
  expect(await shown('wanted_cpu_cores')).toEqual([])
  const least = 'lxc_autoscale_container_minimum_memory_bytes{vmid="101"} 536870912'
  expect(await shown('minimum_memory_bytes', { decision: DECISION })).toEqual([least])
  expect(await shown('maximum_memory_bytes', { decision: DECISION })).toEqual([])
})

test('the rule that holds is told with the way that it holds', async () => {
  expect(await shown('held')).toEqual([])
  expect(await shown('held', { decision: DECISION })).toEqual([
    'lxc_autoscale_container_held{vmid="101",resource="cpu",direction="up",rule="keep-within-limits"} 1',
    'lxc_autoscale_container_held{vmid="101",resource="memory",direction="down",rule="hold-while-abnormal"} 1',
  ])
})

test('what is not known has no series, and what is known begins with 0', async () => {
  expect(await shown('at_maximum')).toEqual([])
  expect(await shown('at_maximum', { decision: DECISION })).toEqual([
    'lxc_autoscale_container_at_maximum{vmid="101",resource="cpu"} 1',
    'lxc_autoscale_container_at_maximum{vmid="101",resource="memory"} 0',
  ])
  expect(await shown('abnormal')).toEqual([])
  expect(await shown('learning')).toEqual(['lxc_autoscale_container_learning{vmid="101"} 0'])
})

test('a pause is told by its end, also one that has none', async () => {
  const name = 'paused_until_timestamp_seconds'
  expect(await shown(name)).toEqual([])
  expect(await shown(name, { paused_until: '2026-03-01T12:00:00.000Z' })).toEqual([
    `lxc_autoscale_container_${name}{vmid="101"} 1772366400`,
  ])
  expect(await shown(name, { paused_until: 'forever' })).toEqual([`lxc_autoscale_container_${name}{vmid="101"} +Inf`])
})
