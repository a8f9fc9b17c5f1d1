#!/usr/bin/env node
// npm run package [-- --architecture amd64|arm64|all] [--output FOLDER] [--uncompressed]
// FOLDER/lxc-autoscale-ml_VERSION_ARCHITECTURE.deb (dist/, and both of them by default) from the built checkout, with the Node.js of
// scripts/package/runtime in it. Any machine builds both, with the same bytes. --uncompressed: for a test, without the wait for xz.
// SOURCE_DATE_EPOCH gives the date of its files; by default that of the last commit.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDeb } from './package/build-deb.mjs'
import { ARCHITECTURES } from './package/carried-node.mjs'
import { stageFiles } from './package/stage-files.mjs'

/** What is downloaded and kept on each host; Node.js is all but 2 MB of it. */
const LARGEST_BYTES = 30e6

const root = join(import.meta.dirname, '..')

try {
  await makePackages()
} catch (error) {
  console.error(`package: ${error.message}`)
  process.exitCode = 1
}

async function makePackages() {
  for (const tool of ['dpkg-deb', 'readelf', 'tar']) requireTool(tool)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const date = new Date(sourceDateEpoch() * 1_000)
  const { values } = parseArgs({
    options: {
      output: { type: 'string', default: join(root, 'dist') },
      architecture: { type: 'string', default: 'all' },
      uncompressed: { type: 'boolean', default: false },
    },
  })
  const folder = resolve(values.output)
  mkdirSync(folder, { recursive: true })
  for (const architecture of values.architecture === 'all' ? ARCHITECTURES : [values.architecture]) {
    const outfile = join(folder, `lxc-autoscale-ml_${version}_${architecture}.deb`)
    await makePackage({ outfile, architecture, version, date, isCompressed: !values.uncompressed })
  }
}

async function makePackage({ outfile, architecture, version, date, isCompressed }) {
  const stage = mkdtempSync(join(tmpdir(), 'lxc-autoscale-ml-package-'))
  try {
    const node = await stageFiles({ stage, architecture, version, date })
    buildDeb({ stage, outfile, architecture, version, date, isCompressed })
    const { size } = statSync(outfile)
    console.log(`${relative(process.cwd(), outfile)}: ${(size / 1e6).toFixed(1)} MB, Node.js ${node.version}`)
    if (isCompressed && size > LARGEST_BYTES) throw new Error(`that is more than ${LARGEST_BYTES / 1e6} MB`)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function sourceDateEpoch() {
  const given = process.env.SOURCE_DATE_EPOCH
  const text = given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim()
  if (!/^\d+$/.test(text)) throw new Error(`SOURCE_DATE_EPOCH is not a number of seconds: ${text}`)
  return Number(text)
}

function requireTool(name) {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
  } catch (cause) {
    throw new Error(`${name} does not run: apt install dpkg binutils`, { cause })
  }
}
