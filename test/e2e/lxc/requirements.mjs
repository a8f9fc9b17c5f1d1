import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { IS_UNIFIED } from './kernel-files.mjs'

const PACKAGES = ['lxc', 'busybox-static', 'iproute2']

/**
 * Why this machine cannot run the test, in words; undefined when it can.
 * @param mayBeUnified whether cgroup v2 will do
 */
export function missingRequirement({ mayBeUnified = false } = {}) {
  if (process.getuid() !== 0) return 'needs root, to make containers'
  if (IS_UNIFIED && mayBeUnified) return undefined
  const missing = ['cpu', 'cpuacct', 'cpuset', 'memory', 'blkio', 'pids'].filter(
    name => !existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`),
  )
  if (missing.length > 0) return `needs the cgroup v1 controllers ${missing.join(', ')} under /sys/fs/cgroup`
  return undefined
}

/**
 * Installs the Debian packages that the test uses, and `more`, as far as they are missing.
 * @throws {Error} when that fails; the reason is on standard error.
 */
export function installPackages(more = []) {
  const script = new URL('../../../scripts/lib/install-debian-packages.sh', import.meta.url).pathname
  execFileSync(script, [...PACKAGES, ...more], { stdio: 'inherit' })
}
