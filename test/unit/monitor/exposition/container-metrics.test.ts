import { formatCycle } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { COLLECTORS } from '../../../../packages/monitor/src/collectors/index.ts'
import { MonitorMetrics } from '../../../../packages/monitor/src/exposition/monitor-metrics.ts'
import { sample, summary } from '../../../builders/snapshot.ts'

const CONTAINER_METRICS = Object.values(COLLECTORS).flatMap(({ metrics }) => metrics)

function shown(overrides: Parameters<typeof sample>[0] = {}, name = 'web') {
  const metrics = new MonitorMetrics()
  const line = Buffer.from(formatCycle({ containers: new Map([[101, sample(overrides)]]), summary: undefined }))
  metrics.show({ line, nameOf: () => name }, new Map())
  return metrics.metrics()
}

describe('/metrics', () => {
  test('has the figures of the containers in base units', async () => {
    const text = await shown()
    const lines = text.split('\n').filter(line => line.startsWith('lxc_container_'))
    expect(lines).toEqual(
      expect.arrayContaining([
        'lxc_container_cpu_usage_cores{vmid="101"} 0.5',
        'lxc_container_cpu_usage_ratio{vmid="101"} 0.25',
        'lxc_container_memory_usage_bytes{vmid="101"} 314572800',
        'lxc_container_network_receive_bytes_total{vmid="101"} 10000',
        'lxc_container_filesystem_size_bytes{vmid="101"} 8589934592',
        'lxc_container_info{vmid="101",name="web"} 1',
      ]),
    )
  })

  test('leaves out what is not known instead of showing 0', async () => {
    const text = await shown({ memoryUsageMb: undefined, cpuCoresUsed: undefined, pressure: undefined })
    for (const name of ['memory_usage_bytes', 'cpu_usage_cores', 'pressure_cpu_some_ratio']) {
      expect(text).toContain(`# TYPE lxc_container_${name} gauge`)
      expect(text).not.toContain(`lxc_container_${name}{`)
    }
  })

  test('has one help text and one type for each name', async () => {
    const text = await shown()
    for (const { name, type, help } of CONTAINER_METRICS) {
      expect(text.split(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`)).toHaveLength(2)
    }
    expect(new Set(CONTAINER_METRICS.map(({ name }) => name)).size).toBe(CONTAINER_METRICS.length)
  })

  test('names counters as such', () => {
    for (const { name, type } of CONTAINER_METRICS) expect(name.endsWith('_total')).toBe(type === 'counter')
  })

  test('counts kills on where the kernel begins anew, from 0 and by whose limit', async () => {
    const metrics = new MonitorMetrics()
    const cycle = async (memoryEvents: ReturnType<typeof sample>['memoryEvents']) => {
      const containers = new Map([[101, sample({ memoryEvents })]])
      const line = Buffer.from(formatCycle({ containers, summary: undefined }))
      metrics.show({ line, nameOf: () => 'web' }, new Map(memoryEvents && [[101, memoryEvents]]))
      return (await metrics.metrics()).split('\n').filter(line => line.startsWith('lxc_container_oom_kills_total{'))
    }
    const kills = (own: number, nested: number) => [
      `lxc_container_oom_kills_total{vmid="101",limit="own"} ${own}`,
      `lxc_container_oom_kills_total{vmid="101",limit="nested"} ${nested}`,
    ]
    const none = { high: 0, max: 0, innerMax: 0, oomKill: 0, innerOomKill: 0 }
    expect(await cycle(undefined)).toEqual([])
    expect(await cycle(none)).toEqual(kills(0, 0))
    expect(await cycle({ ...none, oomKill: 2 })).toEqual(kills(2, 0))
    expect(await cycle(none)).toEqual(kills(2, 0))
    expect(await cycle({ ...none, oomKill: 1, innerOomKill: 4 })).toEqual(kills(3, 4))
  })

  test('has the host where it is known', async () => {
    const metrics = new MonitorMetrics()
    const line = Buffer.from(formatCycle({ containers: new Map(), summary: summary({ hostMemoryMb: 2 }) }))
    metrics.show({ line, nameOf: () => undefined }, new Map())
    expect(await metrics.metrics()).toContain('\nlxc_host_memory_bytes 2097152\n')
    expect(await shown()).not.toContain('\nlxc_host_memory_bytes ')
  })

  test('shows the monitor itself before the first cycle', async () => {
    const text = await new MonitorMetrics().metrics()
    expect(text).toContain('lxc_monitor_containers 0')
    expect(text).not.toContain('lxc_container_cpu_usage_cores{')
  })

  test('escapes a name that somebody made up', async () => {
    expect(await shown({}, 'a"b\\c\nd')).toContain('name="a\\"b\\\\c\\nd"')
  })

  test('gives a text that a parser of the format takes line by line', async () => {
    const text = await shown()
    const line = /^(#.*|[a-z_\d]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (-?\d+(\.\d+)?(e[+-]?\d+)?|\+Inf|NaN))?$/
    for (const each of text.split('\n')) expect(each).toMatch(line)
  })
})
