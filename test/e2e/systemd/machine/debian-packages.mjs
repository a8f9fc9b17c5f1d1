import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'

const script = join(import.meta.dirname, '../../../../scripts/lib/install-debian-packages.sh')
const FOR_BOX = [
  'binutils',
  'busybox-static',
  'iproute2',
  'lxc',
  'lxcfs',
  'mmdebstrap',
  'systemd-container',
  'xz-utils',
]
const FOR_VM = ['e2fsprogs', 'python3-minimal', 'qemu-system-x86']

/** Installs what building the package and the throw-away hosts needs. */
export function installPackages({ vm, lintian }) {
  execFileSync(script, [...FOR_BOX, ...(vm ? FOR_VM : []), ...(lintian ? ['lintian'] : [])], { stdio: 'inherit' })
}

/** Whether lintian has no error to tell of the package; what it tells is printed. */
export function lintianFindsNoError(file) {
  const { status } = spawnSync('lintian', ['--fail-on', 'error', '--allow-root', file], { stdio: 'inherit' })
  return status === 0
}
