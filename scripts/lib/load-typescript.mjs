import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'node_modules', '.cache', 'lxc-autoscale-scripts')

/** What a TypeScript file of the checkout exports; Node.js 20 does not run it as it is. */
export async function loadTypeScript(path) {
  const outfile = join(folder, `${basename(path, '.ts')}.mjs`)
  mkdirSync(folder, { recursive: true })
  await build({
    entryPoints: [join(root, path)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
    logLevel: 'error',
  })
  return import(pathToFileURL(outfile).href)
}
