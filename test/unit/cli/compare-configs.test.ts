import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import { parseConfig } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { MONITOR_RULES } from '@lxc-autoscale/monitor'
import { expect, test } from 'vitest'
import { compareConfigs, type HostFacts, type KeyFileFacts } from '../../../packages/cli/src/compare-configs.ts'

const KEYS = '/etc/lxc_autoscale_ml/api.key'
const keyFile = (facts: Partial<KeyFileFacts>): KeyFileFacts => ({
  path: KEYS,
  isThere: true,
  mode: 0o100_640,
  isOfRoot: true,
  problem: undefined,
  ...facts,
})
const HOST: HostFacts = { cores: 32, memoryMb: 64_000, keyFiles: [keyFile({})] }

interface Texts {
  readonly monitor?: string
  readonly model?: string
  readonly api?: string
}

/** `daemon: key` of each mismatch of three files that are the defaults but for these texts. */
function mismatches({ monitor = '', model = '', api = '' }: Texts, host: Partial<HostFacts> = {}) {
  const configs = {
    monitor: parseConfig({ file: 'a', text: monitor }, MONITOR_RULES).config,
    model: parseConfig({ file: 'b', text: model }, MODEL_CONFIG_RULES).config,
    api: parseConfig({ file: 'c', text: api }, API_CONFIG_RULES).config,
  }
  return compareConfigs(configs, { ...HOST, ...host }).map(({ daemon, key }) => `${daemon}: ${key}`)
}

test('the defaults go together', () => {
  expect(mismatches({})).toEqual([])
})

test.each<[string, Texts, readonly string[]]>([
  ['another port', { api: 'server: {port: 5001}' }, ['model: api.api_url']],
  ['any port', { api: 'server: {port: 0}' }, ['model: api.api_url']],
  ['TLS that nobody speaks', { model: 'api: {api_url: "https://127.0.0.1:5000"}' }, ['model: api.api_url']],
  ['an address that is not listened on', { api: 'server: {host: 10.0.0.5}' }, ['model: api.api_url']],
  [
    'a path that the API does not have',
    { model: 'api: {api_url: "http://127.0.0.1:5000/api"}' },
    ['model: api.api_url'],
  ],
  [
    'a path of a proxy elsewhere',
    { model: 'api: {api_url: "https://pve.example.org/api"}', api: 'server: {host: 0.0.0.0}' },
    [],
  ],
  ['any address listened on', { api: 'server: {host: 0.0.0.0}' }, []],
  ['the same address', { api: 'server: {host: 10.0.0.5}', model: 'api: {api_url: "http://10.0.0.5:5000"}' }, []],
  ['another host called', { model: 'api: {api_url: "http://10.0.0.9:5000"}' }, ['model: api.api_url']],
  [
    'another metrics file',
    { monitor: 'monitoring: {export_file: /x/a.json}' },
    ['model: data_file', 'api: health.metrics_file'],
  ],
  ['a metrics file that nobody watches', { api: "health: {metrics_file: ''}" }, []],
  [
    'rare measurements',
    { monitor: 'monitoring: {check_interval: 300}', model: 'max_metrics_age_seconds: 10' },
    ['model: max_metrics_age_seconds', 'model: interval_seconds', 'api: health.max_metrics_age_seconds'],
  ],
  ['another lock', { model: 'lock_file: /x/a.lock' }, ['api: health.model_lock_file']],
  ['another state', { model: 'state: {directory: /x/a}' }, ['api: health.model_status_file']],
  [
    'one state for two',
    {
      model: 'state: {directory: /x/a}',
      api: 'state: {directory: /x/a}\nhealth: {model_status_file: /x/a/model-status.json}',
    },
    ['model: state.directory'],
  ],
  [
    'thresholds in the wrong order',
    { model: 'scaling: {cpu_scale_up_threshold: 20, cpu_scale_down_threshold: 80}' },
    ['model: scaling.cpu_scale_up_threshold'],
  ],
  [
    'thresholds in the wrong order in a tier',
    { model: 'tiers: {a: {ids: [101], ram_scale_down_threshold: 75}}' },
    ['model: tiers.a.ram_scale_up_threshold'],
  ],
  [
    'a container in two tiers',
    { model: 'tiers: {a: {ids: [101, 102]}, b: {ids: [103, 102]}}' },
    ['model: tiers.b.ids'],
  ],
  [
    'a tier below the general minimum',
    { model: 'tiers: {a: {ids: [101], max_ram_mb: 64}}' },
    ['model: tiers.a.max_ram_mb'],
  ],
  ['fewer cores than the host has', { model: 'scaling: {total_cores: 4}' }, ['model: scaling.total_cores']],
  ['the cores that the host has', { model: 'scaling: {total_cores: 32, total_ram_mb: 65536}' }, []],
  ['less memory than the host has', { model: 'scaling: {total_ram_mb: 16384}' }, ['model: scaling.total_ram_mb']],
  ['more memory than the host has', { model: 'scaling: {min_ram_mb: 128G}' }, ['model: scaling.min_ram_mb']],
  [
    'a size that the API refuses',
    { api: 'safety: {limits: {max_cores: 8, min_memory_mb: 256}}', model: 'scaling: {max_cpu_cores: 16}' },
    ['model: scaling.max_cpu_cores', 'model: scaling.min_ram_mb'],
  ],
  ['one port for two', { monitor: 'metrics: {port: 9106}' }, ['model: metrics.port']],
  ['no port for two', { monitor: 'metrics: {port: 0}', model: 'metrics: {port: 0}' }, []],
  ['one log for two', { model: 'log_file: /var/log/autoscaleapi.log' }, ['api: logging.log_file']],
  ['two hosts', { monitor: 'host: {proc: /x}', model: 'host: {proc: /x}' }, ['api: host.proc']],
  ['no key', { model: "api: {api_key_file: ''}" }, ['model: api.api_key_file', 'model: api.api_key_file']],
  ['two key files', { model: 'api: {api_key_file: /x/a.key}' }, ['model: api.api_key_file']],
])('%s', (_, texts, expected) => {
  expect(mismatches(texts)).toEqual(expected)
})

