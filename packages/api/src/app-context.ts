import { openHostFigures } from '@lxc-autoscale/host'
import { ChangeRunner } from './changes/change-runner.ts'
import type { ApiConfig } from './config.ts'
import { HealthChecks } from './health-checks.ts'
import { CgroupReader } from './host/cgroup.ts'
import { ClusterFiles } from './host/cluster-files.ts'
import { openUptime } from './host/container-uptime.ts'
import { MonitorFile } from './host/monitor-file.ts'
import { Idempotency } from './http/idempotency.ts'
import { ContainerReader } from './pct/container-reader.ts'
import type { ApiPorts, RouteContext } from './routes/route-context.ts'

/** The parts of the application under one configuration. */
export function appContext(ports: ApiPorts, config: ApiConfig): Omit<RouteContext, 'listed'> {
  const { files, commands, clock, log, audit, answers, telemetry } = ports
  const cgroups = new CgroupReader(files, config.host)
  const cluster = new ClusterFiles(files, config.host.pve)
  const uptime = openUptime(files, config.host.proc, cgroups)
  const monitorFile = new MonitorFile(config.health.metrics_file)
  const containers = new ContainerReader({ files, cluster, cgroups, uptime, commands, clock, pve: config.host.pve })
  return {
    ...ports,
    config,
    cgroups,
    cluster,
    monitorFile,
    containers,
    runner: new ChangeRunner({ ...ports, containers, onEnd: entry => telemetry.change(entry) }),
    health: new HealthChecks({ clock, commands, cluster, monitorFile, audit, config }),
    idempotency: new Idempotency(answers, log),
    readNode: openHostFigures(files, config.host.proc),
    safety: config.safety,
  }
}
