import { type ConfigRules, HostSection, LOG_LEVELS } from '@lxc-autoscale/core'
import { z } from 'zod'

const LoggingSection = z
  .strictObject({
    log_file: z
      .string()
      .default('/var/log/lxc_monitor.log')
      .describe('Log file; empty logs to the journal only. The keys of this section take effect at the next start.'),
    log_max_bytes: z.int().min(10_000).max(1_000_000_000).default(5_242_880).describe('Size at which it is rotated.'),
    log_backup_count: z.int().min(1).max(100).default(7).describe('Rotated files that are kept.'),
    log_level: z.enum(LOG_LEVELS).default('INFO').describe('Least important level that is logged.'),
  })
  .prefault({})

const MonitoringSection = z
  .strictObject({
    export_file: z
      .string()
      .min(1)
      .default('/var/log/lxc_metrics.json')
      .describe('The metrics file, which lxc_autoscale_ml reads.'),
    check_interval: z.number().min(1).max(3_600).default(10).describe('Seconds between two collection cycles.'),
    max_metrics_entries: z
      .int()
      .min(2)
      .max(100_000)
      .default(1_000)
      .describe('Cycles that are kept at most. At that number the oldest tenth is dropped.'),
    rolling_window: z
      .int()
      .min(1)
      .max(1_000)
      .default(60)
      .describe('Cycles over which min_cpu, max_cpu, min_memory and max_memory are taken.'),
    enable_swap: z.boolean().default(true).describe('Whether swap is measured.'),
    enable_network: z.boolean().default(true).describe('Whether network traffic is measured.'),
    enable_filesystem: z
      .boolean()
      .default(true)
      .describe(
        'Whether the root file systems are measured: of more than 200, each in every sixth cycle at the latest.',
      ),
    excluded_devices: z
      .array(z.string().min(1))
      .default(['loop', 'dm-'])
      .describe(
        'Block devices whose operations are not counted, by the beginning of their names. Stacked ones (dm-, loop) would count twice.',
      ),
    filesystem_timeout_seconds: z
      .number()
      .min(0.01)
      .max(10)
      .default(0.25)
      .describe('Time that a cycle waits for the root file systems; one that is late has no figures in that cycle.'),
    parallel_processing: z
      .boolean()
      .default(true)
      .describe('Whether more than one thread may ask file systems. With false one hung file system hides all others.'),
    max_workers: z
      .int()
      .min(1)
      .max(32)
      .default(4)
      .describe('Threads that may ask file systems; each hung file system holds one.'),
    command_timeout: z
      .number()
      .min(1)
      .max(300)
      .default(30)
      .describe('Seconds that `pct list` may take, which is used only where /etc/pve cannot be read.'),
    retry_limit: z.int().min(1).max(10).default(3).describe('How often a failed `pct list` is tried.'),
    retry_delay: z.number().min(0).max(60).default(2).describe('Seconds between two tries of `pct list`.'),
  })
  .prefault({})

const MetricsSection = z
  .strictObject({
    port: z
      .int()
      .min(0)
      .max(65_535)
      .default(9_105)
      .describe('Port on 127.0.0.1 that serves /metrics for Prometheus; 0 serves nothing.'),
  })
  .prefault({})

/** config/lxc_monitor.yaml */
export const MonitorConfig = z.strictObject({
  monitoring: MonitoringSection,
  logging: LoggingSection,
  metrics: MetricsSection,
  host: HostSection,
})
export type MonitorConfig = z.output<typeof MonitorConfig>

/** How lxc_monitor.yaml is read. */
export const MONITOR_RULES: ConfigRules<typeof MonitorConfig> = {
  schema: MonitorConfig,
  retiredKeys: { 'logging.log_format': 'the log file has one JSON object per line, the journal has text' },
}
