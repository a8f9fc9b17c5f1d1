#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'

// The heap for new objects would grow to 32 MB in the first second and stay so large; this daemon must stay small. It has to
// be said before anything else is loaded.
setFlagsFromString('--semi-space-growth-factor=1')

// Until the daemon heeds signals itself there is nothing to re-read and nothing to finish; loading it takes a while.
for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => process.exit(0))
process.on('SIGHUP', () => undefined)

const { main } = await import('../dist/main.js')
await main()
