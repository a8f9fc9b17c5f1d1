import {
  DECIDING_PROBLEMS,
  DECIDING_STATES,
  type DecidingVerdict,
  ERROR_CODES,
  type HistoryEntryBody,
} from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { savedSizes } from '../../../packages/api/src/audit/saved-sizes.ts'
import { allocationBody } from '../../../packages/api/src/changes/wire-allocation.ts'
import { ContainerQueue } from '../../../packages/api/src/pct/container-queue.ts'
import { ApiTelemetry } from '../../../packages/api/src/telemetry.ts'
import { allocation, containerFacts } from '../../builders/container-facts.ts'
import { historyEntry } from '../../builders/history-entry.ts'

const newTelemetry = () => new ApiTelemetry(new ContainerQueue(() => ({ maxRunning: 2, maxWaiting: 2 })), { size: 3 })

const change = (overrides: Partial<HistoryEntryBody>) =>
  historyEntry({
    asked: { lxc_id: 101, cores: 3 },
    before: { cores: 2, cpulimit: null, memory_mb: 1_024 },
    after: { cores: 3, cpulimit: null, memory_mb: 1_024 },
    duration_seconds: 1,
    ...overrides,
  })

const shownFor = (...vmids: number[]) => {
  const telemetry = newTelemetry()
  telemetry.show({
    containers: vmids.map(vmid => containerFacts({ vmid })),
    installSize: () => undefined,
    deciding: undefined,
  })
  return telemetry
}

const seriesOf = async (telemetry: ApiTelemetry, name: string) =>
  (await telemetry.registry.metrics()).split('\n').filter(line => line.startsWith(name))

