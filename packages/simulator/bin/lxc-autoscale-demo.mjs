#!/usr/bin/env node
import { demoCommand } from '../dist/demo/demo-command.js'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort())
// Whoever reads went away (`scripts/demo | head`): end as with Ctrl-C.
process.stdout.on('error', () => stop.abort())

process.exitCode = await demoCommand(process.argv.slice(2), {
  print: text => process.stdout.write(text),
  complain: text => process.stderr.write(text),
  signal: stop.signal,
  env: process.env,
})
