import { ConfigError, parseConfig } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const schema = z.strictObject({
  log_level: z.enum(['INFO', 'DEBUG']).default('INFO'),
  monitoring: z
    .strictObject({
      check_interval: z.number().min(1).max(3_600).default(10),
      export_file: z.string().default('/var/log/lxc_metrics.json'),
    })
    .prefault({}),
  tiers: z.record(z.string(), z.strictObject({ min_cpu_cores: z.number().optional() })).default({}),
})
const retiredKeys = { 'gunicorn.workers': 'there is no gunicorn', 'monitoring.old_key': 'nothing needs it' }
const parse = (text: string) => parseConfig({ file: 'a.yaml', text }, { schema, retiredKeys })

function problemsOf(text: string) {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('the text was accepted')
}

describe('parseConfig', () => {
  test('gives every default for an empty file', () => {
    expect(parse('').config).toEqual({
      log_level: 'INFO',
      monitoring: { check_interval: 10, export_file: '/var/log/lxc_metrics.json' },
      tiers: {},
    })
  })

  test('gives the defaults inside a section that names only one key', () => {
    expect(parse('monitoring:\n  check_interval: 5\n').config.monitoring).toEqual({
      check_interval: 5,
      export_file: '/var/log/lxc_metrics.json',
    })
  })

  test('names file, line and nearest key of a misspelt key', () => {
    expect(problemsOf('log_level: INFO\nmonitoring:\n  chek_interval: 5\n')).toEqual([
      {
        file: 'a.yaml',
        line: 3,
        key: 'monitoring.chek_interval',
        message: 'unknown key; did you mean check_interval?',
      },
    ])
  })

  test('lists the known keys when none is near', () => {
    expect(problemsOf('monitoring:\n  zzz: 5\n')[0]?.message).toBe(
      'unknown key; known here: check_interval, export_file',
    )
  })

  test('finds a misspelt key inside a named group', () => {
    expect(problemsOf('tiers:\n  web:\n    min_cpu_core: 5\n')[0]).toMatchObject({
      line: 3,
      key: 'tiers.web.min_cpu_core',
      message: 'unknown key; did you mean min_cpu_cores?',
    })
  })

  test('reports every problem of the file at once, each with its line and value', () => {
    const problems = problemsOf('log_level: LOUD\nmonitoring:\n  check_interval: 0\n  export_file: 7\n')
    expect(problems.map(({ line, key }) => [line, key])).toEqual([
      [1, 'log_level'],
      [3, 'monitoring.check_interval'],
      [4, 'monitoring.export_file'],
    ])
    expect(problems[1]?.message).toContain('(got 0)')
  })

  test('reports broken YAML with its line', () => {
    expect(problemsOf('log_level: INFO\nmonitoring: [1, 2\n')[0]?.line).toBeGreaterThanOrEqual(2)
  })

  test('refuses a key that stands twice', () => {
    expect(problemsOf('log_level: INFO\nlog_level: DEBUG\n')[0]?.message).toBe(
      'stands twice, first in line 1: remove one of the two',
    )
  })

  test('refuses a file that is not a map', () => {
    expect(() => parse('- 1\n- 2\n')).toThrow(ConfigError)
  })

  test('accepts keys of the predecessor with one warning each that says what became of them', () => {
    const { config, warnings } = parse('gunicorn:\n  workers: 4\nmonitoring:\n  old_key: 1\n  check_interval: 5\n')
    expect(config.monitoring.check_interval).toBe(5)
    expect(warnings).toEqual([
      'a.yaml:2: gunicorn.workers is not used any more: there is no gunicorn',
      'a.yaml:4: monitoring.old_key is not used any more: nothing needs it',
    ])
  })
})