test.each<[string, readonly KeyFileFacts[], readonly string[]]>([
  ['that everybody reads', [keyFile({ mode: 0o100_644 })], ['model: api.api_key_file']],
  ['that only root reads', [keyFile({ mode: 0o100_600 })], ['model: api.api_key_file']],
  ['that its owner alone reads, who is not root', [keyFile({ mode: 0o100_600, isOfRoot: false })], []],
  [
    'that is not there',
    [keyFile({ isThere: false, mode: undefined, problem: 'is not there' })],
    ['model: api.api_key_file'],
  ],
  ['that cannot be read', [keyFile({ problem: 'cannot be read' })], ['model: api.api_key_file']],
])('a key file %s', (_, keyFiles, expected) => {
  expect(mismatches({}, { keyFiles })).toEqual(expected)
})

test.each<[string, Partial<KeyFileFacts>, readonly string[]]>([
  ['that is there', {}, []],
  ['that everybody reads', { mode: 0o100_644 }, ['api: notifications.targets.0.token_file']],
  ['that is not there', { problem: 'is not there' }, ['api: notifications.targets.0.token_file']],
])('a file with the token of a target %s', (_, facts, expected) => {
  const api = 'notifications: {targets: [{type: gotify, url: "http://gotify.lan", token_file: /x/token}]}'
  const keyFiles = [...HOST.keyFiles, keyFile({ path: '/x/token', ...facts })]
  expect(mismatches({ api }, { keyFiles })).toEqual(expected)
})

test('what is not known of the host is compared with nothing', () => {
  expect(
    mismatches({ model: 'scaling: {total_cores: 4, min_ram_mb: 900G}' }, { cores: undefined, memoryMb: undefined }),
  ).toEqual([])
})

test('a file that cannot be used leaves the others to be compared', () => {
  const model = parseConfig({ file: 'b', text: 'scaling: {total_cores: 4}' }, MODEL_CONFIG_RULES).config
  expect(compareConfigs({ monitor: undefined, model, api: undefined }, HOST).map(({ text }) => text)).toEqual([
    '4, but the host has 32 cores: leave it out, and the host is measured',
  ])
})
