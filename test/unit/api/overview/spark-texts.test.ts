import type { MetricsCycle } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { SparkTexts } from '../../../../packages/api/src/overview/spark-texts.ts'
import { summary } from '../../../builders/snapshot.ts'

const cycleAt = (collectionEndMs: number): MetricsCycle => ({
  containers: new Map(),
  summary: summary({ collectionEndMs }),
})

test('sparklines are made once for each step, and anew while more of it may come', () => {
  const made: number[][] = []
  const sparks = new SparkTexts({
    sparks(vmids, endMs) {
      made.push([...vmids])
      return Object.fromEntries(vmids.map(vmid => [vmid, { cores: [endMs], memory_mb: [null] }]))
    },
  })
  const text = '"101":{"cores":[300000],"memory_mb":[null]},"102":{"cores":[300000],"memory_mb":[null]}'
  expect(sparks.textOf([101, 102], 300_000, undefined)).toBe(text)
  expect(sparks.textOf([101, 102], 300_000, cycleAt(299_000))).toBe(text)
  expect(sparks.textOf([101], 300_000, cycleAt(300_000))).toContain('"101"')
  expect(sparks.textOf([101, 102], 300_000, cycleAt(310_000))).toBe(text)
  expect(sparks.textOf([102, 101], 300_000, cycleAt(310_000))).toMatch(/^"102".*"101"/)
  expect(made).toEqual([[101, 102], [101, 102], [101], [102], []])
  expect(sparks.textOf([101], 600_000, cycleAt(600_000))).toContain('600000')
})
