import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ApiConfig } from '@lxc-autoscale/api'
import { configKeys, defaultYaml, ERROR_CODES, markdownReference, parseConfig } from '@lxc-autoscale/core'
import { ModelConfig } from '@lxc-autoscale/model'
import { MonitorConfig } from '@lxc-autoscale/monitor'
import { describe, expect, test } from 'vitest'
import { dashboards } from '../../scripts/grafana/dashboards.ts'

const reference = new URL('../../scripts/reference/command-reference.mjs', import.meta.url).pathname
const { commandReference }: { commandReference(): Promise<Readonly<Record<string, string>>> } = await import(reference)

const metricsReference = new URL('../../scripts/reference/metrics-reference.mjs', import.meta.url).pathname
const { withMetrics }: { withMetrics(page: string): Promise<string> } = await import(metricsReference)

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

describe.each([
  ['lxc_monitor.yaml', MonitorConfig],
  ['lxc_autoscale_ml.yaml', ModelConfig],
  ['lxc_autoscale_api.yaml', ApiConfig],
])('config/%s', (file, schema) => {
  const text = read(`config/${file}`)

  test('is what the schema generates', () => {
    const introduction = text.split('\n\n')[0]?.replaceAll(/^# ?/gm, '').replaceAll('\n', ' ') ?? ''
    expect(text).toBe(defaultYaml(schema, introduction))
  })

  test('reads back as the defaults', () => {
    expect(parseConfig({ file, text }, { schema }).config).toEqual(schema.parse({}))
  })

  test('stands in the reference, each key with an explanation', () => {
    const reference = markdownReference(schema)
    expect(read('config/README.md')).toContain(reference)
    const unexplained = configKeys(schema).filter(
      key => reference.includes(`| \`${key}\` |`) && /\| {1,2}\|$/m.test(rowOf(reference, key)),
    )
    expect(unexplained).toEqual([])
  })
})

function rowOf(reference: string, key: string): string {
  return reference.split('\n').find(row => row.startsWith(`| \`${key}\` |`)) ?? ''
}

test('README.md documents each error code and no other', () => {
  const documented = [...read('README.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)
  expect(documented.sort()).toEqual([...ERROR_CODES].sort())
})

test.each(Object.entries(await commandReference()))(
  'packages/cli/%s is what the commands generate',
  (file, content) => {
    expect(read(`packages/cli/${file}`)).toBe(content)
  },
)

test.each(Object.entries(dashboards()))('config/grafana/%s is what scripts/grafana generates', (file, content) => {
  expect(read(`config/grafana/${file}`)).toBe(content)
})

test('docs/monitoring.md documents each metric and no other', async () => {
  const page = read('docs/monitoring.md')
  expect(await withMetrics(page)).toBe(page)
})
