import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../../../..')
const run = promisify(execFile)

export const OLDER_VERSION = '1.9.0'

/** Builds the package as `npm run package` does. */
export async function buildPackage() {
  const { stdout } = await run(process.execPath, ['scripts/package.mjs'], { cwd: root })
  return join(root, stdout.split(':')[0])
}

/** Whether a second build gives the same bytes as `first`. */
export async function isReproducible(first) {
  return sha256(first) === sha256(await buildPackage())
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