describe('the metrics', () => {
  test('count what was made by container, resource and direction, each from 0', async () => {
    const telemetry = shownFor(101)
    const made = (...values: number[]) => [
      `lxc_autoscale_changes_total{vmid="101",resource="cpu",direction="up"} ${values[0]}`,
      `lxc_autoscale_changes_total{vmid="101",resource="cpu",direction="down"} ${values[1]}`,
      `lxc_autoscale_changes_total{vmid="101",resource="memory",direction="up"} ${values[2]}`,
      `lxc_autoscale_changes_total{vmid="101",resource="memory",direction="down"} ${values[3]}`,
    ]
    expect(await seriesOf(telemetry, 'lxc_autoscale_changes_total{')).toEqual(made(0, 0, 0, 0))
    telemetry.change(change({}))
    telemetry.change(change({ asked: { memory: 512 }, after: { cores: 2, cpulimit: null, memory_mb: 512 } }))
    telemetry.change(change({ asked: { cores: 2, memory: 2_048 }, after: { cores: 2, memory_mb: 2_048 } }))
    telemetry.change(change({ asked: { cpulimit: 1 }, after: { cores: 2, cpulimit: 1, memory_mb: 1_024 } }))
    telemetry.change(change({ action: 'snapshot-create', asked: {} }))
    expect(await seriesOf(telemetry, 'lxc_autoscale_changes_total{')).toEqual(made(1, 1, 1, 1))
  })

  test('count what was not made by container and outcome and by error code, and nothing that was there already', async () => {
    const telemetry = shownFor(101)
    telemetry.change(change({ outcome: 'refused', error: 'HOST_CAPACITY' }))
    telemetry.change(change({ outcome: 'unchanged' }))
    const notMade = await seriesOf(telemetry, 'lxc_autoscale_changes_not_made_total{')
    expect(notMade).toHaveLength(6)
    expect(notMade.filter(line => !line.endsWith(' 0'))).toEqual([
      'lxc_autoscale_changes_not_made_total{vmid="101",resource="cpu",outcome="refused"} 1',
    ])
    const refusals = await seriesOf(telemetry, 'lxc_autoscale_change_refusals_total{')
    expect(refusals).toHaveLength(ERROR_CODES.length)
    expect(refusals).toContain('lxc_autoscale_change_refusals_total{reason="HOST_CAPACITY"} 1')
    expect(await seriesOf(telemetry, 'lxc_autoscale_operations_total{action="scale",outcome="unchanged"}')).toEqual([
      'lxc_autoscale_operations_total{action="scale",outcome="unchanged"} 1',
    ])
  })

  test('do not grow with containers that somebody makes up', async () => {
    const telemetry = shownFor(101)
    const before = (await telemetry.registry.metrics()).split('\n').length
    for (let vmid = 1_000; vmid < 4_000; vmid++) {
      telemetry.change(change({ lxc_id: vmid, outcome: 'refused', error: 'CONTAINER_NOT_FOUND' }))
    }
    expect((await telemetry.registry.metrics()).split('\n')).toHaveLength(before)
  })

  test('show the containers that there are in base units, and no longer those that are gone', async () => {
    const telemetry = shownFor(101)
    const { configured } = containerFacts()
    telemetry.show({
      containers: [
        containerFacts({ vmid: 101, configured: { ...configured, cpuLimit: 1.5 } }),
        containerFacts({ vmid: 102, configured: allocation() }),
      ],
      installSize: () => undefined,
      deciding: undefined,
    })
    expect(await seriesOf(telemetry, 'lxc_autoscale_container_')).toEqual([
      'lxc_autoscale_container_cpu_cores{vmid="101"} 1.5',
      'lxc_autoscale_container_memory_bytes{vmid="101"} 1073741824',
      'lxc_autoscale_container_saved_cpu_cores{vmid="101"} 0',
      'lxc_autoscale_container_saved_memory_bytes{vmid="101"} 0',
    ])
    telemetry.show({ containers: [], installSize: () => undefined, deciding: undefined })
    expect(await seriesOf(telemetry, 'lxc_autoscale_container_')).toEqual([])
  })

  test.each([
    ['fewer cores below a quota that stays', { cores: 6, cpulimit: 8 }, { cores: 2, cpuLimit: 8 }, 4],
    ['a quota in the place of none', { cores: 6, cpulimit: null }, { cores: 6, cpuLimit: 1.5 }, 4.5],
    ['a limit in the place of none', { cores: null, cpulimit: null }, { cores: 2, cpuLimit: undefined }, 0],
  ])('say the same of what is saved as the daily summary: %s', async (_what, had, has, saved) => {
    const { id: change_id, time, name } = historyEntry()
    const size = { lxc_id: 101, name, time, change_id, memory_mb: 512, swap_mb: 0, ...had }
    const configured = { ...containerFacts().configured, ...has }
    const telemetry = newTelemetry()
    const containers = [containerFacts({ vmid: 101, configured })]
    telemetry.show({ containers, installSize: () => size, deciding: undefined })
    expect(await seriesOf(telemetry, 'lxc_autoscale_container_saved_cpu')).toEqual([
      `lxc_autoscale_container_saved_cpu_cores{vmid="101"} ${saved}`,
    ])
    expect(savedSizes([size], new Map([[101, allocationBody(configured)]])).cores).toBe(saved)
  })

  test('show what was saved since before the first change, and what was given more', async () => {
    const telemetry = newTelemetry()
    const { id: change_id, time, name } = historyEntry()
    telemetry.show({
      containers: [containerFacts({ vmid: 101 })],
      installSize: lxc_id => ({ lxc_id, name, time, change_id, cores: 6, cpulimit: null, memory_mb: 512, swap_mb: 0 }),
      deciding: undefined,
    })
    expect(await seriesOf(telemetry, 'lxc_autoscale_container_saved_')).toEqual([
      'lxc_autoscale_container_saved_cpu_cores{vmid="101"} 4',
      'lxc_autoscale_container_saved_memory_bytes{vmid="101"} -536870912',
    ])
  })

  test('say whether the model decides, and what is in its way', async () => {
    const telemetry = newTelemetry()
    const show = async (deciding: DecidingVerdict | undefined) => {
      telemetry.show({ containers: [], installSize: () => undefined, deciding })
      return seriesOf(telemetry, 'lxc_autoscale_deciding')
    }
    expect(await show(undefined)).toEqual([])
    const problem = { code: 'breaker_open', text: '', mend: '' } as const
    const stuck = await show({ state: 'stuck', text: '', problems: [problem] })
    expect(stuck).toHaveLength(1 + DECIDING_STATES.length + DECIDING_PROBLEMS.length)
    expect(stuck.filter(line => line.endsWith(' 1'))).toEqual([
      'lxc_autoscale_deciding_state{state="stuck"} 1',
      'lxc_autoscale_deciding_problem{code="breaker_open"} 1',
    ])
    expect(await show({ state: 'deciding', text: '', problems: [] })).toContain('lxc_autoscale_deciding 1')
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
