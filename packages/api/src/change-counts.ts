import { CHANGE_DIRECTIONS, type HistoryEntryBody, labels, type MetricFamily } from '@lxc-autoscale/core'
import { directionOf, RESOURCES, type Resource } from './changes/direction.ts'

const NOT_MADE = ['refused', 'failed', 'unknown'] as const

/** What became of the changes of the sizes of containers since the start. */
export class ChangeCounts {
  /** Labels of a series -> its value; what is not there is 0. */
  readonly #made = new Map<string, number>()
  readonly #notMade = new Map<string, number>()

  add({ action, lxc_id: vmid, asked, before, after, outcome, error }: HistoryEntryBody): void {
    if (action !== 'scale' || error === 'CONTAINER_NOT_FOUND') return
    for (const resource of resourcesOf(asked)) {
      const direction = directionOf(resource, { before, after })
      if (outcome === 'applied' && direction !== undefined) increment(this.#made, labels({ vmid, resource, direction }))
      if (isNotMade(outcome)) increment(this.#notMade, labels({ vmid, resource, outcome }))
    }
  }

  /** The counters of these containers, and of no others: what somebody made up leaves no series behind. */
  metrics(vmids: readonly number[]): MetricFamily[] {
    const made = vmids.flatMap(vmid =>
      RESOURCES.flatMap(resource => CHANGE_DIRECTIONS.map(direction => labels({ vmid, resource, direction }))),
    )
    const notMade = vmids.flatMap(vmid =>
      RESOURCES.flatMap(resource => NOT_MADE.map(outcome => labels({ vmid, resource, outcome }))),
    )
    return [
      {
        name: 'lxc_autoscale_changes_total',
        type: 'counter',
        help: 'Changes of the cores (cpu) and of the memory of a container that were made, by whoever asked for them.',
        series: made.map(of => [of, this.#made.get(of) ?? 0]),
      },
      {
        name: 'lxc_autoscale_changes_not_made_total',
        type: 'counter',
        help: 'Changes of the size of a container that were asked for and not made, by what became of them.',
        series: notMade.map(of => [of, this.#notMade.get(of) ?? 0]),
      },
    ]
  }
}

function increment(counts: Map<string, number>, series: string): void {
  counts.set(series, (counts.get(series) ?? 0) + 1)
}

function isNotMade(outcome: HistoryEntryBody['outcome']): outcome is (typeof NOT_MADE)[number] {
  return (NOT_MADE as readonly string[]).includes(outcome)
}

function resourcesOf({ cores, cpulimit, memory }: HistoryEntryBody['asked']): Resource[] {
  return [
    ...(cores === undefined && cpulimit === undefined ? [] : (['cpu'] as const)),
    ...(memory === undefined ? [] : (['memory'] as const)),
  ]
}
