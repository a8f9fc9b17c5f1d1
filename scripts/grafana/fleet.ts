import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { DashboardLinkBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { BytesIEC, PercentUnit } from '@grafana/grafana-foundation-sdk/units'
import { bars, curves, DATASOURCE, figure, hosts, newDashboard, tableQuery, thresholds, words } from './panels.ts'

const OF = '{instance=~"$instance"}'

/** What all containers of the hosts have, need and get. */
export function fleetDashboard(): DashboardBuilder {
  return newDashboard(
    'fleet',
    'fleet',
    'What the containers of a host have, use and get, and what is wrong with any of them.',
  )
    .withVariable(hosts())
    .withPanel(
      figure('Deciding', `min(lxc_autoscale_deciding${OF})`, {
        description: 'Whether containers are sized at all. Why not: the dashboard of the autoscaler.',
        mappings: words(['no', 'red'], ['yes', 'green']),
        thresholds: [
          [0, 'red'],
          [1, 'green'],
        ],
      }),
    )
    .withPanel(figure('Containers', `count(lxc_container_info${OF})`))
    .withPanel(
      figure(
        'At their maximum',
        `count(max by (instance, vmid) (lxc_autoscale_container_at_maximum${OF}) == 1) or vector(0)`,
        {
          description: 'Containers that would be given more if their maximum allowed it.',
          thresholds: [[1, 'orange']],
        },
      ),
    )
    .withPanel(
      figure('Killed', `sum(increase(lxc_container_oom_kills_total{instance=~"$instance",limit="own"}[$__range]))`, {
        description: 'Processes killed at the limit of a container, in the time shown.',
        thresholds: [[1, 'red']],
        decimals: 0,
      }),
    )
    .withPanel(
      figure('Abnormal', `sum(lxc_autoscale_container_abnormal${OF})`, {
        description: 'Containers that the isolation forest finds strange at this moment.',
        thresholds: [[1, 'orange']],
      }),
    )
    .withPanel(figure('Changes in an hour', `sum(increase(lxc_autoscale_changes_total${OF}[1h]))`, { decimals: 0 }))
    .withPanel(
      figure('Cores saved', `sum(lxc_autoscale_container_saved_cpu_cores${OF})`, {
        description: 'What containers had before the first change by the model, less what they have now.',
        decimals: 1,
      }),
    )
    .withPanel(
      figure('Memory saved', `sum(lxc_autoscale_container_saved_memory_bytes${OF})`, { unit: BytesIEC, decimals: 1 }),
    )
    .withPanel(containerTable())
    .withPanel(
      curves('CPU of the host, cores', [
        [`sum(lxc_container_cpu_usage_cores${OF})`, 'used by containers'],
        [`sum(lxc_autoscale_container_cpu_cores${OF})`, 'given to containers'],
        [`sum(lxc_host_cpu_cores${OF})`, 'there are'],
        [`sum(lxc_host_load1${OF})`, 'load'],
      ]),
    )
    .withPanel(
      curves(
        'Memory of the host',
        [
          [`sum(lxc_container_memory_usage_bytes${OF})`, 'used by containers'],
          [`sum(lxc_autoscale_container_memory_bytes${OF})`, 'given to containers'],
          [`sum(lxc_host_memory_bytes${OF})`, 'there is'],
          [`sum(lxc_host_memory_available_bytes${OF})`, 'available'],
        ],
        { unit: BytesIEC },
      ),
    )
    .withPanel(
      bars('Changes', [
        [
          `sum by (resource, direction) (increase(lxc_autoscale_changes_total${OF}[$__rate_interval]))`,
          '{{resource}} {{direction}}',
        ],
      ]),
    )
    .withPanel(
      bars('Changes that were not made, by reason', [
        [
          `sum by (reason) (increase(lxc_autoscale_change_refusals_total${OF}[$__rate_interval])) > 0 or vector(0)`,
          '{{reason}}',
        ],
      ]),
    )
    .withPanel(
      curves('Containers held, by rule', [
        [`count by (rule, direction) (lxc_autoscale_container_held${OF})`, '{{direction}}: {{rule}}'],
      ]),
    )
    .withPanel(
      bars('Processes killed', [
        [
          `sum by (vmid, limit) (increase(lxc_container_oom_kills_total${OF}[$__rate_interval])) > 0 or vector(0)`,
          '{{vmid}} {{limit}}',
        ],
      ]),
    )
}

/** Columns of the table: letter of the query, heading, expression, unit. */
const COLUMNS: readonly (readonly [letter: string, heading: string, expr: string, unit: string])[] = [
  ['A', 'Container', `lxc_container_info${OF}`, 'short'],
  ['B', 'Cores used', `lxc_container_cpu_usage_cores${OF}`, 'short'],
  ['C', 'Cores', `lxc_autoscale_container_cpu_cores${OF}`, 'short'],
  ['D', 'CPU', `lxc_container_cpu_usage_ratio${OF}`, PercentUnit],
  ['E', 'Memory used', `lxc_container_memory_usage_bytes${OF}`, BytesIEC],
  ['F', 'Memory', `lxc_autoscale_container_memory_bytes${OF}`, BytesIEC],
  ['G', 'Memory use', `lxc_container_memory_usage_bytes${OF} / lxc_container_memory_limit_bytes${OF}`, PercentUnit],
  ['H', 'Disk', `lxc_container_filesystem_usage_bytes${OF} / lxc_container_filesystem_size_bytes${OF}`, PercentUnit],
  ['I', 'At maximum', `max by (instance, vmid) (lxc_autoscale_container_at_maximum${OF})`, 'short'],
  [
    'J',
    'Killed in a day',
    `sum by (instance, vmid) (increase(lxc_container_oom_kills_total{instance=~"$instance",limit="own"}[1d]))`,
    'short',
  ],
  ['K', 'Score', `lxc_autoscale_container_anomaly_score${OF}`, 'short'],
  ['L', 'Learning', `lxc_autoscale_container_learning${OF}`, 'short'],
]
const GAUGES = ['CPU', 'Memory use', 'Disk']

function containerTable(): TableBuilder {
  const table = new TableBuilder()
    .title('Containers')
    .datasource(DATASOURCE)
    .targets(COLUMNS.map(([letter, , expr]) => tableQuery(letter, keyed(expr))))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true, 'Value #A': true },
        indexByName: { vmid: 0, name: 1, instance: 2 },
        renameByName: {
          ...Object.fromEntries(COLUMNS.map(([letter, heading]) => [`Value #${letter}`, heading])),
          name: 'Name',
          vmid: 'Container',
          instance: 'Host',
        },
      },
    })
    .filterable(true)
    .span(24)
    .height(12)
  for (const [, heading, , unit] of COLUMNS) table.overrideByName(heading, [{ id: 'unit', value: unit }])
  for (const heading of GAUGES) {
    const steps = thresholds([
      [0.8, 'orange'],
      [0.9, 'red'],
    ]).build()
    table.overrideByName(heading, [
      { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic' } },
      { id: 'max', value: 1 },
      { id: 'min', value: 0 },
      { id: 'thresholds', value: steps },
    ])
  }
  const link = new DashboardLinkBuilder('this container')
    .url(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts it in
      '/d/lxc-autoscale-container?var-datasource=${datasource}&var-instance=${__data.fields.Host}&var-vmid=${__value.raw}&${__url_time_range}',
    )
    .build()
  return table.overrideByName('Container', [{ id: 'links', value: [link] }])
}

/** Without the labels that differ from daemon to daemon, so that there is one row for each container. */
function keyed(expr: string): string {
  return `max by (instance, vmid${expr.startsWith('lxc_container_info') ? ', name' : ''}) (${expr})`
}
