import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const packagesFolder = join(import.meta.dirname, '..', '..', 'packages')
const PACKAGES = readdirSync(packagesFolder).filter(name => existsSync(join(packagesFolder, name, 'package.json')))

/** Which packages of this workspace a package may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  host: ['core'],
  monitor: ['core', 'host'],
  model: ['core', 'host'],
  api: ['core', 'host', 'dashboard'],
  replay: ['core', 'host', 'model'],
  cli: ['core', 'host', 'monitor', 'model', 'api', 'replay', 'dashboard'],
  // Its own words for what the others read, so that a mistake in the one is not a mistake in the other. The past of the demo's
  // containers is the model's doing.
  simulator: ['core', 'host', 'model'],
  dashboard: ['core'],
}

/** The way of the data through the folders of a package: a folder imports from those before it, never from those after. */
const FLOW: Readonly<Record<string, readonly string[]>> = {
  core: ['files', 'config', 'contracts', 'metrics', 'daemon'],
  host: ['parse', 'cgroup', 'pve', 'samples', 'rrd'],
  monitor: ['host', 'derive', 'collectors', 'store', 'exposition'],
  model: ['history', 'features', 'forest', 'anomaly', 'policy', 'client', 'state', 'status', 'cycle'],
  api: [
    'host',
    'series',
    'pct',
    'rest',
    'past',
    'audit',
    'steering',
    'changes',
    'http',
    'news',
    'replays',
    'overview',
    'routes',
  ],
  replay: [],
  cli: ['api', 'output', 'doctor', 'preview', 'commands'],
  simulator: [
    'files',
    'schema',
    'kernel',
    'workload',
    'host',
    'rrd',
    'engine',
    'pct',
    'pvesh',
    'rest',
    'cluster',
    'demo',
  ],
  dashboard: [
    'components',
    'dialogs',
    'history',
    'charts',
    'explain',
    'docs',
    'replay',
    'preview',
    'overview',
    'cluster',
    'pages',
  ],
}

/**
 * Of the model without the rest of it: the schema of the settings that are replayed, for the API, which checks a request as the model
 * checks its configuration; how its configuration is read, for a command that must start fast.
 */
const PARTS_OF_MODEL = [
  { packageName: 'api', target: '@lxc-autoscale/model/scaling' },
  { packageName: 'cli', target: '@lxc-autoscale/model/config' },
]
/** Of core without its libraries: for commands that must start fast, and for a page in a browser. */
const PARTS_OF_CORE = ['@lxc-autoscale/core/units', '@lxc-autoscale/core/browser']

/** Import of one file by another; of types too: who needs the type of a thing needs the thing to be understood. */
interface Import {
  readonly file: string
  readonly target: string
}

function sourcesOf(packageName: string): string[] {
  const folder = join(packagesFolder, packageName, 'src')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isSource)
}

function isSource(file: string): boolean {
  return /\.tsx?$/.test(file)
}

function importsOf(packageName: string): Import[] {
  return sourcesOf(packageName).flatMap(file => {
    const text = readFileSync(join(packagesFolder, packageName, 'src', file), 'utf8')
    return [...text.matchAll(/(?:\bfrom|\bimport)[\s(]+'([^']+)'/g)].map(([, target = '']) => ({
      file,
      target: target.startsWith('.') ? normalize(join(dirname(file), target)) : target,
    }))
  })
}

function insideOf(packageName: string): Import[] {
  return importsOf(packageName).filter(({ target }) => isSource(target) && !target.startsWith('..'))
}

/** The folder below `src` that a file lies in; the file itself when it lies in none. */
function room(file: string): string {
  return file.split('/')[0] ?? ''
}

