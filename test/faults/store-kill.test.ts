import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseCycle } from '@lxc-autoscale/core'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { MetricsFile } from '../../packages/monitor/src/store/metrics-file.ts'
import { nodeFile } from '../fakes/program-file.ts'
import { recordingLog } from '../fakes/recording-log.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const KILLS = 500
const AT_ONCE = 4
const MAX_ENTRIES = 30
const root = join(import.meta.dirname, '..', '..', 'packages')

/** Appends as fast as it can, and says the number of each cycle that was acknowledged. */
const CHILD = `
import { MetricsFile } from ${JSON.stringify(join(root, 'monitor/src/store/metrics-file.ts'))}
import { writeSync } from 'node:fs'
const silent = { info() {}, warn() {}, error() {} }
const [path, first] = process.argv.slice(2)
const file = new MetricsFile({ path, maxCycles: ${MAX_ENTRIES}, nowMs: () => Date.now(), log: silent })
for (let cycle = Number(first); ; cycle++) {
  const pad = 'x'.repeat((cycle * 7919) % 40_000)
  const line = Buffer.from(JSON.stringify({ 101: { timestamp: '2026-01-05T00:00:00.000Z', process_count: cycle }, pad }))
  const { isStored } = await file.append(line)
  if (isStored) writeSync(1, cycle + '\\n')
}
`

/** The child in one small file, with nothing of core but what the store uses: it has to start quickly. */
async function bundleChild(folder: string): Promise<string> {
  const core = ['errors.ts', 'files/behind-links.ts', 'files/regular-file.ts', 'files/replace-file.ts', 'units.ts'].map(
    name => join(root, 'core/src', name),
  )
  writeFileSync(join(folder, 'core.ts'), core.map(path => `export * from ${JSON.stringify(path)}`).join('\n'))
  const outfile = join(folder, 'child.mjs')
  await build({
    stdin: { contents: CHILD, resolveDir: folder, loader: 'ts' },
    alias: { '@lxc-autoscale/core': join(folder, 'core.ts') },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  return outfile
}

/** Runs a child from cycle `first` on, kills it `aliveMs` after its first word, and gives the last acknowledged cycle. */
async function runAndKill(child: string, path: string, first: number, aliveMs: number): Promise<number | undefined> {
  const process: ChildProcess = spawn(nodeFile(), [child, path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  process.stdout?.on('data', (part: Buffer) => {
    if (said === '') setTimeout(() => process.kill('SIGKILL'), aliveMs)
    said += part.toString('latin1')
  })
  await new Promise(resolve => process.on('close', resolve))
  return said.split('\n').slice(0, -1).map(Number).at(-1)
}

async function checkAfterKill(path: string, acknowledged: number): Promise<number> {
  const numbersOf = (text: string) =>
    text.split('\n').flatMap(line => parseCycle(line)?.containers.get(101)?.processCount ?? [])
  // A reader that meets the torn file loses nothing that was acknowledged.
  const torn = numbersOf(readFileSync(path, 'utf8'))
  expect(torn.at(-1)).toBeGreaterThanOrEqual(acknowledged)
  // What the daemon does at its next start.
  const { log } = recordingLog()
  const file = new MetricsFile({ path, maxCycles: MAX_ENTRIES, nowMs: () => Date.now(), log })
  await file.open()
  await file.close()
  // Nothing of a rewrite that the kill came into stays beside it.
  expect(readdirSync(dirname(path))).toEqual(['lxc_metrics.json'])
  const text = readFileSync(path, 'utf8')
  expect(JSON.parse(text)).toHaveLength(numbersOf(text).length)
  const [oldest = 0, ...others] = numbersOf(text)
  expect(others).toEqual(others.map((_, at) => oldest + at + 1))
  const newest = others.at(-1) ?? oldest
  expect(newest).toBeGreaterThanOrEqual(acknowledged)
  expect(others.length + 1).toBeGreaterThanOrEqual(Math.min(newest, MAX_ENTRIES * 0.9))
  return newest
}

test(`killed ${KILLS} times at any moment, the file keeps every acknowledged cycle and can be parsed`, async () => {
  const folder = temporaryDirectory()
  const child = await bundleChild(folder)
  const kills = Array.from({ length: AT_ONCE }, async (_, lane) => {
    mkdirSync(join(folder, String(lane)))
    const path = join(folder, String(lane), 'lxc_metrics.json')
    let next = 1
    for (let kill = 0; kill < KILLS / AT_ONCE; kill++) {
      const acknowledged = await runAndKill(child, path, next, ((kill * 37 + lane) % 60) / 4)
      expect(acknowledged).toBeGreaterThanOrEqual(next)
      next = (await checkAfterKill(path, acknowledged ?? 0)) + 1
    }
    return next
  })
  const reached = await Promise.all(kills)
  expect(Math.min(...reached)).toBeGreaterThan(KILLS / AT_ONCE)
}, 240_000)
