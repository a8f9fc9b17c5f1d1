import { configKeys, defaultYaml, markdownReference, parseConfig } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const schema = z.strictObject({
  log_level: z.enum(['INFO', 'DEBUG']).default('INFO').describe('How much is logged.'),
  api_key: z.string().optional().describe('The key.'),
  api: z
    .strictObject({
      keys: z.array(z.string()).default([]).describe('Keys.'),
      port: z.int().min(0).max(65_535).default(5_000).describe('The port.'),
    })
    .prefault({})
    .describe('How the API is reached.'),
  limits: z
    .strictObject({ most: z.number().optional().describe('Most.') })
    .prefault({})
    .describe('Limits.'),
})

describe('defaultYaml', () => {
  test('gives a file that reads back as the defaults', () => {
    const text = defaultYaml(schema, 'An example.')
    expect(parseConfig({ file: 'x', text }, { schema }).config).toEqual(schema.parse({}))
  })

  test('explains each key above it and leaves a key without a default as a comment', () => {
    expect(defaultYaml(schema, 'An example.')).toBe(`# An example.

# How much is logged.
log_level: INFO

# The key.
# api_key:

# How the API is reached.
api:
  # Keys.
  keys: []
  # The port.
  port: 5000

# Limits.
limits: {}
  # Most.
  # most:
`)
  })
})

test('markdownReference has one row for each key', () => {
  const rows = markdownReference(schema).split('\n').slice(2)
  expect(rows.map(row => row.split(' | ')[0])).toEqual(configKeys(schema).map(key => `| \`${key}\``))
  expect(rows.at(-2)).toBe('| `api.port` | whole number from 0 to 65535 | `5000` | The port. |')
})
