#!/usr/bin/env -S node --max-semi-space-size=1 --heap-growing-percent=15 --v8-pool-size=1
// Of a configuration that is not read yet there is nothing to re-read; without this the signal would end the process.
process.on('SIGHUP', () => undefined)

const { main } = await import('../dist/main.js')
await main()
