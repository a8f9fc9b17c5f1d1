import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'

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
  'ld-linux-aarch64.so.1',
])

/** Puts the Node.js at `execPath` at `outfile`, without its symbols, after a check that it runs on every supported Debian. */
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
  writeFileSync(outfile, withoutSections(readFileSync(execPath)))
  chmodSync(outfile, 0o755)
}

/**
 * The 64-bit little-endian ELF program without its symbols and what else only linkers and debuggers read: what `llvm-strip
 * --strip-sections` makes of it. strip(1) knows the programs of its own machine only, and each version of it gives other bytes.
 * Source of the places: elf(5), Elf64_Ehdr and Elf64_Phdr.
 */
export function withoutSections(elf) {
  const [tableStart, entrySize, entries] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)]
  const ends = Array.from({ length: entries }, (_, index) => {
    const entry = tableStart + index * entrySize
    return Number(elf.readBigUInt64LE(entry + 8) + elf.readBigUInt64LE(entry + 32))
  })
  const loaded = Buffer.from(elf.subarray(0, Math.max(...ends)))
  // e_shoff, then e_shentsize, e_shnum and e_shstrndx: there is no table of sections.
  return loaded.fill(0, 40, 48).fill(0, 58, 64)
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
