import { parseConfig } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { migrateConfig } from '../../../packages/cli/src/migrate-config.ts'

const rules = {
  schema: z.strictObject({
    interval_seconds: z.number().min(1).default(60),
    ignore_lxc: z.array(z.int()).default([]),
    scaling: z
      .strictObject({ min_cpu_cores: z.int().min(1).default(1), max_cpu_cores: z.int().default(8) })
      .prefault({}),
  }),
  retiredKeys: { 'gunicorn.workers': 'there is no gunicorn' },
}
const old = `interval_seconds: 600
ignore_lxc: [101, 102]
scaling:
  min_cpu_cores: 0
  max_cpu_cores: 8
  made_up: 3
gunicorn:
  workers: 4
`

test('says of each key what became of it', () => {
  const fates = migrateConfig('old.yaml', old, rules).keys.map(({ key, fate }) => [key, fate])
  expect(fates).toEqual([
    ['interval_seconds', 'kept'],
    ['ignore_lxc', 'kept'],
    ['scaling.min_cpu_cores', 'refused'],
    ['scaling.max_cpu_cores', 'default'],
    ['scaling.made_up', 'dropped'],
    ['gunicorn.workers', 'dropped'],
  ])
})

test('gives a file that our schema accepts and that keeps what the administrator had set', () => {
  const { yaml } = migrateConfig('old.yaml', old, rules)
  expect(parseConfig({ file: 'new.yaml', text: yaml }, rules).config).toMatchObject({
    interval_seconds: 600,
    ignore_lxc: [101, 102],
  })
})

test('says why a value was refused', () => {
  const refused = migrateConfig('old.yaml', old, rules).keys.find(({ fate }) => fate === 'refused')
  expect(refused?.note).toContain('(got 0)')
})

test('refuses a text that is not a map', () => {
  expect(() => migrateConfig('old.yaml', '- 1', rules)).toThrow('old.yaml:1: must be a map of keys')
})

test('puts a value back to its default that clashes with another one', () => {
  const schema = z
    .strictObject({ host: z.string().default('127.0.0.1'), login: z.boolean().default(true) })
    .refine(({ host, login }) => login || host === '127.0.0.1', { path: ['login'], message: 'must be true' })
  const { yaml, keys } = migrateConfig('old.yaml', 'host: 0.0.0.0\nlogin: false\n', { schema })
  expect(yaml).toBe('host: 0.0.0.0\n')
  expect(keys.map(({ key, fate }) => [key, fate])).toEqual([
    ['host', 'kept'],
    ['login', 'refused'],
  ])
})
