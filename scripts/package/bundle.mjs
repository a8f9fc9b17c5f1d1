import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..', '..')
const require = createRequire(import.meta.url)

// Packages written for CommonJS call `require` for modules of Node.js; in an ES module it has to be made.
const BANNER = [
  "import { createRequire as createRequireForBundle } from 'node:module'",
  "import { dirname as dirnameForBundle } from 'node:path'",
  "import { fileURLToPath as fileUrlToPathForBundle } from 'node:url'",
  'const require = createRequireForBundle(import.meta.url)',
  'const __filename = fileUrlToPathForBundle(import.meta.url)',
  'const __dirname = dirnameForBundle(__filename)',
].join('\n')

// Node.js 24 calls its main thread MainThread; ps, top and the messages of the kernel are to show the name of the unit.
const NAMED = "try { require('fs').writeFileSync('/proc/self/comm', require('path').basename(process.argv0)) } catch {}"

const OPTIONS = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  banner: { js: BANNER },
  splitting: true,
  // Names stay, so that a trace can be read: to shorten them and have each function told its own would take 3 MB and 20 ms.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // The form of it of which only what is used goes in.
  alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
  metafile: true,
  logLevel: 'warning',
}

// zod brings its messages in fifty languages, a quarter of a bundle; the daemons speak English.
const englishOnly = {
  name: 'english-only',
  setup({ onResolve, onLoad }) {
    // Its path has no folder of this machine in it: the names of the files that come out depend on it.
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ path, resolveDir }) =>
      resolveDir.includes('/zod/')
        ? { path: 'locales', namespace: 'english-only', pluginData: dirname(join(resolveDir, path)) }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'english-only' }, ({ pluginData: resolveDir }) => ({
      contents: "export { default as en } from './en.js'",
      resolveDir,
    }))
  },
}

/** Modules of Node.js that are large, and that libraries ask for without using them. */
const LARGE = /^(?:node:)?(?:child_process|crypto|dgram|http|http2|https|net|readline|tls|worker_threads|zlib)$/

/**
 * An `import` of a module of Node.js reads all that it exports, and some of it is made when it is read: with `node:http` comes the whole
 * of undici (45 ms, 14 MB), with `node:tls` every root certificate. What is required is read by name; a large one when it is first used.
 */
const requiredBuiltins = {
  name: 'required-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ path, kind, namespace }) =>
      isBuiltin(path) && namespace !== 'required-builtins' && (kind !== 'require-call' || LARGE.test(path))
        ? { path, namespace: 'required-builtins' }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'required-builtins' }, ({ path }) => ({
      contents: LARGE.test(path) ? usedLater(path) : `module.exports = require(${JSON.stringify(path)})`,
    }))
  },
}

/** A module with the names that this Node.js has in it, each read when it is used. */
function usedLater(path) {
  const names = JSON.stringify(Object.keys(require(path)))
  return [
    'let whole',
    `const get = name => (whole ??= require(${JSON.stringify(path)}))[name]`,
    `for (const name of ${names}) Object.defineProperty(exports, name, { enumerable: true, get: () => get(name) })`,
  ].join('\n')
}

/** A function whose tables take 20 ms to load is loaded by its first call: most texts do not need it. */
const whenCalled = {
  name: 'when-called',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:string-width|wrap-ansi)$/ }, ({ path, kind, resolveDir }) =>
      kind === 'import-statement' && resolveDir.includes('/packages/')
        ? { path, namespace: 'when-called', pluginData: { resolveDir } }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'when-called' }, ({ path, pluginData }) => ({
      contents: `export default (...words) => require('${path}').default(...words)`,
      ...pluginData,
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
 * Bundles the built program at `entry` with all that it imports into `outfile`, and what it may never load (what it imports when it is
 * needed) into files of the folder of the same name beside it, those of the packages `later` under their names; the files of the dashboard are in the folder `dashboard` where it runs.
 * @returns the folders of the npm packages that went in, as keys of the lock file.
 */
export async function bundleProgram({ entry, outfile, dashboard, later = [] }) {
  const name = basename(outfile, '.mjs')
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [{ in: entry, out: name }, ...later.map(each => ({ in: each, out: `${name}/${each}` }))],
    outdir: dirname(outfile),
    outExtension: { '.js': '.mjs' },
    chunkNames: `${name}/[hash]`,
    plugins: [requiredBuiltins, whenCalled, englishOnly, dashboardAt(dashboard)],
  })
  // The line for starting it in the checkout; here a wrapper does that.
  const code = readFileSync(outfile, 'utf8').replace(/^#!.*\n/, '')
  writeFileSync(outfile, code.replace(BANNER, `${BANNER}\n${NAMED}`))
  for (const file of Object.keys(metafile.outputs)) chmodSync(resolve(root, file), 0o644)
  return packagesOf(metafile)
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
