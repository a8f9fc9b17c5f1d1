import { AnnotationQueryBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { BytesIEC, BytesPerSecondIEC, DateTimeFromNow, PercentUnit } from '@grafana/grafana-foundation-sdk/units'
import { choice, curves, DATASOURCE, figure, hosts, label, newDashboard, words } from './panels.ts'

const OF = '{instance=~"$instance",vmid=~"$vmid"}'

/** One container: what it uses, has, would have, and why it has not. */
export function containerDashboard(): DashboardBuilder {
  return newDashboard(
    'container',
    'one container',
    'What one container uses, is given and wants, each change of it, and the rule that holds it.',
  )
    .withVariable(hosts())
    .withVariable(choice('vmid', 'Container', 'label_values(lxc_container_info{instance=~"$instance"}, vmid)'))
    .annotation(
      annotation('Changes', `changes(lxc_autoscale_changes_total${OF}[1m]) > 0`, 'blue', '{{resource}} {{direction}}'),
    )
    .annotation(annotation('Kills', `changes(lxc_container_oom_kills_total${OF}[1m]) > 0`, 'red', 'killed ({{limit}})'))
    .withPanel(label('Name', `lxc_container_info${OF}`, '{{name}}'))
    .withPanel(label('Mode', `lxc_autoscale_container_mode${OF}`, '{{mode}}'))
    .withPanel(
      figure('At its maximum', `max(lxc_autoscale_container_at_maximum${OF})`, {
        mappings: words(['no', 'green'], ['yes', 'orange']),
        thresholds: [[1, 'orange']],
      }),
    )
    .withPanel(
      figure('Learning', `max(lxc_autoscale_container_learning${OF})`, {
        description: 'Not watched long enough yet to be given less.',
        mappings: words(['no', 'green'], ['yes', 'blue']),
        thresholds: [[1, 'blue']],
      }),
    )
    .withPanel(
      figure('Abnormal', `max(lxc_autoscale_container_abnormal${OF})`, {
        mappings: words(['no', 'green'], ['yes', 'orange']),
        thresholds: [[1, 'orange']],
      }),
    )
    .withPanel(
      figure('Left alone until', `max(lxc_autoscale_container_paused_until_timestamp_seconds${OF}) * 1000`, {
        unit: DateTimeFromNow,
        description: 'By lxc-autoscale ignore; nothing when nobody wants it.',
      }),
    )
    .withPanel(
      figure(
        'Killed',
        `sum(increase(lxc_container_oom_kills_total{instance=~"$instance",vmid=~"$vmid",limit="own"}[$__range]))`,
        {
          thresholds: [[1, 'red']],
          decimals: 0,
        },
      ),
    )
    .withPanel(
      figure('Memory saved', `sum(lxc_autoscale_container_saved_memory_bytes${OF})`, { unit: BytesIEC, decimals: 1 }),
    )
    .withPanel(
      curves(
        'CPU, cores',
        [
          [`lxc_container_cpu_usage_cores${OF}`, 'used'],
          [`lxc_container_cpu_limit_cores${OF}`, 'allowed'],
          [`lxc_autoscale_container_wanted_cpu_cores${OF}`, 'wanted'],
          [`lxc_autoscale_container_minimum_cpu_cores${OF}`, 'minimum'],
          [`lxc_autoscale_container_maximum_cpu_cores${OF}`, 'maximum'],
        ],
        { height: 10 },
      ),
    )
    .withPanel(
      curves(
        'Memory',
        [
          [`lxc_container_memory_usage_bytes${OF}`, 'used'],
          [`lxc_container_memory_floor_bytes${OF}`, 'cannot be given up'],
          [`lxc_container_memory_limit_bytes${OF}`, 'limit'],
          [`lxc_autoscale_container_wanted_memory_bytes${OF}`, 'wanted'],
          [`lxc_autoscale_container_minimum_memory_bytes${OF}`, 'minimum'],
          [`lxc_autoscale_container_maximum_memory_bytes${OF}`, 'maximum'],
          [`lxc_container_swap_usage_bytes${OF}`, 'swap'],
        ],
        { unit: BytesIEC, height: 10 },
      ),
    )
    .withPanel(
      curves('Held by', [[`lxc_autoscale_container_held${OF}`, '{{resource}} {{direction}}: {{rule}}']], {
        description: 'The rule that keeps cores or memory from what is wanted.',
      }),
    )
    .withPanel(
      curves('How strange it is', [
        [`lxc_autoscale_container_anomaly_score${OF}`, 'score'],
        [`lxc_autoscale_container_alarm_score${OF}`, 'alarm from here on'],
      ]),
    )
    .withPanel(
      curves(
        'Waiting, share of the time',
        [
          [`lxc_container_cpu_throttled_ratio${OF}`, 'throttled'],
          [`lxc_container_pressure_cpu_some_ratio${OF}`, 'for CPU'],
          [`lxc_container_pressure_memory_some_ratio${OF}`, 'for memory'],
          [`lxc_container_pressure_io_some_ratio${OF}`, 'for IO'],
        ],
        { unit: PercentUnit },
      ),
    )
    .withPanel(
      curves('Memory limits met, and kills, per second', [
        [`rate(lxc_container_memory_limit_hits_total${OF}[$__rate_interval])`, 'met: {{limit}}'],
        [`rate(lxc_container_oom_kills_total${OF}[$__rate_interval])`, 'killed: {{limit}}'],
      ]),
    )
    .withPanel(
      curves(
        'Disk',
        [
          [`lxc_container_filesystem_usage_bytes${OF}`, 'used'],
          [`lxc_container_filesystem_size_bytes${OF}`, 'size'],
        ],
        { unit: BytesIEC },
      ),
    )
    .withPanel(
      curves(
        'Network',
        [
          [`rate(lxc_container_network_receive_bytes_total${OF}[$__rate_interval])`, 'received'],
          [`rate(lxc_container_network_transmit_bytes_total${OF}[$__rate_interval])`, 'sent'],
        ],
        { unit: BytesPerSecondIEC },
      ),
    )
}

function annotation(name: string, expr: string, color: string, title: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step('60s')
    .titleFormat(title)
}
