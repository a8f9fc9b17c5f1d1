import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatCycle, parseCycle } from '@lxc-autoscale/core'
import { MetricsFileSource } from '@lxc-autoscale/model'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SnapshotFile } from '../../packages/monitor/src/store/snapshot-file.ts'
import { sample, summary } from '../builders/snapshot.ts'
import { recordingLog } from '../fakes/recording-log.ts'

const START_MS = Date.UTC(2026, 0, 5)
let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'metrics-contract-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function cycle(number: number) {
  const timestampMs = START_MS + number * 10_000
  return {
    containers: new Map([[101, sample({ timestampMs, memoryUsageMb: number })]]),
    summary: summary({ collectionStartMs: timestampMs, collectionEndMs: timestampMs + 20 }),
  }
}

describe('the metrics file', () => {
  test('reads back what was written', () => {
    expect(parseCycle(formatCycle(cycle(7)))).toEqual(cycle(7))
  })

  test('gives the model each cycle of the monitor once and in order, however often both look, compactions included', async () => {
    // Steps: that many cycles are written, then the model looks.
    const steps = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 })
    let run = 0
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(300, 5_000), async (written, chunkBytes) => {
        const path = join(directory, `${run++}.json`)
        const file = new SnapshotFile({ path, maxEntries: 20, nowMs: () => START_MS, log: recordingLog().log })
        const source = new MetricsFileSource({ path, chunkBytes })
        const seen: number[] = []
        let last = 0
        for (const count of written) {
          for (let i = 0; i < count; i++) await file.append(Buffer.from(formatCycle(cycle(++last))))
          await source.follow(({ containers }) => seen.push(containers.get(101)?.memoryUsageMb ?? -1))
        }
        await file.close()
        expect(seen).toEqual(Array.from({ length: last }, (_, i) => i + 1))
      }),
      { numRuns: 25 },
    )
  })
})
