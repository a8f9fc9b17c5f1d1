import { type ConfigError, configKeys, defaultYaml, parseConfig } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES, ModelConfig } from '@lxc-autoscale/model'
import { expect, test } from 'vitest'

const parse = (text: string) => parseConfig({ file: 'lxc_autoscale_ml.yaml', text }, MODEL_CONFIG_RULES)

function problemsOf(text: string): string {
  try {
    parse(text)
    return ''
  } catch (error) {
    return (error as ConfigError).message
  }
}

/** Every key that the Python predecessor's file could have, as its manual names them. */
const PREDECESSOR = `
log_file: /var/log/lxc_autoscale_ml.log
log_level: DEBUG
lock_file: /tmp/lxc_autoscale_ml.lock
data_file: /var/log/lxc_metrics.json
model: { contamination: 0.05, n_estimators: 100, max_samples: 64, random_state: 42 }
spike_detection: { spike_threshold: 2, rolling_window: 5 }
scaling:
  total_cores: 4
  total_ram_mb: 16384
  target_cpu_load_percent: 50
  max_cpu_cores: 4
  max_ram_mb: 8192
  min_cpu_cores: 2
  min_ram_mb: 1024
  cpu_scale_step: 1
  ram_scale_step_mb: 512
  cpu_scale_up_threshold: 75
  cpu_scale_down_threshold: 30
  ram_scale_up_threshold: 75
  ram_scale_down_threshold: 30
  ram_chunk_size: 50
  ram_upper_limit: 1024
  min_confidence: 50
  dry_run: false
api:
  api_url: http://127.0.0.1:5000
  cores_endpoint: /scale/cores
  ram_endpoint: /scale/ram
  timeout_seconds: 10
  api_key: secret-key
  max_concurrent: 10
retry_logic: { max_retries: 3, retry_delay: 2 }
circuit_breaker: { enabled: true, failure_threshold: 5, timeout_seconds: 300 }
interval_seconds: 600
max_metrics_age_seconds: 300
feature_engineering: { include_io_activity: true, include_network_activity: true }
prediction: { use_latest_only: false, include_rolling_features: true }
ignore_lxc: ["100", "999"]
`

test('an empty file gives the defaults', () => {
  const { config, warnings } = parse('')
  expect(warnings).toEqual([])
  expect(config).toMatchObject({
    interval_seconds: 60,
    data_file: '/var/log/lxc_metrics.json',
    lock_file: '/var/lock/lxc_autoscale_ml.lock',
    log_file: '/var/log/lxc_autoscale_ml.log',
    ignore_lxc: [],
    api: { api_url: 'http://127.0.0.1:5000', api_key_file: '/etc/lxc_autoscale_ml/api.key' },
    circuit_breaker: { enabled: true, failure_threshold: 5, timeout_seconds: 300 },
    state: { directory: '/var/lib/lxc_autoscale_ml/model' },
    metrics: { port: 9_106 },
    scaling: { dry_run: false },
  })
  expect(config.max_metrics_age_seconds).toBeUndefined()
  expect(config.api.api_key).toBeUndefined()
})

test('a file of the predecessor is taken as it is, with a word on each key that no longer does anything', () => {
  const { config, warnings } = parse(PREDECESSOR)
  expect(config).toMatchObject({
    interval_seconds: 600,
    max_metrics_age_seconds: 300,
    ignore_lxc: [100, 999],
    log_level: 'DEBUG',
    model: { contamination: 0.05, n_estimators: 100, max_samples: 64, random_state: 42 },
    scaling: { total_cores: 4, max_cpu_cores: 4, min_ram_mb: 1_024, min_confidence: 50 },
  })
  expect(warnings.map(text => /: (\S+) is not used/.exec(text)?.[1])).toEqual([
    'spike_detection.spike_threshold',
    'scaling.target_cpu_load_percent',
    'scaling.ram_chunk_size',
    'scaling.ram_upper_limit',
    'api.cores_endpoint',
    'api.ram_endpoint',
    'feature_engineering',
    'prediction',
  ])
})

