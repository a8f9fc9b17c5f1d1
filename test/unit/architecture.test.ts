import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const packagesFolder = join(import.meta.dirname, '..', '..', 'packages')

/** Which packages of this workspace a package may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  monitor: ['core'],
  model: ['core'],
  replay: ['core', 'model'],
  api: ['core'],
  cli: ['core', 'model', 'replay', 'api', 'monitor'],
  simulator: ['core'],
}

/** The way of the data through the folders of a package; a folder imports from those before it, never from those after. */
const FLOW: Readonly<Record<string, readonly string[]>> = {
  monitor: ['host', 'parse', 'derive', 'collectors', 'store'],
  model: ['history', 'features', 'forest', 'anomaly', 'policy', 'client'],
  api: ['host', 'pct', 'http', 'routes'],
}

const COMPOSERS = new Set(['main.ts', 'cycle.ts', 'app.ts', 'index.ts'])

interface Import {
  readonly file: string
  readonly packageName: string
  readonly target: string
}

function importsOf(packageName: string): Import[] {
  const folder = join(packagesFolder, packageName, 'src')
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
  return files
    .filter(file => file.endsWith('.ts'))
    .flatMap(file => {
      const text = readFileSync(join(folder, file), 'utf8')
      return [...text.matchAll(/(?:from|import)\s+'([^']+)'/g)].map(([, target = '']) => ({
        file,
        packageName,
        target,
      }))
    })
}

const packages = Object.keys(MAY_IMPORT)

describe.each(packages)('%s', packageName => {
  test('imports no other package of the workspace than it may, and only through its public surface', () => {
    const allowed = new Set(MAY_IMPORT[packageName]?.map(name => `@lxc-autoscale/${name}`))
    const wrong = importsOf(packageName).filter(
      ({ target }) => target.startsWith('@lxc-autoscale/') && !allowed.has(target),
    )
    expect(wrong).toEqual([])
  })

  test('never climbs out of its own src folder', () => {
    const folder = join(packagesFolder, packageName, 'src')
    const wrong = importsOf(packageName).filter(({ file, target }) => {
      if (!target.startsWith('.')) return false
      return relative(folder, join(folder, file, '..', target)).startsWith('..')
    })
    expect(wrong).toEqual([])
  })
})

describe.each(Object.entries(FLOW))('the folders of %s', (packageName, flow) => {
  test('pass data one way', () => {
    const folder = join(packagesFolder, packageName, 'src')
    const wrong = importsOf(packageName).filter(({ file, target }) => {
      if (!target.startsWith('.') || COMPOSERS.has(file)) return false
      const from = flow.indexOf(file.split(sep)[0] ?? '')
      const to = flow.indexOf(relative(folder, join(folder, file, '..', target)).split(sep)[0] ?? '')
      return from >= 0 && to > from
    })
    expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([])
  })
})
