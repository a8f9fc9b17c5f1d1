import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * Bundles what is behind the pretend `pct`, `pvesh`, `pvecm` and `ha-manager` into one file: loading modules one by one would take
 * a third of the time of a call. CommonJS, since a module of Node.js is then loaded only where it is used.
 * usage: node scripts/lib/bundle-pretend-commands.mjs   after tsc -b
 */
await build({
  absWorkingDir: join(import.meta.dirname, '..', '..', 'packages', 'simulator'),
  entryPoints: ['dist/main.js'],
  outfile: 'dist/commands/main.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
})
