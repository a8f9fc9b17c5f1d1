import {
  type DecidingVerdict,
  givenCores,
  type HealthBody,
  type InstallSizeBody,
  type MetricsCycle,
  type ModelStatus,
  type OverviewHead,
  type OverviewRow,
  VERSION,
} from '@lxc-autoscale/core'
import { savedSizes } from '../audit/saved-sizes.ts'
import { allocationBody } from '../changes/wire-allocation.ts'
import type { DaemonState } from '../daemon-states.ts'
import type { ContainerFacts } from '../host/container-facts.ts'

/** What the head tells beside the rows. */
export interface HeadFacts {
  readonly node: string
  readonly cluster: string | undefined
  readonly isAuthenticated: boolean
  readonly cycle: MetricsCycle | undefined
  readonly status: ModelStatus | undefined
  readonly verdict: DecidingVerdict | undefined
  readonly daemons: readonly DaemonState[]
  readonly checks: HealthBody['checks']
  readonly reservedMemoryMb: number
  /** What containers had before the first change of the model, and before the first within 7 days. */
  readonly installSizes: readonly InstallSizeBody[]
  readonly weekSizes: readonly InstallSizeBody[]
  /** Those that the caller may see. */
  readonly containers: readonly ContainerFacts[]
  readonly rows: readonly OverviewRow[]
}

/** What is not about one container, but for the clock and the caller. */
export type SharedHead = Omit<OverviewHead, 'now' | 'caller'>

export function overviewHead(facts: HeadFacts): SharedHead {
  const { cycle, status, verdict, rows, containers, checks } = facts
  const host = cycle?.summary
  const running = rows.filter(row => row.status === 'running')
  const now = new Map(containers.map(({ vmid, configured }) => [vmid, allocationBody(configured)]))
  const freed = (before: readonly InstallSizeBody[]) => {
    const { cores, memoryMb } = savedSizes(before, now)
    return { cores: tidy(cores), memory_mb: tidy(memoryMb) }
  }
  return {
    version: VERSION,
    node: facts.node,
    cluster: facts.cluster ?? null,
    is_authenticated: facts.isAuthenticated,
    is_dry_run: status?.dry_run ?? null,
    interval_seconds: status?.metrics.interval_seconds ?? null,
    newest_sample: isoTime(host?.collectionEndMs),
    verdict: verdict ?? null,
    daemons: facts.daemons.map(daemon => ({ ...daemon })),
    failed_checks: Object.entries(checks).flatMap(([name, { ok, detail }]) => (ok ? [] : [{ name, detail }])),
    looked_after: running.filter(({ state }) => state !== 'paused').length,
    paused: running.filter(({ state }) => state === 'paused').length,
    containers: rows.length,
    cores: {
      total: host?.hostCores ?? null,
      given: sum(containers.filter(isRunning).map(({ configured }) => givenCores(allocationBody(configured)))),
      used: sum(running.map(({ cores_used: used }) => used)),
      available: null,
      reserved: null,
    },
    memory_mb: {
      total: rounded(host?.hostMemoryMb),
      given: sum(running.map(({ memory_given_mb: given }) => given)),
      used: sum(running.map(({ memory_used_mb: used }) => used)),
      available: rounded(host?.hostMemoryAvailableMb),
      reserved: facts.reservedMemoryMb,
    },
    freed_since_install: freed(facts.installSizes),
    freed_last_7_days: freed(facts.weekSizes),
  }
}

function isRunning({ status }: ContainerFacts): boolean {
  return status === 'running'
}

/** Of what is known; null when nothing is. */
function sum(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter(value => typeof value === 'number')
  return known.length === 0 && values.length > 0 ? null : tidy(known.reduce((total, value) => total + value, 0))
}

function tidy(value: number): number {
  return Number(value.toFixed(2))
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value)
}

function isoTime(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString()
}
