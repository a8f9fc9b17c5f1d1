import { SPARK_STEPS } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { rowsOf, sparksOf, withRows, withStep } from '../../../packages/dashboard/src/fleet.ts'
import { overviewRow } from '../../builders/overview-row.ts'

test('an event of rows replaces, adds and takes away, and leaves the others as they are', () => {
  const before = rowsOf({ rows: [101, 102, 103].map(vmid => overviewRow({ lxc_id: vmid })) })
  const changed = overviewRow({ lxc_id: 102, cores_used: 2 })
  const added = overviewRow({ lxc_id: 104 })
  const after = withRows(before, { rows: [changed, added], gone: [103] })
  expect([...after.keys()]).toEqual([101, 102, 104])
  expect(after.get(101)).toBe(before.get(101))
  expect(after.get(102)).toBe(changed)
  expect(before.size).toBe(3)
})

test('a sparkline moves on by each step, keeps its length, and has a gap where a step is not known', () => {
  const full = Array.from({ length: SPARK_STEPS }, (_, at) => at)
  const before = sparksOf({ sparks: { 101: { cores: full, memory_mb: full }, 102: { cores: [1], memory_mb: [2] } } })
  const after = withStep(before, { sparks: { 101: [7, null], 103: [1, 2] } })
  expect(after.get(101)?.cores).toEqual([...full.slice(1), 7])
  expect(after.get(101)?.memory_mb).toEqual([...full.slice(1), null])
  expect(after.get(102)).toEqual({ cores: [1, null], memory_mb: [2, null] })
  expect(after.get(103)).toEqual({ cores: [1], memory_mb: [2] })
})
