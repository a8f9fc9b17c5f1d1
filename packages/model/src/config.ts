import { type ConfigRules, HostSection, LOG_LEVELS, parseVmid, stateDirectory, Vmid } from '@lxc-autoscale/core'
import { z } from 'zod'
import { AnomalySection, ForestSection } from './anomaly/anomaly-sections.ts'
import { limitConflicts } from './policy/limit-conflicts.ts'
import { ScalingSection, SchedulesSection, TiersSection } from './policy/settings.ts'

/** A container number, or a string that spells one, as the predecessor's files have it. */
const ListedVmid = z.union(
  [
    Vmid,
    z
      .string()
      .refine(text => parseVmid(text) !== undefined)
      .transform(Number),
  ],
  'must be the number of a container, from 100 on',
)

const isHttpUrl = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

const SpikeSection = z
  .strictObject({
    rolling_window: z.int().min(2).max(1_000).default(5).describe('Samples over which rolling features go.'),
  })
  .prefault({})

const ApiSection = z
  .strictObject({
    api_url: z
      .string()
      .refine(isHttpUrl, 'must be an address such as http://127.0.0.1:5000')
      .default('http://127.0.0.1:5000')
      .describe('Address of lxc_autoscale_api.'),
    api_key: z.string().min(1).optional().describe('Key to send; when left out it is taken from api_key_file.'),
    api_key_file: z
      .string()
      .default('/etc/lxc_autoscale_ml/api.key')
      .describe('File whose first plain key is sent. It need not exist; empty for none.'),
    timeout_seconds: z.number().min(0.1).max(600).default(30).describe('Time limit of one request.'),
    max_concurrent: z.int().min(1).max(100).default(10).describe('Requests at the same time at most.'),
  })
  .prefault({})

const RetrySection = z
  .strictObject({
    max_retries: z.int().min(0).max(10).default(3).describe('Further tries of a request that can be repeated.'),
    retry_delay: z
      .number()
      .min(0)
      .max(60)
      .default(2)
      .describe('Seconds before the first of them, with jitter; doubled before each later one, up to 30 s.'),
  })
  .prefault({})

const BreakerSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether calling what keeps failing is stopped for a while.'),
    failure_threshold: z.int().min(1).max(1_000).default(5).describe('Consecutive failures after which it is stopped.'),
    timeout_seconds: z
      .number()
      .min(1)
      .max(86_400)
      .default(300)
      .describe('Seconds after which one request may try whether it works again.'),
  })
  .prefault({})

const StateSection = z
  .strictObject({
    directory: stateDirectory('model').describe('Directory of what was learned and of model-status.json.'),
    save_interval_minutes: z
      .number()
      .min(0.01)
      .max(1_440)
      .default(10)
      .describe('How often what was learned is saved; it is saved at every stop as well.'),
  })
  .prefault({})

const MetricsSection = z
  .strictObject({
    port: z
      .int()
      .min(0)
      .max(65_535)
      .default(9_106)
      .describe('Port on 127.0.0.1 that serves /metrics for Prometheus; 0 serves nothing.'),
  })
  .prefault({})

const Sections = z.strictObject({
  interval_seconds: z.number().min(1).max(86_400).default(60).describe('Seconds between two decisions.'),
  scaling: ScalingSection.prefault({}),
  tiers: TiersSection.prefault({}),
  schedules: SchedulesSection.prefault({}),
  ignore_lxc: z.array(ListedVmid).default([]).describe('Containers that are left alone.'),
  max_metrics_age_seconds: z
    .number()
    .min(1)
    .max(86_400)
    .optional()
    .describe(
      'Age of the newest metrics above which nothing is decided; when left out three intervals of the monitor.',
    ),
  data_file: z
    .string()
    .min(1)
    .default('/var/log/lxc_metrics.json')
    .describe('The metrics file that lxc_monitor writes.'),
  model: ForestSection.prefault({}),
  anomaly_detection: AnomalySection.prefault({}),
  spike_detection: SpikeSection,
  api: ApiSection,
  retry_logic: RetrySection,
  circuit_breaker: BreakerSection,
  state: StateSection,
  metrics: MetricsSection,
  lock_file: z
    .string()
    .min(1)
    .default('/var/lock/lxc_autoscale_ml.lock')
    .describe('File that holds the number of the one process that may run.'),
  log_file: z.string().default('/var/log/lxc_autoscale_ml.log').describe('Log file; empty logs to the journal only.'),
  log_level: z.enum(LOG_LEVELS).default('INFO').describe('Least important level that is logged.'),
  log_max_bytes: z
    .int()
    .min(10_000)
    .max(1_000_000_000)
    .default(5_242_880)
    .describe('Size at which the log is rotated.'),
  log_backup_count: z.int().min(1).max(100).default(7).describe('Rotated logs that are kept.'),
  host: HostSection,
})

/** config/lxc_autoscale_ml.yaml */
export const ModelConfig = Sections.superRefine((config, context) => {
  for (const { path, message } of limitConflicts(config)) context.addIssue({ code: 'custom', path: [...path], message })
})
export type ModelConfig = z.output<typeof ModelConfig>

const ONE_ROUTE = 'cores and memory are set together by /scale/resources, by the API of the same package'
const MARGIN_MOVED = 'the API keeps the margin alone: safety.memory_margin_mb and _percent of lxc_autoscale_api.yaml'

/** How lxc_autoscale_ml.yaml is read. */
export const MODEL_CONFIG_RULES: ConfigRules<typeof ModelConfig> = {
  schema: ModelConfig,
  retiredKeys: {
    'scaling.target_cpu_load_percent': 'the policy learns the margin of each container',
    'scaling.ram_chunk_size': 'sizes go by what the container needs; ram_scale_step_mb is for the policy threshold',
    'scaling.ram_upper_limit': 'growth is limited by max_ram_mb and by the host',
    'scaling.memory_margin_mb': MARGIN_MOVED,
    'scaling.memory_margin_percent': MARGIN_MOVED,
    'tiers.*.memory_margin_mb': MARGIN_MOVED,
    'tiers.*.memory_margin_percent': MARGIN_MOVED,
    'api.cores_endpoint': ONE_ROUTE,
    'api.ram_endpoint': ONE_ROUTE,
    'spike_detection.spike_threshold':
      'the isolation forest judges; a comparison with the last samples alarmed every few hours, and saved no container',
    feature_engineering: 'all features are always used',
    prediction: 'the newest sample of every container is always judged, with rolling features',
  },
}
