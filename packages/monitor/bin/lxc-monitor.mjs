#!/usr/bin/env node
// Until the daemon heeds signals itself there is nothing to re-read and nothing to finish; loading it takes a while.
for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => process.exit(0))
process.on('SIGHUP', () => undefined)

const { main } = await import('../dist/main.js')
await main()
