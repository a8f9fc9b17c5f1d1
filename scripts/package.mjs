#!/usr/bin/env node
// npm run package [-- --output FOLDER]: FOLDER/lxc-autoscale-ml_VERSION_amd64.deb (dist/ by default) from the built checkout, with the
// Node.js of scripts/package/runtime in it.
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
  for (const tool of ['dpkg-deb', 'strip', 'readelf', 'tar']) requireTool(tool)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const date = new Date(sourceDateEpoch() * 1_000)
  const { values } = parseArgs({
    options: {
      output: { type: 'string', default: join(root, 'dist') },
      architecture: { type: 'string', default: 'amd64' },
    },
  })
  const { architecture } = values
  const outfile = join(resolve(values.output), `lxc-autoscale-ml_${version}_${architecture}.deb`)
  const stage = mkdtempSync(join(tmpdir(), 'lxc-autoscale-ml-package-'))
  try {
    mkdirSync(resolve(values.output), { recursive: true })
    const node = await stageFiles({ stage, architecture, version, date })
    buildDeb({ stage, outfile, architecture, version, date })
    console.log(
      `${relative(process.cwd(), outfile)}: ${(statSync(outfile).size / 1e6).toFixed(1)} MB, Node.js ${node.version}`,
    )
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
