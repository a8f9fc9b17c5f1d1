import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { BytesIEC, RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units'
import { bars, curves, figure, hosts, label, newDashboard, words } from './panels.ts'

const OF = '{instance=~"$instance"}'

/** The three daemons themselves: do they work, and how fast? */
export function autoscalerDashboard(): DashboardBuilder {
  return newDashboard(
    'autoscaler',
    'the autoscaler itself',
    'Whether the three daemons work, what is in their way, and how long they take.',
  )
    .withVariable(hosts())
    .withPanel(
      figure('Deciding', `min(lxc_autoscale_deciding${OF})`, {
        mappings: words(['no', 'red'], ['yes', 'green']),
        thresholds: [
          [0, 'red'],
          [1, 'green'],
        ],
      }),
    )
    .withPanel(
      figure('Daemons that answer', `sum(up{instance=~"$instance",job=~"lxc_.*"})`, {
        description: 'Three for each host.',
        thresholds: [
          [0, 'red'],
          [3, 'green'],
        ],
      }),
    )
    .withPanel(
      figure('Age of the figures', `max(time() - lxc_monitor_last_success_timestamp_seconds${OF})`, {
        unit: Seconds,
        thresholds: [
          [60, 'orange'],
          [120, 'red'],
        ],
        decimals: 0,
      }),
    )
    .withPanel(
      figure('Last cycle of the model', `max(time() - lxc_autoscale_model_last_cycle_timestamp_seconds${OF})`, {
        unit: Seconds,
        thresholds: [
          [200, 'orange'],
          [600, 'red'],
        ],
        decimals: 0,
      }),
    )
    .withPanel(
      figure('Breaker', `max(lxc_autoscale_model_api_breaker_state${OF})`, {
        description: 'Open: the model has stopped calling the API, which keeps failing.',
        mappings: words(['closed', 'green'], ['half-open', 'orange'], ['open', 'red']),
        thresholds: [
          [1, 'orange'],
          [2, 'red'],
        ],
      }),
    )
    .withPanel(
      figure('Not saved', `max(lxc_autoscale_model_state_unsaved${OF})`, {
        description: 'What was learned cannot be saved: see the disk.',
        mappings: words(['no', 'green'], ['yes', 'red']),
        thresholds: [[1, 'red']],
      }),
    )
    .withPanel(
      figure(
        'API, p99',
        `histogram_quantile(0.99, sum by (le) (rate(lxc_autoscale_api_request_duration_seconds_bucket${OF}[5m])))`,
        {
          unit: Seconds,
          thresholds: [
            [1, 'orange'],
            [5, 'red'],
          ],
        },
      ),
    )
    .withPanel(label('Version', `lxc_autoscale_model_build_info${OF}`, '{{version}}'))
    .withPanel(
      curves('What keeps it from deciding', [[`lxc_autoscale_deciding_problem${OF} > 0 or vector(0)`, '{{code}}']], {
        description: 'lxc-autoscale doctor says of each what mends it.',
        max: 1,
      }),
    )
    .withPanel(
      bars('Cycles of the model, by how they ended', [
        [`sum by (outcome) (increase(lxc_autoscale_model_cycles_total${OF}[$__rate_interval]))`, '{{outcome}}'],
      ]),
    )
    .withPanel(
      bars('Decisions, by what settled them', [
        [
          `sum by (resource, direction, reason) (increase(lxc_autoscale_model_decisions_total{instance=~"$instance",reason!="none"}[$__rate_interval]))`,
          '{{resource}} {{direction}}: {{reason}}',
        ],
      ]),
    )
    .withPanel(
      bars('Changes that were sent, by what became of them', [
        [`sum by (outcome) (increase(lxc_autoscale_model_changes_total${OF}[$__rate_interval]))`, '{{outcome}}'],
      ]),
    )
    .withPanel(
      curves(
        'How long it takes, p99',
        [
          [p99('lxc_monitor_cycle_seconds'), 'cycle of the monitor'],
          [p99('lxc_autoscale_model_cycle_seconds'), 'cycle of the model'],
          [p99('lxc_autoscale_api_request_duration_seconds'), 'request to the API'],
          [p99('lxc_autoscale_api_pct_duration_seconds'), 'command of Proxmox'],
        ],
        { unit: Seconds },
      ),
    )
    .withPanel(
      curves(
        'Parts of the model’s cycle, seconds of each second',
        [[`sum by (stage) (rate(lxc_autoscale_model_stage_seconds_sum${OF}[$__rate_interval]))`, '{{stage}}']],
        { unit: Seconds },
      ),
    )
    .withPanel(
      curves(
        'Requests to the API',
        [[`sum by (status) (rate(lxc_autoscale_api_requests_total${OF}[$__rate_interval]))`, '{{status}}']],
        { unit: RequestsPerSecond },
      ),
    )
    .withPanel(
      bars('Requests that were refused, by reason', [
        [
          `sum by (reason) (increase(lxc_autoscale_api_refusals_total${OF}[$__rate_interval])) > 0 or vector(0)`,
          '{{reason}}',
        ],
      ]),
    )
    .withPanel(
      curves('Queue of the API', [
        [`sum(lxc_autoscale_api_queue_length${OF})`, 'waiting'],
        [`sum(lxc_autoscale_api_queue_running${OF})`, 'running'],
      ]),
    )
    .withPanel(
      bars('Figures and samples that cannot be used', [
        [
          `sum by (reason) (increase(lxc_monitor_collect_errors_total${OF}[$__rate_interval]))`,
          'figures of the monitor: {{reason}}',
        ],
        [
          `sum(increase(lxc_autoscale_model_implausible_samples_total${OF}[$__rate_interval]))`,
          'samples that cannot be true',
        ],
        [`sum(increase(lxc_autoscale_model_bad_lines_total${OF}[$__rate_interval]))`, 'lines that cannot be read'],
        [`sum(increase(lxc_monitor_lost_cycles_total${OF}[$__rate_interval]))`, 'cycles that could not be written'],
      ]),
    )
    .withPanel(
      curves('Isolation forests', [
        [`sum(lxc_autoscale_model_forests${OF})`, 'forests'],
        [`sum(lxc_autoscale_model_containers${OF})`, 'containers'],
      ]),
    )
    .withPanel(
      curves(
        'Sizes',
        [
          [`sum(lxc_autoscale_api_resident_memory_bytes${OF})`, 'memory of the API'],
          [`sum(lxc_autoscale_model_state_bytes${OF})`, 'what was learned, on disk'],
          [`sum(rate(lxc_monitor_written_bytes_total${OF}[$__rate_interval]))`, 'metrics file, written per second'],
        ],
        { unit: BytesIEC },
      ),
    )
}

function p99(histogram: string): string {
  return `histogram_quantile(0.99, sum by (le) (rate(${histogram}_bucket${OF}[$__rate_interval])))`
}
