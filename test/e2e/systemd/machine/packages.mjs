import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

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

/** Builds the package as `npm run package` does, into `folder`, and gives its path. */
export async function buildPackage(folder, { checkout = root, umask = '022' } = {}) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  // A commit that somebody makes meanwhile must not change the date.
  const env = { ...process.env, SOURCE_DATE_EPOCH: process.env.SOURCE_DATE_EPOCH ?? '1700000000' }
  const command = [process.execPath, 'scripts/package.mjs', '--output', folder]
  await run('sh', ['-c', 'umask "$1"; shift; exec "$@"', 'sh', umask, ...command], { cwd: checkout, env })
  return join(folder, `lxc-autoscale-ml_${version}_amd64.deb`)
}

/** Builds it in another folder, as somebody whose files nobody else may read. */
export async function buildPackageElsewhere(folder) {
  const checkout = join(folder, 'checkout')
  const sources = SOURCES.map(name => join(root, name))
  await run('sh', ['-c', 'umask 077; mkdir -p "$0"; exec cp -rP "$@" "$0"', checkout, ...sources])
  try {
    return await buildPackage(folder, { checkout, umask: '077' })
  } finally {
    rmSync(checkout, { recursive: true })
  }
}

export function hasSameBytes(a, b) {
  return sha256(a) === sha256(b)
}

function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
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
