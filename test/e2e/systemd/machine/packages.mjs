import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ARCHITECTURES, OWN_ARCHITECTURE } from '../../../../scripts/package/carried-node.mjs'

const root = join(import.meta.dirname, '../../../..')
const run = promisify(execFile)

const OLDER_VERSION = '1.9.0'

/** What of the checkout makes the package. */
const SOURCES = [
  'CHANGELOG.md',
  'config',
  'node_modules',
  'package-lock.json',
  'package.json',
  'packages',
  'scripts',
  'systemd',
  'tsconfig.json',
]

/** Builds the package of this machine as `npm run package` does, into `folder`, and gives its path. */
export async function buildPackage(folder) {
  const pathOf = await build(folder, ['--architecture', OWN_ARCHITECTURE])
  return pathOf(OWN_ARCHITECTURE)
}

async function build(folder, words, { checkout = root, umask = '022' } = {}) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  // A commit that somebody makes meanwhile must not change the date.
  const env = { ...process.env, SOURCE_DATE_EPOCH: process.env.SOURCE_DATE_EPOCH ?? '1700000000' }
  const command = [process.execPath, 'scripts/package.mjs', '--output', folder, ...words]
  // Beside it run tests that know a clock.
  await run('nice', ['sh', '-c', 'umask "$1"; shift; exec "$@"', 'sh', umask, ...command], { cwd: checkout, env })
  return architecture => join(folder, `lxc-autoscale-ml_${version}_${architecture}.deb`)
}

/**
 * Builds the packages of all architectures in another folder, as somebody whose files nobody else may read, and gives the path of
 * each. Not compressed, since that takes most of the time.
 */
export async function buildPackagesElsewhere(folder) {
  const checkout = join(folder, 'checkout')
  const sources = SOURCES.map(name => join(root, name))
  await run('sh', ['-c', 'umask 077; mkdir -p "$0"; exec cp -rP "$@" "$0"', checkout, ...sources])
  try {
    const pathOf = await build(folder, ['--uncompressed'], { checkout, umask: '077' })
    return ARCHITECTURES.map(pathOf)
  } finally {
    rmSync(checkout, { recursive: true })
  }
}

/** Whether two packages are the same to the byte, but for how they are compressed. */
export function hasSameBytes(a, b) {
  return ['--ctrl-tarfile', '--fsys-tarfile'].every(part => sha256(a, part) === sha256(b, part))
}

function sha256(file, part) {
  return createHash('sha256').update(dpkgDeb(part, file)).digest('hex')
}

/** The files that are not the same in both packages. */
export function differentFiles(a, b) {
  const [lines, others] = [a, b].map(file => dpkgDeb('--info', file, 'md5sums').toString('utf8').trimEnd().split('\n'))
  return [...lines.filter(line => !others.includes(line)), ...others.filter(line => !lines.includes(line))]
    .map(line => line.replace(/^\S+ +/, ''))
    .filter((path, index, paths) => paths.indexOf(path) === index)
}

function dpkgDeb(...words) {
  return execFileSync('dpkg-deb', words, { maxBuffer: 2 ** 28 })
}

/** The package `current` with an older version and another default configuration. */
export function makeOlderPackage({ current, outfile }) {
  repack({ current, outfile }, stage => {
    const control = join(stage, 'DEBIAN/control')
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${OLDER_VERSION}`))
    for (const name of ['lxc_monitor', 'lxc_autoscale_ml', 'lxc_autoscale_api']) {
      appendFileSync(join(stage, `etc/lxc_autoscale_ml/${name}.yaml`), '# of the older version\n')
    }
  })
}

/** The package `current`, not compressed: xz takes minutes in an emulated machine. */
export function makeQuickPackage({ current, outfile }) {
  repack({ current, outfile }, () => {})
}

function repack({ current, outfile }, change) {
  const stage = mkdtempSync(join(tmpdir(), 'lxc-autoscale-repack-'))
  try {
    execFileSync('dpkg-deb', ['--raw-extract', current, stage])
    change(stage)
    execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', stage, outfile], { stdio: 'ignore' })
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}
