import type { Clock, Logger } from '@lxc-autoscale/core'
import { type HostFiles, openHostFigures } from '@lxc-autoscale/host'
import type { AuditLog } from './audit/audit-log.ts'
import type { IdempotencyStore } from './audit/idempotency-store.ts'
import { ChangeRunner } from './changes/change-runner.ts'
import type { ApiConfig } from './config.ts'
import { DaemonStates } from './daemon-states.ts'
import { HealthChecks } from './health-checks.ts'
import { CgroupReader } from './host/cgroup.ts'
import { ClusterFiles } from './host/cluster-files.ts'
import { ContainerUptime } from './host/container-uptime.ts'
import { MonitorFile } from './host/monitor-file.ts'
import { Idempotency } from './http/idempotency.ts'
import type { KeyRing } from './http/key-ring.ts'
import type { ContainerQueue } from './pct/container-queue.ts'
import { ContainerReader } from './pct/container-reader.ts'
import type { HostCommands } from './ports.ts'
import type { RouteContext } from './routes/route-context.ts'
import type { ApiTelemetry } from './telemetry.ts'

/** What the application needs from outside. These live as long as the daemon; the rest is made anew with each configuration. */
export interface ApiPorts {
  readonly clock: Clock
  readonly log: Logger
  readonly commands: HostCommands
  readonly files: HostFiles
  readonly queue: ContainerQueue
  readonly audit: AuditLog
  readonly answers: IdempotencyStore
  readonly telemetry: ApiTelemetry
  readonly keys: KeyRing
}

/** The parts of the application under one configuration. */
export function appContext(ports: ApiPorts, config: ApiConfig): Omit<RouteContext, 'listed'> {
  const { files, commands, clock, log, queue, audit, answers, telemetry } = ports
  const cgroups = new CgroupReader(files, config.host)
  const cluster = new ClusterFiles(files, config.host.pve)
  const uptime = new ContainerUptime(files, config.host.proc, cgroups)
  const monitorFile = new MonitorFile(files, config.health.metrics_file)
  const containers = new ContainerReader({ files, cluster, cgroups, uptime, commands, clock, pve: config.host.pve })
  return {
    config,
    clock,
    log,
    files,
    commands,
    cgroups,
    cluster,
    queue,
    audit,
    telemetry,
    monitorFile,
    containers,
    runner: new ChangeRunner({
      queue,
      audit,
      containers,
      commands,
      clock,
      log,
      onEnd: entry => telemetry.change(entry),
    }),
    health: new HealthChecks({ clock, commands, cluster, monitorFile, audit, config }),
    daemons: new DaemonStates({ clock, files, monitorFile, config }),
    idempotency: new Idempotency(answers, log),
    readNode: openHostFigures(files, config.host.proc),
    safety: config.safety,
  }
}
