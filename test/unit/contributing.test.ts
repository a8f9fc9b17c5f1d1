import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import { type ConfigRules, parseConfig } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { MONITOR_RULES } from '@lxc-autoscale/monitor'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'

const root = join(import.meta.dirname, '..', '..')
const packageFolders = readdirSync(join(root, 'packages'))
  .map(name => `packages/${name}`)
  .filter(folder => existsSync(join(root, folder, 'package.json')))
const PAGES = [
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/architecture.md',
  ...packageFolders.map(folder => `${folder}/README.md`),
]

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const isThere = (path: string) => existsSync(join(root, path))

describe.each(PAGES)('%s', page => {
  const text = isThere(page) ? read(page) : ''

  test('is there', () => {
    expect(text).toMatch(/^# \w/)
  })

  test('names no path that is not there', () => {
    expect(pathsOf(page, text).filter(path => !isThere(path))).toEqual([])
  })

  test('has no link that leads nowhere', () => {
    const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => target)
    const inside = targets.filter(target => !/^[a-z]+:/.test(target))
    expect(inside.filter(target => !existsSync(resolve(root, dirname(page), target)))).toEqual([])
  })
})

/** The paths that a page names: from the root of the repository, or, on the page of a package, below its `src`. */
function pathsOf(page: string, text: string): string[] {
  const fromRoot = text.match(/(?<![\w/.-])(?:packages|test|docs|scripts|systemd|config)\/[\w./-]*\w/g) ?? []
  const below = page.startsWith('packages/') ? (text.match(/(?<=`)src\/[\w./-]*\w/g) ?? []) : []
  return [...fromRoot, ...below.map(path => join(dirname(page), path))]
}

/** Programs that are no part of this repository. */
const PROGRAMS = new Set(['curl', 'export', 'npm ci'])

describe('the commands of CONTRIBUTING.md', () => {
  const blocks = [...read('CONTRIBUTING.md').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const commands = blocks.flatMap(block => block.trim().split('\n'))

  test.each(commands)('%s', command => {
    expect(problemWith(command)).toBeUndefined()
  })

  test.each([
    ['npm run no-such-script', 'no script no-such-script'],
    ['./scripts/test no-such-stage', 'no stage no-such-stage'],
    ['./scripts/none', 'no script ./scripts/none'],
    ['npx vitest --config test/vitest.config.ts --project none a.test.ts', 'no project none'],
    ['npx no-such-command', 'no command no-such-command'],
    ['npx vitest --config test/vitest.config.ts --project unit test/none.test.ts', 'no file test/none.test.ts'],
    ['make', 'unknown: make'],
  ])('would not pass: %s', (command, problem) => {
    expect(problemWith(command)).toBe(problem)
  })
})

function problemWith(command: string): string | undefined {
  const words = command.replace(/ &$/, '').split(' ')
  const [first = '', second = '', third = ''] = words
  if (PROGRAMS.has(first) || PROGRAMS.has(`${first} ${second}`)) return undefined
  if (first === 'npm' && second === 'run') return third in scripts() ? undefined : `no script ${third}`
  if (first === 'npx') return second === 'vitest' ? problemWithVitest(words) : problemWithCommand(second)
  if (/^\/tmp\/pretend(-cluster\/\w+)?\/bin\//.test(first)) return problemWithPretender(first)
  if (!first.startsWith('./scripts/')) return `unknown: ${command}`
  if (!isExecutable(join(root, first))) return `no script ${first}`
  const unknown = first === './scripts/test' ? words.slice(1).find(stage => !STAGES.includes(stage)) : undefined
  return unknown === undefined ? undefined : `no stage ${unknown}`
}

const STAGES = (/^all=\((.*)\)$/m.exec(read('scripts/test'))?.[1] ?? '').split(' ')

function scripts(): object {
  return JSON.parse(read('package.json')).scripts
}

function problemWithVitest(words: readonly string[]): string | undefined {
  const project = words[words.indexOf('--project') + 1] ?? ''
  if (!read('test/vitest.config.ts').includes(`project('${project}'`)) return `no project ${project}`
  const missing = words.filter(word => word.startsWith('test/')).find(path => !isThere(path))
  return missing === undefined ? undefined : `no file ${missing}`
}

function problemWithCommand(name: string): string | undefined {
  const names = packageFolders.flatMap(folder => Object.keys(JSON.parse(read(`${folder}/package.json`)).bin ?? {}))
  return names.includes(name) ? undefined : `no command ${name}`
}

function problemWithPretender(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return ['pct', 'pvesh', 'pvecm', 'ha-manager'].includes(name) ? undefined : `no command ${name}`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not to be run: both are what is asked.
    return false
  }
}

describe('the configurations of CONTRIBUTING.md', () => {
  const RULES = {
    lxc_monitor: MONITOR_RULES,
    lxc_autoscale_ml: MODEL_CONFIG_RULES,
    lxc_autoscale_api: API_CONFIG_RULES,
  }
  const blocks = [...read('CONTRIBUTING.md').matchAll(/^```yaml\n# (\S+)\n(.*?)^```$/gms)]

  test.each(blocks.map(([, file = '', text = '']) => ({ file, text })))('$file can be used', ({ file, text }) => {
    const [, rules] = Object.entries(RULES).find(([name]) => file.endsWith(`/${name}.yaml`)) ?? []
    if (rules === undefined) throw new Error(`${file} is the file of no daemon`)
    expect(parseConfig({ file, text }, rules as ConfigRules<z.ZodType>).warnings).toEqual([])
  })

  test('are there for each daemon', () => {
    expect(blocks).toHaveLength(Object.keys(RULES).length)
  })
})

describe('what the stages are', () => {
  test('is told of each of them, in their order', () => {
    const told = [...read('CONTRIBUTING.md').matchAll(/^\| (\w+) \| [^|]+ \| (?:yes|no|) ?\| [^|]+ \|$/gm)]
    expect(told.map(([, stage]) => stage)).toEqual(STAGES)
  })
})

describe('to add something, touch these files', () => {
  const product = packageFolders
    .filter(folder => folder !== 'packages/simulator')
    .flatMap(folder =>
      readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' }).map(
        file => `${folder}/src/${file}`,
      ),
    )
    .filter(path => path.endsWith('.ts'))
  const rows = tableUnder('## To add something').map(([what = '', example, files, _beside, users]) => ({
    what,
    words: quoted(example),
    count: Number.parseInt(files ?? '', 10),
    files: quoted(files),
    users: quoted(users),
  }))

  test('has a line for each kind of thing', () => {
    expect(rows.length).toBeGreaterThanOrEqual(12)
  })

  test.each(rows)('$what', ({ words, count, files, users }) => {
    expect(files).toHaveLength(count)
    const saying = product.filter(path => words.some(word => says(path, word)))
    expect(saying.sort()).toEqual([...files, ...users].sort())
    expect(words.filter(word => !saying.some(path => says(path, word)))).toEqual([])
  })
})

/** Whether `word` stands in the file as a whole, not as a part of a longer name. */
function says(path: string, word: string): boolean {
  const text = read(path)
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/[\w-]/.test(text[at - 1] ?? '') && !/[\w-]/.test(text[at + word.length] ?? '')) return true
  }
  return false
}

/** The cells of the first table below a heading. */
function tableUnder(heading: string): string[][] {
  const text = read('CONTRIBUTING.md')
  const [lines = ''] = /(?:^\|.*\n)+/m.exec(text.slice(text.indexOf(heading))) ?? []
  return lines
    .trim()
    .split('\n')
    .slice(2)
    .map(line => line.split('|').slice(1, -1).map(cell => cell.trim())) // biome-ignore format: one line, one row
}

function quoted(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
}
