import { autoscalerDashboard } from './autoscaler.ts'
import { containerDashboard } from './container.ts'
import { fleetDashboard } from './fleet.ts'

/** Name of the file -> the dashboard as Grafana imports it. */
export function dashboards(): Readonly<Record<string, string>> {
  const built = { fleet: fleetDashboard(), container: containerDashboard(), autoscaler: autoscalerDashboard() }
  return Object.fromEntries(
    Object.entries(built).map(([name, dashboard]) => [
      `${name}.json`,
      `${JSON.stringify(dashboard.build(), null, 2)}\n`,
    ]),
  )
}
