#!/usr/bin/env node
// Writes config/ with its dashboards, the error codes of README.md, the metrics of docs/monitoring.md, the manual page and the shell completions from the code; --check only compares.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ApiConfig } from '@lxc-autoscale/api'
import { defaultYaml, ERROR_CODES, errorVerdict, markdownReference } from '@lxc-autoscale/core'
import { ModelConfig } from '@lxc-autoscale/model'
import { MonitorConfig } from '@lxc-autoscale/monitor'
import { loadTypeScript } from './lib/load-typescript.mjs'
import { commandReference } from './reference/command-reference.mjs'
import { withMetrics } from './reference/metrics-reference.mjs'

const root = join(import.meta.dirname, '..')

const DAEMONS = [
  {
    file: 'lxc_monitor.yaml',
    schema: MonitorConfig,
    what: 'lxc_monitor: how often what is measured, and where it is kept.',
  },
  {
    file: 'lxc_autoscale_ml.yaml',
    schema: ModelConfig,
    what: 'lxc_autoscale_ml: how containers are sized, within which limits.',
  },
  {
    file: 'lxc_autoscale_api.yaml',
    schema: ApiConfig,
    what: 'lxc_autoscale_api: who may change what, and how.',
  },
]

const NOTE =
  'Every key stands here with its default; a key may be left out. An unknown key is an error. After an edit: `systemctl reload` the unit.'

/** What people set, of all the keys; the others are right as they are until somebody knows better. */
const SET_FIRST = [
  'ignore_lxc',
  'scaling.dry_run',
  'scaling.mode',
  'scaling.min_ram_mb',
  'scaling.max_ram_mb',
  'scaling.max_cpu_cores',
  'tiers',
  'schedules',
]

const WRITING = `Amounts of memory and storage (keys that end in \`_bytes\`, \`_kb\`, \`_mb\` or \`_gb\`) may have a unit: \`8G\`, \`512M\`, \`1.5G\`, in powers of 1024.
A plain number is in the unit that the key names. A text that begins with \`*\`, \`&\`, \`!\`, \`%\` or \`@\` must be in quotes: \`names: ['*-db']\`.
\`lxc-autoscale config check\` names every mistake with its line and what to write, and warns of what does not go together.`

/** File -> content, generated. */
async function generate() {
  const files = new Map()
  const sections = []
  for (const { file, schema, what } of DAEMONS) {
    files.set(`config/${file}`, defaultYaml(schema, `${what} ${NOTE}`))
    sections.push(`## ${file}\n\n${what}\n\n${markdownReference(schema)}`)
  }
  files.set(
    'config/README.md',
    [
      '# Configuration reference',
      `What people set, in lxc_autoscale_ml.yaml:\n\n${markdownReference(ModelConfig, SET_FIRST)}`,
      WRITING,
      `All keys: ${DAEMONS.map(({ file }) => `[${file}](#${file.replace('.', '')})`).join(' · ')}. Generated from the schemas by \`npm run generate\`. ${NOTE}`,
      ...sections,
    ]
      .join('\n\n')
      .concat('\n'),
  )
  for (const [name, content] of Object.entries(await commandReference())) files.set(`packages/cli/${name}`, content)
  const { dashboards } = await loadTypeScript('scripts/grafana/dashboards.ts')
  for (const [name, content] of Object.entries(dashboards())) files.set(`config/grafana/${name}`, content)
  files.set('docs/monitoring.md', await withMetrics(readFileSync(join(root, 'docs/monitoring.md'), 'utf8')))
  files.set('README.md', withErrorCodes(readFileSync(join(root, 'README.md'), 'utf8')))
  return files
}

/** The README with the table of error codes as the code has them. */
function withErrorCodes(readme) {
  const rows = ERROR_CODES.map(code => {
    const { status, leaves, retry, text } = errorVerdict(code)
    return `| \`${code}\` | ${status} | ${leaves} | ${retry} | ${text} |`
  })
  const table = ['| code | status | leaves the host | try again | meaning |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  )
  return readme.replace(/(### Error codes\n\n)(\|.*\n)+/, `$1${table}\n`)
}

const isCheck = process.argv.includes('--check')
for (const [name, content] of await generate()) {
  const path = join(root, name)
  if (!isCheck) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  } else if (readFileSync(path, 'utf8') !== content) {
    console.error(`${name} is not what the code gives: run npm run generate`)
    process.exitCode = 1
  }
}
