#!/usr/bin/env node
// npm run package [-- --output FOLDER]: FOLDER/lxc-autoscale-ml_VERSION_amd64.deb (dist/ by default) from the built checkout, with the Node.js that runs this in it.
// SOURCE_DATE_EPOCH gives the date of its files; by default that of the last commit.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDeb } from './package/build-deb.mjs'
import { stageFiles } from './package/stage-files.mjs'

const root = join(import.meta.dirname, '..')

try {
  await makePackage()
} catch (error) {
  console.error(`package: ${error.message}`)
  process.exitCode = 1
}

async function makePackage() {
  for (const tool of ['dpkg-deb', 'strip', 'readelf']) requireTool(tool)
  if (process.arch !== 'x64' || process.platform !== 'linux') {
    throw new Error(`builds on Linux amd64 only, not on ${process.platform} ${process.arch}`)
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const date = new Date(sourceDateEpoch() * 1_000)
  const { values } = parseArgs({ options: { output: { type: 'string', default: join(root, 'dist') } } })
  const outfile = join(resolve(values.output), `lxc-autoscale-ml_${version}_amd64.deb`)
  const stage = mkdtempSync(join(tmpdir(), 'lxc-autoscale-ml-package-'))
  try {
    mkdirSync(resolve(values.output), { recursive: true })
    await stageFiles({ stage, version, date })
    buildDeb({ stage, outfile, version, date })
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
  console.log(
    `${relative(process.cwd(), outfile)}: ${(statSync(outfile).size / 1e6).toFixed(1)} MB, Node.js ${process.version}`,
  )
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
