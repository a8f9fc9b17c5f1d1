#!/usr/bin/env node
// Until the daemon heeds signals itself there is nothing to re-read and nothing to finish; loading it takes a while.
process.on('SIGHUP', () => undefined)
for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => process.exit(0))

const { main } = await import('../dist/main.js')
await main()
