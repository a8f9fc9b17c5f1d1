#!/usr/bin/env node
import { join } from 'node:path'
import { loadTypeScript } from './lib/load-typescript.mjs'

// npm run prove -- [OPTIONS]: random faults on the three built daemons on a pretend host, and what the promises say of it.
const root = join(import.meta.dirname, '..')
const { main } = await loadTypeScript('test/prove/main.ts')
process.exit(await main(root, process.argv.slice(2)))
