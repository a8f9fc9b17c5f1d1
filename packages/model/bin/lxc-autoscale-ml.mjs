#!/usr/bin/env node
// Of a configuration that is not read yet there is nothing to re-read; without this the signal would end the process.
process.on('SIGHUP', () => undefined)

const { main } = await import('../dist/main.js')
await main()
