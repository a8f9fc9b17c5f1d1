#!/usr/bin/env node
// Writes config/*.yaml and config/README.md from the schemas of the three daemons; --check only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultYaml, markdownReference } from '@lxc-autoscale/core'

const folder = join(import.meta.dirname, '..', 'config')

const DAEMONS = [
  {
    file: 'lxc_monitor.yaml',
    module: '@lxc-autoscale/monitor',
    schema: 'MonitorConfig',
    what: 'lxc_monitor: how often what is measured, and where it is kept.',
  },
  {
    file: 'lxc_autoscale_ml.yaml',
    module: '@lxc-autoscale/model',
    schema: 'ModelConfig',
    what: 'lxc_autoscale_ml: how containers are sized, within which limits.',
  },
  {
    file: 'lxc_autoscale_api.yaml',
    module: '@lxc-autoscale/api',
    schema: 'ApiConfig',
    what: 'lxc_autoscale_api: who may change what, and how.',
  },
]

const NOTE =
  'Every key stands here with its default; a key may be left out. An unknown key is an error. After an edit: `systemctl reload` the unit.'

/** File name -> content, generated. */
export async function generateConfig() {
  const files = new Map()
  const sections = []
  for (const { file, module, schema, what } of DAEMONS) {
    const { [schema]: zodSchema } = await import(module)
    files.set(file, defaultYaml(zodSchema, `${what} ${NOTE}`))
    sections.push(`## ${file}\n\n${what}\n\n${markdownReference(zodSchema)}`)
  }
  files.set(
    'README.md',
    `# Configuration reference\n\nGenerated from the schemas by \`npm run generate\`. ${NOTE}\n\n${sections.join('\n\n')}\n`,
  )
  return files
}

if (process.argv[1] === import.meta.filename) {
  const isCheck = process.argv.includes('--check')
  for (const [name, content] of await generateConfig()) {
    const path = join(folder, name)
    if (!isCheck) writeFileSync(path, content)
    else if (readFileSync(path, 'utf8') !== content) {
      console.error(`config/${name} is not what the schemas give: run npm run generate`)
      process.exitCode = 1
    }
  }
}
