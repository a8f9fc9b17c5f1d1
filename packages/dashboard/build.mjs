import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/**
 * Builds the dashboard into dist/: index.html, and assets whose names hold a hash of what is in them, each with .br and .gz
 * beside it; and preview.html, which has all in itself but what the command `lxc-autoscale preview` puts there. The same sources give the same bytes, and what is there already is left as it is.
 * usage: node packages/dashboard/build.mjs
 */
const source = join(import.meta.dirname, 'src')
const dist = join(import.meta.dirname, 'dist')
const assets = join(dist, 'assets')

const options = {
  absWorkingDir: import.meta.dirname,
  outdir: assets,
  bundle: true,
  format: 'esm',
  target: ['chrome123', 'firefox128', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  conditions: ['@lxc-autoscale/source'],
  minify: true,
  legalComments: 'none',
  write: false,
  logLevel: 'warning',
}
const { metafile, outputFiles } = await build({
  ...options,
  entryPoints: { main: join(source, 'main.tsx'), theme: join(source, 'theme.ts') },
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  splitting: true,
  metafile: true,
})
const image = readFileSync(join(source, 'icon.svg'))
const icon = `icon-${createHash('sha256').update(image).digest('hex').slice(0, 8)}.svg`
const files = new Map(outputFiles.map(({ path, contents }) => [`assets/${basename(path)}`, contents]))
files.set(`assets/${icon}`, image)
files.set('index.html', Buffer.from(page()))

mkdirSync(assets, { recursive: true })
for (const [name, bytes] of files) writeCompressed(join(dist, name), bytes)
for (const name of readdirSync(assets))
  if (!files.has(`assets/${name.replace(/\.(br|gz)$/, '')}`)) rmSync(join(assets, name))
writeFileSync(join(dist, 'preview.html'), await previewPage())

/** The one page: its scripts and styles by the names that they have now. */
function page() {
  const built = Object.entries(metafile.outputs)
  const ofEntry = name => built.find(([, { entryPoint }]) => entryPoint === `src/${name}`)
  const [main, { cssBundle }] = ofEntry('main.tsx')
  const names = { icon, main, style: cssBundle, theme: ofEntry('theme.ts')[0] }
  const template = readFileSync(join(source, 'index.html'), 'utf8')
  return template.replaceAll(/%(\w+)%/g, (_, name) => `/assets/${basename(names[name])}`)
}

/** The page of its own: its script and style in it, named by their hashes to the browser, which runs nothing else. */
async function previewPage() {
  const { outputFiles } = await build({ ...options, entryPoints: { preview: join(source, 'preview.tsx') } })
  const [script, style] = ['.js', '.css'].map(ending => outputFiles.find(({ path }) => path.endsWith(ending)).text)
  const hashOf = text => `sha256-${createHash('sha256').update(text).digest('base64')}`
  const hashes = { scriptHash: hashOf(script), styleHash: hashOf(style) }
  const parts = { ...hashes, script: `<script type="module">${script}</script>`, style: `<style>${style}</style>` }
  const template = readFileSync(join(source, 'preview.html'), 'utf8')
  return template.replaceAll(/%(\w+)%/g, (placeholder, name) => parts[name] ?? placeholder)
}

function writeCompressed(file, bytes) {
  if (existsSync(`${file}.br`) && readFileSync(file).equals(bytes)) return
  writeFileSync(file, bytes)
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }))
}
