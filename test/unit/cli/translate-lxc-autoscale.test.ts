import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { migrateValues } from '../../../packages/cli/src/migrate-config.ts'
import { readOldFile } from '../../../packages/cli/src/old-file.ts'
import { translateLxcAutoscale } from '../../../packages/cli/src/translate-lxc-autoscale.ts'
import { caseText } from '../../builders/case-text.ts'

const old = `
DEFAULT:
  poll_interval: 300
  reserve_memory_mb: 2048
  cpu_upper_threshold: 80
  memory_lower_threshold: 20
  min_cores: 1
  max_cores: 6
  min_memory: 256
  gotify_token: hush-hush
  ignore_lxc: ["114"]
TIER_webservers: {lxc_containers: ["102", "105"], min_memory: 4096, max_memory: 8192, cpu_pinning: p-cores}
HORIZONTAL: {url: x, constructor: y}
`

function migrated(text: string) {
  const file = readOldFile('lxc_autoscale.yaml', text)
  const { values, lost } = translateLxcAutoscale(file.values)
  const { yaml, keys } = migrateValues(values, file, MODEL_CONFIG_RULES)
  return { config: parse(yaml) ?? {}, keys: [...keys, ...lost] }
}

test('DEFAULT becomes scaling, each tier a tier, and the ignored containers stay so', () => {
  expect(migrated(old).config).toEqual({
    scaling: {
      host_memory_reserve_mb: 2_048,
      cpu_scale_up_threshold: 80,
      ram_scale_down_threshold: 20,
      max_cpu_cores: 6,
      min_ram_mb: 256,
    },
    tiers: { webservers: { ids: [102, 105], min_ram_mb: 4_096, max_ram_mb: 8_192 } },
    ignore_lxc: ['114'],
  })
})

test('each key without a counterpart is named, with the reason', () => {
  const dropped = migrated(old).keys.flatMap(({ key, fate, note }) => (fate === 'dropped' ? [[key, note]] : []))
  expect(dropped).toEqual([
    ['DEFAULT.poll_interval', 'see monitoring.check_interval and interval_seconds'],
    ['DEFAULT.gotify_token', 'write it into the section notifications of lxc_autoscale_api.yaml'],
    ['TIER_webservers.cpu_pinning', 'which cores a container runs on is left to Proxmox'],
    ['HORIZONTAL.url', 'no counterpart'],
    ['HORIZONTAL.constructor', 'no counterpart'],
  ])
})

test('an empty file gives an empty one', () => {
  expect(migrated('')).toEqual({ config: {}, keys: [] })
})

test('a container of two tiers has the settings of the last one, as it had', () => {
  const { tiers } = migrated('TIER_a: {lxc_containers: [101, 102]}\nTIER_b: {lxc_containers: [102, 103]}').config
  expect(tiers).toEqual({ a: { ids: [101] }, b: { ids: [102, 103] } })
})

test.each([
  ['snippet', { tiers: { media: { ids: [301], max_ram_mb: 16_384, min_cpu_cores: 4 } }, ignore_lxc: ['104'] }],
  [
    'dup-lxc-autoscale',
    { scaling: { host_cpu_reserve_percent: 10, host_memory_reserve_mb: 2_048 }, ignore_lxc: ['104'] },
  ],
  ['floats', { scaling: { cpu_scale_up_threshold: 85, ram_scale_up_threshold: 80, host_memory_reserve_mb: 2_048 } }],
  ['ignscalar', { tiers: { a: { ids: [110] } }, ignore_lxc: [105] }],
  ['igntop', { ignore_lxc: [105, 106] }],
])('%s from the field is taken over whole', (name, config) => {
  const { config: taken, keys } = migrated(caseText(`migrate/${name}/lxc_autoscale.yaml`))
  expect(taken).toMatchObject(config)
  expect(keys.filter(({ fate }) => fate === 'refused' || fate === 'dropped')).toEqual([])
})

test.each([
  ['DEFAULT: {ignored_containers: [101]}', 'DEFAULT.ignored_containers'],
  ['TIER_a: [101]', 'TIER_a'],
])('%s is refused, not left out in passing', (text, key) => {
  expect(migrated(text).keys).toContainEqual(expect.objectContaining({ key, fate: 'refused' }))
})
