import type { Clock, Logger } from '@lxc-autoscale/core'
import type { HostFiles } from '@lxc-autoscale/host'
import type { AuditLog } from '../audit/audit-log.ts'
import type { ChangeRunner } from '../changes/change-runner.ts'
import type { ScaleParts } from '../changes/scale-container.ts'
import type { ApiConfig } from '../config.ts'
import type { DaemonStates } from '../daemon-states.ts'
import type { HealthChecks } from '../health-checks.ts'
import type { MonitorFile } from '../host/monitor-file.ts'
import type { Idempotency } from '../http/idempotency.ts'
import type { ListedRoute } from '../http/listed-routes.ts'
import type { ContainerQueue } from '../pct/container-queue.ts'
import type { HostCommands } from '../ports.ts'
import type { ApiTelemetry } from '../telemetry.ts'

/** What the routes work with. */
export interface RouteContext extends ScaleParts {
  readonly config: ApiConfig
  readonly clock: Clock
  readonly log: Logger
  readonly files: HostFiles
  readonly commands: HostCommands
  readonly queue: ContainerQueue
  readonly runner: ChangeRunner
  readonly audit: AuditLog
  readonly idempotency: Idempotency
  readonly telemetry: ApiTelemetry
  readonly monitorFile: MonitorFile
  readonly health: HealthChecks
  readonly daemons: DaemonStates
  /** What the router serves, by path; filled as the routes are registered. */
  readonly listed: ReadonlyMap<string, ListedRoute>
}
