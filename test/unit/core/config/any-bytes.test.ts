import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import { ConfigError, type ConfigRules, parseConfig } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { MONITOR_RULES } from '@lxc-autoscale/monitor'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { decodeText } from '../../../../packages/core/src/config/decode-text.ts'

const LINES_AT_ONCE = 6

const NASTY = `tiers: &t
  db: &db {names: ['*-db', "web\\"", plain], ids: [101, 0x66, 1_0], max_ram_mb: 8G}
  web: *db
  <<: *db
schedules:
  night: {from: 22:00, to: 06:00, min_ram_mb: 1.5G}
? [a, b]
: |
  block
   text
log_file: >-
  folded
__proto__: {a: 1}
constructor: !!js/function 'x'
ignore_lxc: ["101", 1e400, -.inf, ~, null, 0o17, *t]
%TAG ! tag:x,2000:
--- !!map
a: "\\x41\\u263a\\q" # comment
...
`

const shipped = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../../config', name), 'utf8').replaceAll(/^ *#.*\n|^\n/gm, '')

const FILES: readonly { readonly lines: readonly string[]; readonly rules: ConfigRules<z.ZodType> }[] = [
  { lines: shipped('lxc_monitor.yaml').split('\n'), rules: MONITOR_RULES },
  { lines: shipped('lxc_autoscale_ml.yaml').split('\n'), rules: MODEL_CONFIG_RULES },
  { lines: shipped('lxc_autoscale_api.yaml').split('\n'), rules: API_CONFIG_RULES },
  { lines: NASTY.split('\n'), rules: MODEL_CONFIG_RULES },
]

/** What a hand or a broken disk puts between two characters. */
const TOKENS = [
  ...'[]{}:,-?&*!|>\'"%@`#~=<\\',
  ...['\t', '\r', '\0', '\n', '\n---\n', '\n...\n', '  ', ': ', '- ', '? ', '<<: ', '*a', '&a ', '!!binary ', '!x '],
  ...['.inf', '.nan', '1e999', '9'.repeat(400), '8G', '-1G', '1e3G', 'null', 'yes', '"', "''", '\u{feff}', '\ud800'],
  ...[
    '__proto__: 1\n',
    'constructor: 1\n',
    'toString: {}\n',
    '['.repeat(70),
    '{a: '.repeat(70),
    'ü',
    '\u2028',
    '\u0085',
  ],
].map(token => Buffer.from(token))

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const cut = fc.record({ kind: fc.constant('cut' as const), at: share, bytes: fc.nat(40) })
const put = fc.record({ kind: fc.constant('put' as const), at: share, what: fc.constantFrom(...TOKENS) })
const byte = fc.record({ kind: fc.constant('byte' as const), at: share, what: fc.nat(255) })
const twice = fc.record({ kind: fc.constant('twice' as const), at: share, to: share, bytes: fc.nat(60) })
type Mutation = typeof cut | typeof put | typeof byte | typeof twice extends fc.Arbitrary<infer Made> ? Made : never

const mutated = fc.record({
  file: fc.constantFrom(...FILES),
  from: share,
  changes: fc.array(fc.oneof(put, put, cut, byte, twice), { minLength: 1, maxLength: 5 }),
})

function applied(bytes: Buffer, change: Mutation): Buffer {
  const at = Math.floor(change.at * bytes.length)
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (change.kind) {
    case 'cut':
      return Buffer.concat([head, tail.subarray(change.bytes)])
    case 'put':
      return Buffer.concat([head, change.what, tail])
    case 'byte':
      return Buffer.concat([head, Buffer.from([change.what]), tail.subarray(1)])
    case 'twice': {
      const from = Math.floor(change.to * bytes.length)
      return Buffer.concat([head, bytes.subarray(from, from + change.bytes), tail])
    }
  }
}

/** The problems of what `bytes` hold; none when it is a configuration. */
function problemsOf(bytes: Uint8Array, rules: ConfigRules<z.ZodType>) {
  try {
    parseConfig({ file: 'a.yaml', text: decodeText('a.yaml', bytes) }, rules)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** Signs of a bug, of a library's words, or of a message that fills more than a line. */
const NOT_OURS = /\n|\0|cannot be understood|Invalid|expected .* received|undefined|\[object|NaN/

test('whatever bytes stand in a file, it is a configuration or is refused with its line, in one short line of our words', () => {
  let refused = 0
  fc.assert(
    fc.property(mutated, ({ file, from, changes }) => {
      const first = Math.floor(from * file.lines.length)
      const piece = Buffer.from(file.lines.slice(first, first + LINES_AT_ONCE).join('\n'))
      const problems = problemsOf(changes.reduce(applied, piece), file.rules)
      if (problems.length > 0) refused++
      const bad = problems.filter(
        ({ line, key, message }) => line === undefined || key.length + message.length > 260 || NOT_OURS.test(message),
      )
      if (bad.length > 0) throw new Error(JSON.stringify(bad))
    }),
    { numRuns: 10_000, seed: 14 },
  )
  expect(refused).toBeGreaterThan(5_000)
}, 600_000)

const bomb = (levels: number) =>
  `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: levels }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(9)}]\n`).join('')}`

test.each([
  ['nested lists', '['.repeat(100_000)],
  ['nested sections', '{'.repeat(100_000)],
  ['nested sections with keys', '{a: '.repeat(50_000)],
  ['nested entries', '- '.repeat(100_000)],
  ['nested explicit keys', '? '.repeat(100_000)],
  ['aliases of aliases', bomb(12)],
  [
    'a chain of aliases',
    `a0: &a0 [1]\n${Array.from({ length: 5_000 }, (_, at) => `b${at}: &a${at + 1} [*a${at}]\n`).join('')}`,
  ],
  ['aliases in a circle', 'tiers: &a {b: &b [*a, *b]}'],
  ['many keys', Array.from({ length: 60_000 }, (_, at) => `k${at}: 1\n`).join('')],
  ['one key many times', 'log_level: INFO\n'.repeat(50_000)],
  ['many documents', '---\n'.repeat(100_000)],
  ['many tags', '!a '.repeat(100_000)],
  ['a long name', `${'x'.repeat(900_000)}: 1`],
  ['a long value', `log_level: ${'x'.repeat(900_000)}`],
  ['a long number', `interval_seconds: ${'9'.repeat(900_000)}`],
  ['an open quote', `log_file: "${'a\n'.repeat(300_000)}`],
])('%s cost little and are refused', (_, text) => {
  const started = process.cpuUsage()
  const problems = problemsOf(Buffer.from(text), MODEL_CONFIG_RULES)
  const { user } = process.cpuUsage(started)
  expect(problems.length).toBeGreaterThan(0)
  expect(problems.length).toBeLessThanOrEqual(51)
  expect(user).toBeLessThan(20_000_000)
  for (const { message } of problems) expect(message.length).toBeLessThan(260)
})
