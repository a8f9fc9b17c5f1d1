import { join } from 'node:path'
import { expect, test } from 'vitest'

interface ReadelfOutputs {
  readonly dynamicSection: string
  readonly versionSections: string
}

const path = join(import.meta.dirname, '../../../scripts/package/embed-node.mjs')
const { portabilityProblems }: { portabilityProblems(outputs: ReadelfOutputs): string[] } = await import(path)

const LIBRARIES = ['libdl.so.2', 'libstdc++.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libpthread.so.0', 'libc.so.6']

/** As `readelf --wide --dynamic` prints it. */
function needed(libraries: readonly string[]): string {
  return libraries.map(name => ` 0x0000000000000001 (NEEDED)             Shared library: [${name}]\n`).join('')
}

/** As `readelf --wide --version-info` prints it. */
function versions(...names: readonly string[]): string {
  return names.map(name => `  0x0010:   Name: ${name}  Flags: none  Version: 5\n`).join('')
}

test('a Node.js of nodejs.org can be put into the package', () => {
  const versionSections = versions('GLIBC_2.2.5', 'GLIBC_2.28', 'GLIBCXX_3.4.21', 'CXXABI_1.3.9', 'GCC_3.4')

  expect(portabilityProblems({ dynamicSection: needed(LIBRARIES), versionSections })).toEqual([])
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
