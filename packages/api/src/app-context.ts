import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { openHostFigures } from '@lxc-autoscale/host'
import { ChangeRunner } from './changes/change-runner.ts'
import type { ScaleParts } from './changes/scale-container.ts'
import { ShrinkWatch } from './changes/shrink-watch.ts'
import type { ApiConfig } from './config.ts'
import { Deciding } from './deciding.ts'
import { HealthChecks } from './health-checks.ts'
import { CgroupReader } from './host/cgroup.ts'
import { ClusterFiles } from './host/cluster-files.ts'
import { openUptime } from './host/container-uptime.ts'
import { LiveUpdates } from './overview/live-updates.ts'
import { Overview } from './overview/overview.ts'
import { PastReader } from './past/past-reader.ts'
import { setResources } from './pct/commands.ts'
import { ContainerReader } from './pct/container-reader.ts'
import { openConfigLock } from './rest/config-lock.ts'
import { ownNode } from './routes/node.ts'
import type { ApiPorts, RouteContext } from './routes/route-context.ts'

/** The parts of the application under one configuration. */
export function appContext(ports: ApiPorts, config: ApiConfig): Omit<RouteContext, 'listed'> {
  const { files, commands, clock, log, audit, telemetry, news, metrics, series, steering, signal } = ports
  const cgroups = new CgroupReader(ports, config.host)
  const cluster = new ClusterFiles(files, config.host.pve, clock)
  const uptime = openUptime({ files, clock, cgroups }, config.host.proc)
  const deciding = new Deciding({ clock, config })
  const containers = new ContainerReader({ files, cluster, cgroups, uptime, commands, clock, pve: config.host.pve })
  const onEnd = (entry: HistoryEntryBody) => {
    telemetry.change(entry)
    news.note(entry)
  }
  const runner = new ChangeRunner({ ...ports, containers, onEnd })
  const shrinks = new ShrinkWatch({ runner, log, signal })
  const scaling: ScaleParts = {
    containers,
    cgroups,
    setCommand: setResources,
    cluster,
    clock,
    readNode: openHostFigures(files, config.host.proc),
    safety: config.safety,
    isLocked: config.lxc.backend === 'rest' ? openConfigLock(files, config.host.proc) : undefined,
    onShrink: shrink => shrinks.begin(shrink, scaling),
  }
  const health = new HealthChecks({ clock, commands, cluster, metrics, audit, deciding, config })
  const node = () => ownNode({ config, cluster })
  const overview = new Overview({
    ...{ clock, config, containers, audit, deciding, health, metrics, series, steering, node },
    cluster: () => cluster.members()?.cluster,
  })
  return {
    ...ports,
    ...scaling,
    remote: containers,
    config,
    runner,
    shrinks,
    deciding,
    health,
    overview,
    live: new LiveUpdates({ clock, overview, audit, signal }),
    past: new PastReader({ files, commands, clock, signal, root: config.host.rrd, node }),
  }
}
