import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'

// Debian 11 (Proxmox VE 7), the oldest system that the package is for: glibc 2.31, libstdc++ of GCC 10. The limit for glibc
// is that of Node.js 24 itself.
const NEWEST_VERSION = { GLIBC: '2.28', GLIBCXX: '3.4.28', CXXABI: '1.3.12', GCC: '7.0.0' }
const SYSTEM_LIBRARIES = new Set([
  'libc.so.6',
  'libm.so.6',
  'libdl.so.2',
  'libpthread.so.0',
  'librt.so.1',
  'libstdc++.so.6',
  'libgcc_s.so.1',
  'ld-linux-x86-64.so.2',
])

/** Puts the Node.js at `execPath` without its symbols at `outfile`, after a check that it runs on every supported Debian. */
export function embedNode({ execPath, outfile }) {
  const problems = portabilityProblems({
    dynamicSection: readelf('--dynamic', execPath),
    versionSections: readelf('--version-info', execPath),
  })
  if (problems.length > 0) {
    throw new Error(
      `${execPath} cannot be put into the package: ${problems.join('; ')}.\n` +
        'It must be built as those of nodejs.org are; the one in the packages of Debian is spread over shared libraries.',
    )
  }
  execFileSync('strip', ['--strip-all', '-o', outfile, execPath])
  chmodSync(outfile, 0o755)
}

function readelf(option, file) {
  return execFileSync('readelf', ['--wide', option, file], { encoding: 'utf8', maxBuffer: 2 ** 28 })
}

/** What keeps a binary from running on Debian 11 and newer, from two outputs of readelf(1); empty if nothing does. */
export function portabilityProblems({ dynamicSection, versionSections }) {
  const libraries = [...dynamicSection.matchAll(/\(NEEDED\).*\[(.+?)\]/g)].map(([, name]) => name)
  const foreign = libraries.filter(name => !SYSTEM_LIBRARIES.has(name))
  const versions = versionSections.match(/\b(GLIBCXX|GLIBC|CXXABI|GCC)_[\d.]+/g) ?? []
  const tooNew = [...new Set(versions)].filter(isTooNew)
  return [
    ...(libraries.length === 0 ? ['it is not a dynamically linked ELF program'] : []),
    ...(foreign.length > 0 ? [`it needs ${foreign.join(', ')}`] : []),
    ...(tooNew.length > 0 ? [`it needs ${tooNew.join(', ')}`] : []),
  ]
}

function isTooNew(symbolVersion) {
  const [kind, version] = symbolVersion.split('_')
  return compareVersions(version, NEWEST_VERSION[kind]) > 0
}

function compareVersions(a, b) {
  const [left, right] = [a, b].map(text => text.split('.').map(Number))
  const index = [0, 1, 2].find(i => (left[i] ?? 0) !== (right[i] ?? 0))
  return index === undefined ? 0 : (left[index] ?? 0) - (right[index] ?? 0)
}
