import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { migrateConfig } from '../../../packages/cli/src/migrate-config.ts'
import { translateLxcAutoscale } from '../../../packages/cli/src/translate-lxc-autoscale.ts'

const old = {
  DEFAULT: {
    poll_interval: 300,
    reserve_memory_mb: 2_048,
    cpu_upper_threshold: 80,
    memory_lower_threshold: 20,
    min_cores: 1,
    max_cores: 4,
    min_memory: 256,
    ignore_lxc: ['104'],
  },
  TIER_webservers: { lxc_containers: ['102', '105'], min_memory: 4_096, cpu_pinning: 'p-cores' },
  GOTIFY: { url: 'http://example.org' },
}

test('DEFAULT becomes scaling, each tier a tier, and the ignored containers stay so', () => {
  expect(parse(translateLxcAutoscale(old).yaml)).toEqual({
    scaling: {
      host_memory_reserve_mb: 2_048,
      cpu_scale_up_threshold: 80,
      ram_scale_down_threshold: 20,
      min_cpu_cores: 1,
      max_cpu_cores: 4,
      min_ram_mb: 256,
    },
    tiers: { webservers: { ids: [102, 105], min_ram_mb: 4_096 } },
    ignore_lxc: ['104'],
  })
})

test('each key without a counterpart is named, with the reason', () => {
  expect(translateLxcAutoscale(old).lost).toEqual([
    { key: 'DEFAULT.poll_interval', why: 'see monitoring.check_interval and interval_seconds' },
    { key: 'TIER_webservers.cpu_pinning', why: 'which cores a container runs on is left to Proxmox' },
    { key: 'GOTIFY.url', why: 'no counterpart' },
  ])
})

test('every key that is translated is one of ours', () => {
  const { yaml } = translateLxcAutoscale(old)
  const fates = migrateConfig('lxc_autoscale.yaml', yaml, MODEL_CONFIG_RULES).keys.map(({ fate }) => fate)
  expect(fates).not.toContain('dropped')
  expect(fates).not.toContain('refused')
})

test('an empty file gives an empty one', () => {
  expect(parse(translateLxcAutoscale({}).yaml)).toEqual({})
})
