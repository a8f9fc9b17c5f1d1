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

const tiered = {
  schema: z.strictObject({
    ignore_lxc: z.array(z.int().min(100)).default([]),
    log_level: z.enum(['DEBUG', 'INFO']).default('INFO'),
    loud: z.boolean().default(false),
    mode: z.enum(['auto', 'off']).default('auto'),
    share: z.number().min(0).max(100).default(50),
    lxc: z.strictObject({ node: z.string().optional() }).prefault({}),
    tiers: z
      .record(
        z.string().regex(/^[a-z0-9_][a-z0-9_.+-]*$/, 'must be in lower case'),
        z.strictObject({ ids: z.array(z.int()).default([]), max_ram_mb: z.int().min(64).optional() }),
      )
      .default({}),
  }),
  retiredKeys: { feature_engineering: 'all features are used', 'tiers.*.margin': 'moved' },
}
const migrated = (text: string) => migrateConfig('old.yaml', text, tiered)
const fateOf = (text: string, key: string) => migrated(text).keys.find(fate => fate.key === key)
const configOf = (text: string) => parseConfig({ file: 'new.yaml', text: migrated(text).yaml }, tiered).config

test.each([
  ['share: "80"', { share: 80 }, 'share', 'was in quotes'],
  ['share: 85%', { share: 85 }, 'share', 'percent sign'],
  ['log_level: debug', { log_level: 'DEBUG' }, 'log_level', 'was debug'],
  ['mode: off', { mode: 'off' }, 'mode', '"off"'],
  ['loud: On', { loud: true }, 'loud', 'true'],
  ['loud: "yes"', { loud: true }, 'loud', 'was "yes"'],
  ['share: 0_1:0', { share: 0 }, 'share', 'refused'],
  ['share: 1:30', { share: 90 }, 'share', '90'],
  ['lxc: {node: 101}', { lxc: { node: '101' } }, 'lxc.node', 'as text'],
  ['share: 1\nshare: 2', { share: 2 }, 'share', 'line 2 counts, line 1 does not'],
  ['a: &a {share: 7}\nlxc: {}\n<<: *a', { share: 7 }, 'share', '7'],
  ['ignore_lxc: 105', { ignore_lxc: [105] }, 'ignore_lxc', 'was no list'],
  ['ignore_lxc: "105, 106"', { ignore_lxc: [105, 106] }, 'ignore_lxc', 'was no list'],
  ['lxc: {ignore_lxc: [105]}', { ignore_lxc: [105] }, 'ignore_lxc', 'was lxc.ignore_lxc'],
  [
    'tiers: {Web Server: {max_ram_mb: "512"}}',
    { tiers: { web_server: { max_ram_mb: 512 } } },
    'tiers.web_server.max_ram_mb',
    'was tiers.Web Server',
  ],
  [
    'tiers: {A: {ids: 101}, a: {ids: 102}}',
    { tiers: { a: { ids: [101] }, a_2: { ids: [102] } } },
    'tiers.a_2.ids',
    'was tiers.a.ids',
  ],
  ['tiers: {a: {max_ram_mb: 8G}}', { tiers: { a: { max_ram_mb: 8_192 } } }, 'tiers.a.max_ram_mb', '8G'],
  ['lxc: {node: proxmox}', { lxc: { node: 'proxmox' } }, 'lxc.node', 'as the file was shipped'],
  ['ignore_lxc: [101, "102"]', { ignore_lxc: [101, 102] }, 'ignore_lxc', 'as the file was shipped'],
])('%s is taken as it was meant, and what was done is said', (text, config, key, note) => {
  if (note !== 'refused') expect(configOf(text)).toMatchObject(config)
  expect(JSON.stringify(fateOf(text, key))).toContain(note.replaceAll('"', '\\"'))
})

test.each([
  [
    'tiers: {a: {ids: [101], max_ram_mb: 5}, b: {ids: [102]}}',
    'tiers.a.max_ram_mb',
    { tiers: { a: { ids: [101] }, b: { ids: [102] } } },
  ],
  ['tiers: {a: 5, b: {ids: [102]}}', 'tiers.a', { tiers: { b: { ids: [102] } } }],
  ['ignore_lxc: [101, web, 103]', 'ignore_lxc', { ignore_lxc: [101, 103] }],
  ['ignore_lxc: {a: 1}\nshare: 7', 'ignore_lxc', { share: 7 }],
  ['share: lots\nloud: yes', 'share', { loud: true }],
])('%s: what is bad costs itself alone, and is named', (text, key, config) => {
  expect(migrated(text).keys).toContainEqual(expect.objectContaining({ key, fate: 'refused' }))
  expect(configOf(text)).toMatchObject(config)
})

test('a key within a retired section, or retired in every tier, has the advice of that', () => {
  expect(
    fateOf('feature_engineering: {include_io_activity: true}', 'feature_engineering.include_io_activity')?.note,
  ).toBe('all features are used')
  expect(fateOf('tiers: {A: {margin: 3}}', 'tiers.a.margin')?.note).toBe('moved; was tiers.A.margin')
})

test('a section that stands twice is said: the whole of the first one does not count', () => {
  expect(migrated('lxc: {node: a}\nlxc: {node: b}').keys).toEqual([
    { key: 'lxc.node', fate: 'kept', note: '"b"' },
    { key: 'lxc', fate: 'dropped', note: 'stands twice: line 2 counts, line 1 does not' },
  ])
})

test('a secret is kept, and not shown', () => {
  const schema = z.strictObject({ api_key: z.string().optional() })
  const { yaml, keys } = migrateConfig('old.yaml', 'api_key: hush-hush', { schema })
  expect(yaml).toContain('hush-hush')
  expect(JSON.stringify(keys)).not.toContain('hush-hush')
})

test('what only Python can make is refused with its line', () => {
  expect(() => migrated('share: 1\nloud: !!python/name:os.system x')).toThrow(
    /old\.yaml:2: loud: the tag !!python\/name:os\.system/,
  )
})
