import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { programFile } from '../fakes/program-file.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const DAEMONS = {
  'monitor/bin/lxc-monitor.mjs': 'lxc_monitor.yaml',
  'model/bin/lxc-autoscale-ml.mjs': 'lxc_autoscale_ml.yaml',
  'api/bin/lxc-autoscale-api.mjs': 'lxc_autoscale_api.yaml',
} as const

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const NASTY: readonly (readonly [string, string | Uint8Array])[] = [
  ['a star without quotes', 'tiers:\n  db:\n    names: [*-db]\n'],
  ['aliases in a circle', 'host: &a {proc: *a}\n'],
  [
    'aliases of aliases',
    `a: &a [x]\n${[...'bcdefghij'].map((name, at) => `${name}: &${name} [${`*${'abcdefghi'[at]}, `.repeat(9)}]\n`).join('')}`,
  ],
  ['deep sections', '{'.repeat(100_000)],
  ['two documents', 'host: {}\n---\nhost: {}\n'],
  ['a tab', 'host:\n\tproc: /proc\n'],
  ['a key that stands twice', 'host: {}\nhost: {}\n'],
  ['UTF-16', Buffer.from('\uFEFFhost: {}\n', 'utf16le')],
  ['Latin-1', latin1('host: {proc: /Büro}\n')],
  ['a zero byte', 'host: {}\0\n'],
  ['a name that every object has', '__proto__: {host: {}}\n'],
  ['random bytes', Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 7_919 + (at >> 3) * 104_729) % 256))],
]

/** What `program` says and ends with. */
async function ran(program: string, words: readonly string[]) {
  const { exitCode, all } = await execa('node', [programFile(program), ...words], { all: true, reject: false })
  return { exitCode, said: all ?? '' }
}

const FILES = Object.values(DAEMONS)
const GROUPS = Array.from({ length: NASTY.length / FILES.length }, (_, at) => {
  const files = NASTY.slice(at * FILES.length, (at + 1) * FILES.length)
  return { names: files.map(([name]) => name).join(', '), files }
})

test.each(GROUPS)('$names: daemons and command refuse them in few words, with exit code 78', async ({ files }) => {
  const folder = temporaryDirectory()
  for (const [at, file] of FILES.entries()) writeFileSync(join(folder, file), files[at]?.[1] ?? '')
  const daemons = Object.entries(DAEMONS).map(([bin, file]) =>
    ran(bin, ['--check-config', '--config', join(folder, file)]),
  )
  const all = await Promise.all([
    ran('cli/bin/lxc-autoscale.mjs', ['config', 'check', '--config-dir', folder]),
    ...daemons,
  ])
  for (const { exitCode, said } of all) {
    expect({ exitCode, said }).toEqual({ exitCode: 78, said: expect.stringMatching(/\.yaml:\d+: /) })
    expect(said).not.toMatch(/^ {4}at |node:internal|Error: /m)
    expect(said.split('\n').every(line => line.length < 400)).toBe(true)
  }
  for (const file of FILES) expect(all[0]?.said).toContain(`${file}:`)
})
