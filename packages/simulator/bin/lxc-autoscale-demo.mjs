#!/usr/bin/env node
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { demoCommand } from '../dist/demo/demo-command.js'

const program = path => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort())
// Whoever reads went away (`scripts/demo | head`): end as with Ctrl-C.
process.stdout.on('error', () => stop.abort())

process.exitCode = await demoCommand(process.argv.slice(2), {
  print: text => process.stdout.write(text),
  columns: () => process.stdout.columns,
  complain: text => process.stderr.write(text),
  signal: stop.signal,
  env: process.env,
  temporaryDirectory: tmpdir(),
  programs: {
    monitor: program('monitor/bin/lxc-monitor.mjs'),
    model: program('model/bin/lxc-autoscale-ml.mjs'),
    api: program('api/bin/lxc-autoscale-api.mjs'),
  },
})
