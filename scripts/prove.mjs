#!/usr/bin/env node
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

// npm run prove -- [OPTIONS]: random faults on the three built daemons on a pretend host, and what the promises say of it.
const root = join(import.meta.dirname, '..')
const folder = join(root, 'node_modules', '.cache', 'lxc-autoscale-prove')
const outfile = join(folder, 'prove.mjs')
mkdirSync(folder, { recursive: true })
await build({
  entryPoints: [join(root, 'test', 'prove', 'main.ts')],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  sourcemap: 'inline',
  logLevel: 'error',
})
const { main } = await import(pathToFileURL(outfile).href)
process.exit(await main(root, process.argv.slice(2)))
