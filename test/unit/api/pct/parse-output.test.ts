import { parseJson } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { parseSnapshotList, parseStatus } from '../../../../packages/api/src/pct/parse-output.ts'

test.each([
  ['status: running\n', 'running'],
  ['status: stopped\n', 'stopped'],
  ['', 'unknown'],
  ['status: ', 'unknown'],
  ['status: frozen\n', 'unknown'],
])('%j is %s', (text, status) => {
  expect(parseStatus(text)).toBe(status)
})

const TREE = `\`-> before_upgrade              2024-05-01 21:54:37     powered off!
 \`-> auto-20260101-1200         2026-01-01 12:00:00     no-description
  \`-> current                                           You are here!
\`-> other                      2025-01-01 00:00:00     no-description
`

test('reads the tree of snapshots with its parents', () => {
  expect(parseSnapshotList(TREE, time => Date.parse(`${time.replace(' ', 'T')}Z`) / 1_000)).toEqual([
    {
      name: 'before_upgrade',
      timeSeconds: 1_714_600_477,
      description: 'powered off!',
      parent: undefined,
      isComplete: true,
      limits: undefined,
    },
    {
      name: 'auto-20260101-1200',
      timeSeconds: 1_767_268_800,
      description: undefined,
      parent: 'before_upgrade',
      isComplete: true,
      limits: undefined,
    },
    {
      name: 'other',
      timeSeconds: 1_735_689_600,
      description: undefined,
      parent: undefined,
      isComplete: true,
      limits: undefined,
    },
  ])
})

test('has no snapshots where only the present is printed', () => {
  expect(parseSnapshotList('`-> current                                             You are here!\n', () => 0)).toEqual(
    [],
  )
})

test('gives nothing for what is not JSON', () => {
  expect([parseJson('{"a":1}'), parseJson('{"a":'), parseJson('')]).toEqual([{ a: 1 }, undefined, undefined])
})
