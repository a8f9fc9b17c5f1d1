#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'

// The heap for new objects would grow to 32 MB in the first second and stay so large; this daemon must stay small. It has to
// be said before anything else is loaded.
setFlagsFromString('--semi-space-growth-factor=1')

// Of a configuration that is not read yet there is nothing to re-read; without this the signal would end the process.
process.on('SIGHUP', () => undefined)

const { main } = await import('../dist/main.js')
await main()
