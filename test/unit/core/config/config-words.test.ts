import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import { ConfigError, type ConfigRules, parseConfig } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { MONITOR_RULES } from '@lxc-autoscale/monitor'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'

/** Each problem as the daemons print it, without the name of the file. */
function said(text: string, rules: ConfigRules<z.ZodType> = MODEL_CONFIG_RULES): string[] {
  try {
    parseConfig({ file: 'F', text }, rules)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').map(line => line.replace(/^F:/, ''))
    throw error
  }
  return []
}

describe('a slip in YAML is named with its line, its key and what to write', () => {
  test.each([
    ['tiers:\n  db:\n    names: [*-db]\n', "3: tiers.db.names: a text that begins with * must be quoted: '*-db'"],
    [
      'tiers:\n  db:\n    names:\n      - web\n      - *\n',
      "5: tiers.db.names: a text that begins with * must be quoted: '*'",
    ],
    ['tiers: {db: {names: [&web]}}', "1: tiers.db.names: a text that begins with & must be quoted: '&web'"],
    ['tiers: {db: {names: [!web]}}', "1: tiers.db.names: a text that begins with ! must be quoted: '!web'"],
    ['tiers: {db: {names: [@web]}}', "1: tiers.db.names: a text that begins with @ must be quoted: '@web'"],
    ['*db: 1', "1: a text that begins with * must be quoted: '*db'"],
    ['scaling:\n  min_cpu_cores:2\n', '2: scaling.min_cpu_cores: a space is missing after the colon: min_cpu_cores: 2'],
    [
      'scaling:\n  max_cpu_cores: 4\n  min_cpu_cores:2\n',
      '3: scaling.min_cpu_cores: a space is missing after the colon: min_cpu_cores: 2',
    ],
    [
      'scaling:\n  min_cpu_cores:2\n  max_cpu_cores: 4\n',
      '2: scaling.min_cpu_cores: a space is missing after the colon: min_cpu_cores: 2',
    ],
    [
      'scaling:\n  min_cpu_cores: 1\n   max_cpu_cores: 2\n',
      '3: scaling.max_cpu_cores: is indented by 3 spaces, the keys above it by 2: make them the same',
    ],
    ['scaling:\n\tmin_cpu_cores: 2', '2: scaling.min_cpu_cores: is indented with a tab: use spaces'],
    [
      'log_level: INFO\nscaling: {dry_run: true}\nlog_level: DEBUG',
      '3: log_level: stands twice, first in line 1: remove one of the two',
    ],
    [
      'tiers:\n  a: {ids: [101]}\n  a: {ids: [102]}',
      '3: tiers.a: stands twice, first in line 2: remove one of the two',
    ],
    ['log_level: INFO\n---\nlog_level: DEBUG', '2: a second document begins here (`---`): a file holds one'],
    [
      'scaling: &s {dry_run: true}\ntiers: {a: {<<: *s}}',
      '2: tiers.a.<<: sections cannot be merged: write the keys themselves',
    ],
    ['tiers: &t {a: *t}', '1: tiers.a: *t stands inside of what it stands for'],
    ['scaling: !!js/function "x"', '1: scaling: the tag !!js/function means nothing here: leave it out'],
    ['__proto__: {a: 1}', '1: __proto__: cannot be the name of a key'],
    ['scaling:\n  min_cpu_cores = 2\n', '2: scaling.min_cpu_cores: a colon is written, not =: min_cpu_cores: 2'],
    [
      'scaling:\n  dry_run: true\n  min_cpu_cores = 2\n',
      '3: min_cpu_cores: a colon is written, not =: min_cpu_cores: 2',
    ],
    ['log_level: INFO\nscaling\n  dry_run: true\n', '2: scaling: a colon is missing after the key: scaling:'],
    ['scaling:\n  mode auto\n  dry_run: true\n', '2: mode: a colon is missing after the key: mode: auto'],
    ['scaling:\n  mode auto\n', '2: scaling.mode: a colon is missing after the key: mode: auto'],
    ['api:\n  api_key hush\n  api_url: x\n', '2: api_key: a colon is missing after the key: api_key: ...'],
    [
      'tiers:\n  db:\n    names:\n      - mode\n      - *\n',
      "5: tiers.db.names: a text that begins with * must be quoted: '*'",
    ],
    ['scaling: [1', '1: scaling: the list [ is not closed'],
    ['log_file: "abc', '1: log_file: the quote " is not closed'],
    ['log_file: a: b', '1: log_file: a text with a colon and a space in it must be quoted'],
    ['- 1', '1: must be keys with their values, as in key: value'],
  ])('%j', (text, problem) => {
    expect(said(text)[0]).toBe(problem)
  })
})

