import {
  BYTES_PER_MB,
  type ContainerSample,
  type CycleSummary,
  labels,
  type MetricFamily,
  parseCycle,
} from '@lxc-autoscale/core'
import { bytes } from '../collectors/container-metric.ts'
import { COLLECTORS } from '../collectors/index.ts'
import type { EventTotals, MemoryEventTotals } from '../derive/memory-event-totals.ts'

/** The newest figures of the containers and of the host, for the exposition. */
export interface LatestCycle {
  /** The cycle as it stands in the metrics file. */
  readonly line: Uint8Array
  readonly nameOf: (vmid: number) => string | undefined
}

const METRICS = Object.values(COLLECTORS).flatMap(({ metrics }) => metrics)

/** The figures of all containers and of the host. */
export function containerMetrics({ line, nameOf }: LatestCycle, totals: MemoryEventTotals): MetricFamily[] {
  const { containers, summary } = parseCycle(Buffer.from(line).toString('latin1')) ?? NOTHING
  const samples = [...containers].map(([vmid, sample]) => ({ vmid, sample, of: labels({ vmid }) }))
  return [
    ...METRICS.map(({ name, type, help, value }) => ({
      name,
      type,
      help,
      series: samples.map(({ of, sample }) => [of, value(sample)] as const),
    })),
    ...EVENT_METRICS.map(({ own, nested, ...metric }) => ({
      ...metric,
      type: 'counter' as const,
      series: samples.flatMap(({ vmid, sample, of }) =>
        sample.memoryEvents === undefined
          ? []
          : ([
              [`${of},limit="own"`, totals.of(vmid)[own]],
              [`${of},limit="nested"`, totals.of(vmid)[nested]],
            ] as const),
      ),
    })),
    {
      name: 'lxc_container_info',
      type: 'gauge',
      help: 'Name of the container; always 1.',
      series: samples.map(({ vmid }) => [labels({ vmid, name: nameOf(vmid) ?? `CT${vmid}` }), 1]),
    },
    ...HOST_METRICS.map(({ value, ...metric }) => ({
      ...metric,
      type: 'gauge' as const,
      series: [['', summary && value(summary)] as const],
    })),
  ]
}

const NOTHING = { containers: new Map<number, ContainerSample>(), summary: undefined }

const EVENT_METRICS: readonly {
  readonly name: string
  readonly help: string
  readonly own: keyof EventTotals
  readonly nested: keyof EventTotals
}[] = [
  {
    name: 'lxc_container_oom_kills_total',
    help: 'Processes killed for lack of memory, by whose limit: that of the container (own), or one inside it (nested).',
    own: 'kills',
    nested: 'nestedKills',
  },
  {
    name: 'lxc_container_memory_limit_hits_total',
    help: 'How often a memory limit was met, by whose: that of the container (own), or one inside it (nested).',
    own: 'limitHits',
    nested: 'nestedLimitHits',
  },
]

const HOST_METRICS: readonly {
  readonly name: string
  readonly help: string
  readonly value: (summary: CycleSummary) => number | undefined
}[] = [
  { name: 'lxc_host_cpu_cores', help: 'CPU cores of the host.', value: ({ hostCores }) => hostCores },
  {
    name: 'lxc_host_memory_bytes',
    help: 'Memory of the host.',
    value: ({ hostMemoryMb }) => bytes(hostMemoryMb, BYTES_PER_MB),
  },
  {
    name: 'lxc_host_memory_available_bytes',
    help: 'Memory of the host that can be had without swapping.',
    value: ({ hostMemoryAvailableMb }) => bytes(hostMemoryAvailableMb, BYTES_PER_MB),
  },
  { name: 'lxc_host_load1', help: 'Load of the host over a minute.', value: ({ hostLoad1 }) => hostLoad1 },
]
