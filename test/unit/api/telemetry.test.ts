import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { ContainerQueue } from '../../../packages/api/src/pct/container-queue.ts'
import { ApiTelemetry } from '../../../packages/api/src/telemetry.ts'
import { allocation, containerFacts } from '../../builders/container-facts.ts'
import { historyEntry } from '../../builders/history-entry.ts'

const newTelemetry = () => new ApiTelemetry(new ContainerQueue(() => ({ maxRunning: 2, maxWaiting: 2 })))

const change = (overrides: Partial<HistoryEntryBody>) =>
  historyEntry({
    asked: { lxc_id: 101, cores: 3 },
    before: { cores: 2, cpulimit: null, memory_mb: 1_024 },
    after: { cores: 3, cpulimit: null, memory_mb: 1_024 },
    duration_seconds: 1,
    ...overrides,
  })

const seriesOf = async (telemetry: ApiTelemetry, name: string) =>
  (await telemetry.registry.metrics()).split('\n').filter(line => line.startsWith(name))

describe('the metrics', () => {
  test('count what was made by container, resource and direction', async () => {
    const telemetry = newTelemetry()
    telemetry.change(change({}))
    telemetry.change(change({ asked: { memory: 512 }, after: { cores: 2, cpulimit: null, memory_mb: 512 } }))
    telemetry.change(change({ action: 'snapshot-create', asked: {} }))
    expect(await seriesOf(telemetry, 'lxc_autoscale_scaling_actions_total')).toEqual([
      'lxc_autoscale_scaling_actions_total{container_id="101",resource="cpu",action="scale_up"} 1',
      'lxc_autoscale_scaling_actions_total{container_id="101",resource="memory",action="scale_down"} 1',
      'lxc_autoscale_scaling_actions_total{container_id="101",resource="snapshot",action="snapshot-create"} 1',
    ])
  })

  test('count what was not made by its reason, and nothing that was there already', async () => {
    const telemetry = newTelemetry()
    telemetry.change(change({ outcome: 'refused', error: 'HOST_CAPACITY' }))
    telemetry.change(change({ outcome: 'unchanged' }))
    expect(await seriesOf(telemetry, 'lxc_autoscale_scaling_failures_total')).toEqual([
      'lxc_autoscale_scaling_failures_total{container_id="101",resource="cpu",reason="HOST_CAPACITY"} 1',
    ])
  })

  test('do not grow with containers that somebody makes up', async () => {
    const telemetry = newTelemetry()
    for (let vmid = 1_000; vmid < 4_000; vmid++) {
      telemetry.change(change({ lxc_id: vmid, outcome: 'refused', error: 'CONTAINER_NOT_FOUND' }))
    }
    expect(await seriesOf(telemetry, 'lxc_autoscale_scaling_failures_total')).toHaveLength(1)
  })

  test('show the containers that there are, and no longer those that are gone', async () => {
    const telemetry = newTelemetry()
    telemetry.containers([containerFacts({ vmid: 101 }), containerFacts({ vmid: 102, configured: allocation() })])
    expect(await seriesOf(telemetry, 'lxc_autoscale_container_')).toEqual([
      'lxc_autoscale_container_cpu_cores{container_id="101"} 2',
      'lxc_autoscale_container_memory_mb{container_id="101"} 1024',
    ])
    telemetry.containers([])
    expect(await seriesOf(telemetry, 'lxc_autoscale_container_')).toEqual([])
  })

  test('keep to the names of Prometheus: counters end in _total, times are in seconds, everything has a help', async () => {
    for (const { name, help, type } of await newTelemetry().registry.getMetricsAsJSON()) {
      expect(name).toMatch(/^lxc_autoscale_[a-z_]+$/)
      expect(help).toMatch(/\.$/)
      expect(String(type) === 'counter').toBe(name.endsWith('_total'))
      if (String(type) === 'histogram') expect(name).toMatch(/_seconds$/)
    }
  })
})