/** What can be reached from itself, with the way there; each such circle once. */
function circles(edges: readonly (readonly [from: string, to: string])[]): string[] {
  const targets = new Map<string, Set<string>>()
  for (const [from, to] of edges) if (from !== to) targets.set(from, (targets.get(from) ?? new Set()).add(to))
  const found = new Map<string, string>()
  for (const start of targets.keys()) {
    const way = wayBack(start, targets)
    const members = [...(way ?? [])].sort().join()
    if (way !== undefined && !found.has(members)) found.set(members, [...way, start].join(' -> '))
  }
  return [...found.values()]
}

/** The shortest way from `start` to itself, breadth first. */
function wayBack(start: string, targets: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const seen = new Set<string>()
  const waiting: (readonly string[])[] = [[start]]
  for (let way = waiting.shift(); way !== undefined; way = waiting.shift()) {
    for (const next of targets.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return way
      if (!seen.has(next)) waiting.push([...way, next])
      seen.add(next)
    }
  }
  return undefined
}

test('a circle is found, whatever leads to it', () => {
  expect(circles([])).toEqual([])
  expect(circles([['a', 'b'], ['b', 'c'], ['a', 'c'], ['c', 'c']])).toEqual([]) // biome-ignore format: a table
  expect(circles([['a', 'b'], ['b', 'c'], ['c', 'b']])).toEqual(['b -> c -> b']) // biome-ignore format: a table
})

test('every package has its place', () => {
  expect(Object.keys(MAY_IMPORT).sort()).toEqual([...PACKAGES].sort())
  expect(Object.keys(FLOW).sort()).toEqual([...PACKAGES].sort())
})

describe.each(PACKAGES)('%s', packageName => {
  test('imports no other package of the workspace than it may, and only through its public surface', () => {
    const allowed = new Set([
      ...(MAY_IMPORT[packageName] ?? []).map(name => `@lxc-autoscale/${name}`),
      ...PARTS_OF_CORE,
      ...PARTS_OF_MODEL.filter(part => part.packageName === packageName).map(({ target }) => target),
    ])
    const wrong = importsOf(packageName).filter(
      ({ target }) => target.startsWith('@lxc-autoscale/') && !allowed.has(target),
    )
    expect(wrong).toEqual([])
  })

  test('never climbs out of its own src folder', () => {
    expect(importsOf(packageName).filter(({ target }) => target.startsWith('..'))).toEqual([])
  })

  test('has a place in the flow for each of its folders, and no place without a folder', () => {
    const folders = sourcesOf(packageName).map(room).filter(name => !isSource(name)) // biome-ignore format: one thought
    expect([...(FLOW[packageName] ?? [])].sort()).toEqual([...new Set(folders)].sort())
  })

  test('passes data one way through its folders', () => {
    const flow = FLOW[packageName] ?? []
    const wrong = insideOf(packageName).filter(({ file, target }) => {
      const from = flow.indexOf(room(file))
      return from >= 0 && flow.indexOf(room(target)) > from
    })
    expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([])
  })

  test('has no circle between its folders, nor through a file that lies in none', () => {
    expect(circles(insideOf(packageName).map(({ file, target }) => [room(file), room(target)]))).toEqual([])
  })

  test('has no circle between its files', () => {
    expect(circles(insideOf(packageName).map(({ file, target }) => [file, target]))).toEqual([])
  })

  test('says on its page what it may import, and how its data flows', () => {
    const page = readFileSync(join(packagesFolder, packageName, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ')
    const [, imported = ''] = /May import: ([^.]*)\./.exec(page) ?? []
    const told = imported.split(/[ ,]+/).filter(name => PACKAGES.includes(name))
    const flow = [...(/Inside[^`.]*((?:`\w+`[ →]*)+)\./.exec(page)?.[1] ?? '').matchAll(/\w+/g)].map(([name]) => name)
    if (imported.startsWith('every package')) expect(MAY_IMPORT[packageName]).toHaveLength(PACKAGES.length - 2)
    else expect(told).toEqual(MAY_IMPORT[packageName])
    if (flow.length > 0) expect(flow).toEqual(FLOW[packageName])
  })
})
