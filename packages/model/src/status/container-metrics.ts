import { type ContainerStatus, inBytes, labels, type MetricFamily, MS_PER_SECOND } from '@lxc-autoscale/core'

type Series = MetricFamily['series']

/** What Prometheus is told of the containers: as the last cycle left them. */
export function containerMetrics(containers: readonly ContainerStatus[]): MetricFamily[] {
  const family = (name: string, help: string, seriesOf: (container: ContainerStatus) => Series): MetricFamily => ({
    name: `lxc_autoscale_container_${name}`,
    type: 'gauge',
    help,
    series: containers.flatMap(container => [...seriesOf(container)]),
  })
  const value = (name: string, help: string, of: (container: ContainerStatus) => number | null | undefined) =>
    family(name, help, container => [[labels({ vmid: container.vmid }), of(container) ?? undefined]])
  return [
    value(
      'wanted_cpu_cores',
      'Cores that the policy asks for, before the safety rules.',
      c => c.decision?.wanted.cores,
    ),
    value('wanted_memory_bytes', 'Memory that the policy asks for, before the safety rules.', c =>
      inBytes(c.decision?.wanted.memory_mb),
    ),
    value('minimum_cpu_cores', 'The least cores in force.', c => c.decision?.limits.min_cores),
    value('maximum_cpu_cores', 'The most cores in force.', c => c.decision?.limits.max_cores),
    value('minimum_memory_bytes', 'The least memory in force.', c => inBytes(c.decision?.limits.min_memory_mb)),
    value('maximum_memory_bytes', 'The most memory in force.', c => inBytes(c.decision?.limits.max_memory_mb)),
    family(
      'at_maximum',
      'Whether more of a resource is asked for than its maximum allows: 1.',
      ({ vmid, decision }) => [
        [labels({ vmid, resource: 'cpu' }), flag(decision?.at_maximum.cores)],
        [labels({ vmid, resource: 'memory' }), flag(decision?.at_maximum.memory)],
      ],
    ),
    family(
      'held',
      'The rule by which a resource does not have the size that was asked for; always 1, nothing when none does.',
      held,
    ),
    family('mode', 'What is done with the decisions for it; always 1.', ({ vmid, mode }) => [
      [labels({ vmid, mode }), 1],
    ]),
    value('paused_until_timestamp_seconds', 'Until when a person wants it left alone, Unix time.', c =>
      c.paused_until === null ? undefined : untilSeconds(c.paused_until),
    ),
    value('learning', 'Whether it has not been watched long enough to be given less: 1.', c => flag(c.learning)),
    value('abnormal', 'Whether the isolation forest finds its newest sample strange: 1.', c =>
      c.verdict?.source === 'none' ? undefined : flag(c.verdict?.is_anomalous),
    ),
    value('anomaly_score', 'How strange the isolation forest finds its newest sample, 0-1.', c => c.verdict?.score),
    value('alarm_score', 'The score from which on a sample of it is called strange.', c => c.verdict?.threshold),
  ]
}

function held({ vmid, decision }: ContainerStatus): Series {
  if (decision === null) return []
  const { from, wanted, held_by: heldBy } = decision
  const series = (resource: string, rule: string | null, key: keyof typeof from) =>
    rule === null
      ? []
      : [[labels({ vmid, resource, direction: isLess(wanted[key], from[key]) ? 'down' : 'up', rule }), 1] as const]
  return [...series('cpu', heldBy.cores, 'cores'), ...series('memory', heldBy.memory, 'memory_mb')]
}

function isLess(wanted: number | null, given: number | null): boolean {
  return wanted !== null && given !== null && wanted < given
}

function flag(is: boolean | undefined): number | undefined {
  return is === undefined ? undefined : Number(is)
}

function untilSeconds(until: string): number {
  return until === 'forever' ? Number.POSITIVE_INFINITY : Date.parse(until) / MS_PER_SECOND
}