test.each([
  ['intervall_seconds: 60', /1: intervall_seconds: unknown key; did you mean interval_seconds\?/],
  ['interval_seconds: 0', /interval_seconds/],
  ['ignore_lxc: [web]', /ignore_lxc\.0: must be the number of a container/],
  ['ignore_lxc: [99]', /ignore_lxc\.0/],
  ['api: { api_url: "ftp://host" }', /api\.api_url: must be an address such as/],
  ['api: { api_url: "127.0.0.1:5000" }', /api\.api_url/],
  ['metrics: { port: 70000 }', /metrics\.port/],
  ['scaling: { min_cpu_cores: 4, max_cpu_cores: 2 }', /min_cpu_cores: must not be above max_cpu_cores/],
  ['model: { n_estimators: 0 }', /model\.n_estimators/],
])('%s is refused with a message that names it', (text, message) => {
  expect(problemsOf(text)).toMatch(message)
})

test('all problems are told at once', () => {
  expect(problemsOf('interval_seconds: -1\nlog_level: LOUD\napi: { max_concurrent: 0 }').split('\n')).toHaveLength(3)
})

test('the default file says what every key means, and is the defaults', () => {
  const yaml = defaultYaml(ModelConfig, 'The model.')
  expect(parse(yaml).config).toEqual(parse('').config)
  const always = configKeys(ModelConfig).filter(key => !key.includes('<name>'))
  for (const key of always) expect(yaml).toMatch(new RegExp(`^ *(# )?${key.split('.').at(-1)}:`, 'm'))
})

test('the margin above what a container cannot give up has moved to the API, for tiers too, and a file that has it says so', () => {
  const { config, warnings } = parse(
    'scaling:\n  memory_margin_mb: 16\ntiers:\n  db: { ids: [105], memory_margin_percent: 10 }\n  web: { names: [web-*], weight: 2 }\n',
  )
  expect(warnings).toEqual([
    expect.stringMatching(
      /^lxc_autoscale_ml\.yaml:2: scaling\.memory_margin_mb is not used .*safety\.memory_margin_mb/,
    ),
    expect.stringMatching(/^lxc_autoscale_ml\.yaml:4: tiers\.db\.memory_margin_percent is not used/),
  ])
  expect(config.tiers).toMatchObject({ db: { ids: [105] }, web: { weight: 2 } })
})

test.each([
  [
    'scaling: {max_ram_mb: 2048}\ntiers: {web: {ids: [101], min_ram_mb: 4096}}',
    '2: tiers.web.min_ram_mb: 4096 is above scaling.max_ram_mb, 2048: at most 2048 is right here, or 4096 and more there',
  ],
  [
    'tiers: {web: {min_cpu_cores: 4, max_cpu_cores: 2}}',
    'tiers.web.min_cpu_cores: 4 is above tiers.web.max_cpu_cores, 2',
  ],
  [
    'scaling: {total_ram_mb: 8192}\ntiers: {web: {min_ram_mb: 9000}}',
    'tiers.web.min_ram_mb: 9000 is above scaling.total_ram_mb, 8192',
  ],
  [
    "scaling: {max_cpu_cores: 2}\nschedules: {night: {from: '01:00', to: '02:00', min_cpu_cores: 3}}",
    'schedules.night.min_cpu_cores: 3 is above scaling.max_cpu_cores, 2',
  ],
  [
    "tiers: {web: {tags: [web], max_ram_mb: 1024}}\nschedules: {night: {tags: [web], from: '01:00', to: '02:00', min_ram_mb: 2048}}",
    'schedules.night.min_ram_mb: 2048 is above tiers.web.max_ram_mb, 1024',
  ],
  ['scaling: {min_cpu_cores: 8, total_cores: 4}', 'scaling.min_cpu_cores: 8 is above scaling.total_cores, 4'],
])('a minimum that can never hold is refused with the maximum in force: %s', (text, problem) => {
  expect(problemsOf(text)).toContain(problem)
})

test.each([
  'scaling: {max_ram_mb: 2048}\ntiers: {web: {min_ram_mb: 4096, max_ram_mb: 8192}}',
  'tiers: {small: {max_ram_mb: 96}}',
  "scaling: {max_ram_mb: 2048}\ntiers: {web: {max_ram_mb: 8192}}\nschedules: {night: {names: ['w*'], from: '01:00', to: '02:00', min_ram_mb: 4096}}",
])('a minimum that may hold somewhere is taken: %s', text => {
  expect(problemsOf(text)).toBe('')
})
