import type { Clock, Logger } from '@lxc-autoscale/core'
import type { HostFiles } from '@lxc-autoscale/host'
import type { AuditLog } from '../audit/audit-log.ts'
import type { BoostKeeper } from '../changes/boost-keeper.ts'
import type { ChangeRunner } from '../changes/change-runner.ts'
import type { ScaleParts } from '../changes/scale-container.ts'
import type { ShrinkWatch } from '../changes/shrink-watch.ts'
import type { ApiConfig } from '../config.ts'
import type { Deciding } from '../deciding.ts'
import type { HealthChecks } from '../health-checks.ts'
import type { OpenCgroups } from '../host/cgroup.ts'
import type { MetricsFeed } from '../host/metrics-feed.ts'
import type { Connections } from '../http/connections.ts'
import type { EventStreams } from '../http/event-streams.ts'
import type { Idempotency } from '../http/idempotency.ts'
import type { KeyRing } from '../http/key-ring.ts'
import type { ListedRoute } from '../http/listed-routes.ts'
import type { NewsDesk } from '../news/news-desk.ts'
import type { LiveUpdates } from '../overview/live-updates.ts'
import type { Overview } from '../overview/overview.ts'
import type { PastReader } from '../past/past-reader.ts'
import type { ContainerQueue } from '../pct/container-queue.ts'
import type { ContainerReader } from '../pct/container-reader.ts'
import type { HostCommands } from '../ports.ts'
import type { WhatIfs } from '../replays/what-ifs.ts'
import type { SeriesStore } from '../series/series-store.ts'
import type { SteeringStore } from '../steering/steering-store.ts'
import type { ApiTelemetry } from '../telemetry.ts'

/** What the application needs from outside. These live as long as the daemon; the rest is made anew with each configuration. */
export interface ApiPorts {
  readonly clock: Clock
  readonly log: Logger
  readonly commands: HostCommands
  readonly files: HostFiles
  readonly openCgroups: OpenCgroups
  readonly queue: ContainerQueue
  readonly audit: AuditLog
  readonly idempotency: Idempotency
  readonly telemetry: ApiTelemetry
  readonly keys: KeyRing
  readonly connections: Connections
  readonly streams: EventStreams
  readonly news: NewsDesk
  /** Folder of the built dashboard. */
  readonly dashboard: string
  readonly whatIfs: WhatIfs
  readonly metrics: MetricsFeed
  readonly series: SeriesStore
  readonly steering: SteeringStore
  readonly boosts: BoostKeeper
  /** Aborted when the daemon is to stop. */
  readonly signal: AbortSignal
}

/** What the routes work with. */
export interface RouteContext extends ApiPorts, ScaleParts {
  readonly config: ApiConfig
  /** The containers of other nodes. */
  readonly remote: Pick<ContainerReader, 'readOn'>
  readonly runner: ChangeRunner
  readonly shrinks: ShrinkWatch
  readonly idempotency: Idempotency
  readonly deciding: Deciding
  readonly health: HealthChecks
  readonly overview: Overview
  readonly live: LiveUpdates
  readonly past: PastReader
  /** What the router serves, by path; filled as the routes are registered. */
  readonly listed: ReadonlyMap<string, ListedRoute>
}
