import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..', '..')

// Packages written for CommonJS call `require` for modules of Node.js; in an ES module it has to be made.
const BANNER = [
  "import { createRequire as createRequireForBundle } from 'node:module'",
  "import { writeFileSync as writeFileForBundle } from 'node:fs'",
  "import { basename as basenameForBundle, dirname as dirnameForBundle } from 'node:path'",
  "import { fileURLToPath as fileUrlToPathForBundle } from 'node:url'",
  'const require = createRequireForBundle(import.meta.url)',
  'const __filename = fileUrlToPathForBundle(import.meta.url)',
  'const __dirname = dirnameForBundle(__filename)',
  // Node.js 24 calls its main thread MainThread; ps, top and the messages of the kernel are to show the name of the unit.
  "try { writeFileForBundle('/proc/self/comm', basenameForBundle(process.argv0)) } catch {}",
].join('\n')

const OPTIONS = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  banner: { js: BANNER },
  minify: true,
  keepNames: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
}

// zod brings its messages in fifty languages, a quarter of a bundle; the daemons speak English.
const englishOnly = {
  name: 'english-only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ path, resolveDir }) =>
      resolveDir.includes('/zod/') ? { path: join(resolveDir, path), namespace: 'english-only' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'english-only' }, ({ path }) => ({
      contents: "export { default as en } from './en.js'",
      resolveDir: dirname(path),
    }))
  },
}

/** Where the files of the dashboard are follows from where a file of the checkout is; a bundle is told. */
function dashboardAt(directory) {
  return {
    name: 'dashboard-at',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^@lxc-autoscale\/dashboard$/ }, ({ path }) => ({ path, namespace: 'dashboard-at' }))
      onLoad({ filter: /.*/, namespace: 'dashboard-at' }, () => ({
        contents: `export const dashboardDirectory = ${JSON.stringify(directory)}`,
      }))
    },
  }
}

/**
 * What most installations never load is a file of its own beside the programs: in one of them it would be in memory all the same,
 * and with its letters outside of Latin-1 make the text of the whole program take twice the room.
 */
function apart(name, folder, packages) {
  const file = `lxc-autoscale-${name}.mjs`
  return {
    name: 'apart',
    setup({ onResolve }) {
      onResolve({ filter: new RegExp(`^${name}$`) }, async ({ resolveDir }) => {
        const stdin = { contents: `export { default } from '${name}'`, resolveDir }
        const { metafile } = await build({ ...OPTIONS, stdin, outfile: join(folder, file) })
        chmodSync(join(folder, file), 0o644)
        for (const found of packagesOf(metafile)) packages.add(found)
        return { path: `./${file}`, external: true }
      })
    },
  }
}

/**
 * Bundles the built program at `entry` with all that it imports into the one file `outfile`; the files of the dashboard are in
 * the folder `dashboard` where it runs.
 * @returns the folders of the npm packages that went in, as keys of the lock file.
 */
export async function bundleProgram({ entry, outfile, dashboard }) {
  const packages = new Set()
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [entry],
    outfile,
    plugins: [englishOnly, dashboardAt(dashboard), apart('undici', dirname(outfile), packages)],
  })
  // The line for starting it in the checkout; here a wrapper does that.
  writeFileSync(outfile, readFileSync(outfile, 'utf8').replace(/^#!.*\n/, ''))
  return new Set([...packages, ...packagesOf(metafile)])
}

function packagesOf({ inputs }) {
  return new Set(
    Object.keys(inputs)
      .map(packageOf)
      .filter(name => name !== undefined),
  )
}

/** `node_modules/@a/b/lib/c.js` -> `node_modules/@a/b`; undefined for a file of ours. */
function packageOf(input) {
  const start = input.lastIndexOf('node_modules/')
  if (start === -1 || input.startsWith(`${englishOnly.name}:`)) return undefined
  const [first = '', second = ''] = input.slice(start + 'node_modules/'.length).split('/')
  const name = first.startsWith('@') ? `${first}/${second}` : first
  return `${input.slice(0, start)}node_modules/${name}`
}
