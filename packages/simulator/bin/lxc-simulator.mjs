#!/usr/bin/env node
import { runCommandLine } from '../dist/command-line.js'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort())

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: text => process.stdout.write(text),
  err: text => process.stderr.write(text),
  signal: stop.signal,
})
