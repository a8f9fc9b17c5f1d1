import { join } from 'node:path'
import { expect, test } from 'vitest'

interface ReadelfOutputs {
  readonly dynamicSection: string
  readonly versionSections: string
}

const path = join(import.meta.dirname, '../../../scripts/package/embed-node.mjs')
const {
  portabilityProblems,
  withoutSections,
}: {
  portabilityProblems(outputs: ReadelfOutputs): string[]
  withoutSections(elf: Buffer): Buffer
} = await import(path)

const LIBRARIES = ['libdl.so.2', 'libstdc++.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libpthread.so.0', 'libc.so.6']
const LOADERS = ['ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1']

/** As `readelf --wide --dynamic` prints it. */
function needed(libraries: readonly string[]): string {
  return libraries.map(name => ` 0x0000000000000001 (NEEDED)             Shared library: [${name}]\n`).join('')
}

/** As `readelf --wide --version-info` prints it. */
function versions(...names: readonly string[]): string {
  return names.map(name => `  0x0010:   Name: ${name}  Flags: none  Version: 5\n`).join('')
}

test.each(LOADERS)('a Node.js of nodejs.org that needs %s can be put into the package', loader => {
  const versionSections = versions('GLIBC_2.2.5', 'GLIBC_2.28', 'GLIBCXX_3.4.21', 'CXXABI_1.3.11', 'GCC_3.4')

  expect(portabilityProblems({ dynamicSection: needed([...LIBRARIES, loader]), versionSections })).toEqual([])
})

test('the Node.js of Debian cannot: it is spread over libraries', () => {
  const dynamicSection = needed([...LIBRARIES, 'libnode.so.115', 'libuv.so.1'])

  expect(portabilityProblems({ dynamicSection, versionSections: versions('GLIBC_2.2.5') })).toEqual([
    'it needs libnode.so.115, libuv.so.1',
  ])
})

test.each(['GLIBC_2.29', 'GLIBC_2.34', 'GLIBCXX_3.4.29', 'CXXABI_1.3.13', 'GCC_12.0.0'])(
  'a binary that needs %s does not run on Debian 11',
  symbolVersion => {
    const outputs = { dynamicSection: needed(LIBRARIES), versionSections: versions('GLIBC_2.2.5', symbolVersion) }

    expect(portabilityProblems(outputs)).toEqual([`it needs ${symbolVersion}`])
  },
)

test('a script is not a program that can be put into the package', () => {
  expect(portabilityProblems({ dynamicSection: '', versionSections: '' })).toEqual([
    'it is not a dynamically linked ELF program',
  ])
})

test('a program loses what is never loaded, and nothing else', () => {
  const elf = Buffer.alloc(300, 7)
  // e_phoff, e_phentsize, e_phnum; then p_offset and p_filesz of two segments.
  elf.writeBigUInt64LE(64n, 32)
  elf.writeUInt16LE(56, 54)
  elf.writeUInt16LE(2, 56)
  for (const [entry, offset, size] of [
    [64, 180n, 40n],
    [120, 0n, 180n],
  ] as const) {
    elf.writeBigUInt64LE(offset, entry + 8)
    elf.writeBigUInt64LE(size, entry + 32)
  }
  const loaded = withoutSections(elf)

  expect(loaded).toHaveLength(220)
  // e_shoff; e_shentsize, e_shnum, e_shstrndx
  expect([loaded.subarray(40, 48), loaded.subarray(58, 64)]).toEqual([Buffer.alloc(8), Buffer.alloc(6)])
  expect([loaded.subarray(0, 40), loaded.subarray(64)]).toEqual([elf.subarray(0, 40), elf.subarray(64, 220)])
})