describe('a wrong value is named, with what would be right, once', () => {
  test.each([
    ['scaling: {weight: two}', '1: scaling.weight: must be a number from 0.01 to 1000 (got "two")'],
    ['scaling: {weight: "2"}', '1: scaling.weight: must be a number from 0.01 to 1000 (got "2"); write 2'],
    ['scaling: {max_ram_mb: 1e400}', '1: scaling.max_ram_mb: must be a whole number from 64 to 1048576 (got 1e400)'],
    [
      'scaling: {min_confidence: 85%}',
      '1: scaling.min_confidence: must be a number from 0 to 100 (got "85%"); write 85',
    ],
    ['scaling: {dry_run: yes}', '1: scaling.dry_run: must be true or false (got "yes"); write true'],
    [
      'log_level: info',
      '1: log_level: must be one of DEBUG, INFO, WARNING, WARN, ERROR, CRITICAL (got "info"); write INFO',
    ],
    [
      'ignore_lxc: 105',
      '1: ignore_lxc: must be a list of whole numbers from 100 to 999999999 or text (got 105); write [105]',
    ],
    ['scaling:', '1: scaling: must be a section of keys: write keys below it, or remove it'],
    ['scaling: {max_ram_mb: }', '1: scaling.max_ram_mb: must be a whole number from 64 to 1048576 (got nothing)'],
    ['api: {api_key: 12345}', '1: api.api_key: must be text'],
    ['schedules: {night: {to: "06:00"}}', '1: schedules.night.from: is missing: a time such as 22:30'],
    ["schedules: {night: {from: '22:00', to: 5}}", '1: schedules.night.to: must be a time such as 22:30 (got 5)'],
    ['tiers: {Büro: {ids: [101]}}', '1: tiers.Büro: this name must be lower-case letters, digits, and - _ . +'],
    ['min_cpu_cores: 2', '1: min_cpu_cores: unknown key here; it belongs to scaling or tiers.<name>'],
    [
      'scaling: {zzzzzzzz: 1}',
      '1: scaling.zzzzzzzz: unknown key; none of the 33 known here is like it: lxc-autoscale config reference',
    ],
    [
      'constructor: 1',
      '1: constructor: unknown key; none of the 21 known here is like it: lxc-autoscale config reference',
    ],
  ])('%j', (text, problem) => {
    expect(said(text)).toEqual([expect.stringMatching(asPattern(problem))])
  })

  test('within a list of keys or sections, each by itself', () => {
    const problems = said('authentication: {api_keys: [{name: a b, key: long-enough-key}, short]}', API_CONFIG_RULES)
    expect(problems).toEqual([
      '1: authentication.api_keys.0.name: must be a name of letters, digits, . _ - (got "a b")',
      '1: authentication.api_keys.1: must have at least 8 characters',
    ])
  })

  test('a secret stands in no message', () => {
    for (const text of [
      'api: {api_key: [hush]}',
      'api: {api_key: @hush}',
      'api: {api_key: *hush}',
      'api: {api_key: "hush" x}',
    ]) {
      expect(said(text).join()).toMatch(/api\.api_key/)
      expect(said(text).join()).not.toContain('hush')
    }
  })
})

/** How many keys a section has changes now and then. */
function asPattern(problem: string): RegExp {
  return new RegExp(`^${problem.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/the \d+ known/, 'the \\d+ known')}$`)
}

describe('an amount of memory or storage may have a unit', () => {
  const ramOf = (text: string) =>
    parseConfig({ file: 'F', text: `scaling: {max_ram_mb: ${text}}` }, MODEL_CONFIG_RULES).config.scaling.max_ram_mb

  test.each([
    ['8G', 8_192],
    ['8GB', 8_192],
    ['8GiB', 8_192],
    ['8g', 8_192],
    ['"8 G"', 8_192],
    ['512M', 512],
    ['1.5G', 1_536],
    ['1T', 1_048_576],
    ['131072K', 128],
    ['4096', 4_096],
  ])('%s', (text, mb) => {
    expect(ramOf(text)).toBe(mb)
  })

  test.each(['8X', '-1G', '1e3G', 'G', '8GG', '0x8G', '1_0G'])('%s is none, and it is said how one looks', text => {
    expect(said(`scaling: {max_ram_mb: ${text}}`)).toEqual([
      `1: scaling.max_ram_mb: must be a whole number from 64 to 1048576 (got "${text}"); with a unit: 512M, 8G or 1.5G`,
    ])
  })

  test('one out of bounds is said as the number that it is', () => {
    expect(said('scaling: {max_ram_mb: 9T}')[0]).toContain('(got "9T", which is 9437184)')
  })

  test('the unit of the key counts, in all three files', () => {
    const api = parseConfig(
      { file: 'F', text: 'server: {max_body_kb: 1M}\nsafety: {containers: {101: {max_memory_mb: 2G}}}' },
      API_CONFIG_RULES,
    ).config
    expect([api.server.max_body_kb, api.safety.containers['101']?.max_memory_mb]).toEqual([1_024, 2_048])
    const monitor = parseConfig({ file: 'F', text: 'logging: {log_max_bytes: 5M}' }, MONITOR_RULES).config
    expect(monitor.logging.log_max_bytes).toBe(5_242_880)
  })

  test('a key that means no amount takes none', () => {
    expect(said('interval_seconds: 8G')).toEqual(['1: interval_seconds: must be a number from 1 to 86400 (got "8G")'])
  })
})
