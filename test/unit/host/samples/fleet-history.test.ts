import type { ContainerSample, MetricsCycle } from '@lxc-autoscale/core'
import { FleetHistory } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { sample, summary } from '../../../builders/snapshot.ts'

const START_MS = Date.UTC(2026, 0, 5)

function cycle(atSeconds: number, containers: Record<number, Partial<ContainerSample>> = { 101: {} }): MetricsCycle {
  const timestampMs = START_MS + atSeconds * 1_000
  const samples = Object.entries(containers).map(
    ([vmid, overrides]) => [Number(vmid), sample({ timestampMs, ...overrides })] as const,
  )
  return { containers: new Map(samples), summary: undefined }
}

function counters(bytes: number, operations: number): Partial<ContainerSample> {
  return {
    networkUsage: { rxBytes: bytes, txBytes: bytes * 2 },
    ioStats: { reads: operations, writes: operations * 2 },
  }
}

describe('FleetHistory', () => {
  test('gives the growth of counters per second', () => {
    const history = new FleetHistory()
    history.add(cycle(0, { 101: counters(1_000, 10) }))
    const [reading] = history.add(cycle(10, { 101: counters(6_000, 40) }))
    expect(reading).toMatchObject({ elapsedMs: 10_000, rates: { rxBytes: 500, txBytes: 1_000, reads: 3, writes: 6 } })
  })

  test('does not know the growth at a first sample, or of a counter that went back', () => {
    const history = new FleetHistory()
    const unknown = { rxBytes: undefined, txBytes: undefined, reads: undefined, writes: undefined }
    expect(history.add(cycle(0))).toMatchObject([{ isNewRun: true, elapsedMs: undefined, rates: unknown }])
    history.add(cycle(10, { 101: counters(1_000, 10) }))
    const [reading] = history.add(cycle(20, { 101: { ...counters(900, 20), runId: 4_711 } }))
    expect(reading).toMatchObject({ isNewRun: false, rates: { rxBytes: undefined, reads: 1 } })
  })

  test('leaves out what it knows already', () => {
    const history = new FleetHistory()
    history.add(cycle(0))
    history.add(cycle(10))
    expect(history.add(cycle(0))).toEqual([])
    expect(history.add(cycle(10))).toEqual([])
    expect(history.add(cycle(20))).toHaveLength(1)
  })

  test('begins anew with a container that was made or started again', () => {
    const history = new FleetHistory()
    history.add(cycle(0, { 101: { runId: 1 }, 102: { runId: 7 } }))
    const readings = history.add(cycle(10, { 101: { runId: 2 }, 102: { runId: 7 } }))
    expect(readings.map(({ vmid, isNewRun }) => ({ vmid, isNewRun }))).toEqual([
      { vmid: 101, isNewRun: true },
      { vmid: 102, isNewRun: false },
    ])
  })

  test("tells a new run in the predecessor's files by all counters beginning anew", () => {
    const history = new FleetHistory()
    const at = (seconds: number, bytes: number, operations: number) =>
      history.add(cycle(seconds, { 101: { ...counters(bytes, operations), runId: undefined } }))[0]?.isNewRun
    at(0, 1_000, 10)
    expect(at(10, 1_000, 10)).toBe(false)
    expect(at(20, 400, 20)).toBe(false)
    expect(at(30, 10, 1)).toBe(true)
  })

  test('marks the first sample after a gap of more than five intervals', () => {
    const history = new FleetHistory()
    const gaps = [0, 10, 20, 30, 70, 80, 140].map(seconds => history.add(cycle(seconds))[0]?.isAfterGap)
    expect(gaps).toEqual([true, false, false, false, false, false, true])
  })

  test('knows the usual interval after the third cycle, and one long pause does not change it', () => {
    const history = new FleetHistory()
    const intervals = [0, 10, 20, 500, 510].map(seconds => {
      history.add(cycle(seconds))
      return history.intervalMs
    })
    expect(intervals).toEqual([undefined, undefined, 10_000, 10_000, 10_000])
  })

  test('goes by the cycles while no container runs, but not by one of the future', () => {
    const history = new FleetHistory()
    history.add(cycle(0))
    const empty = (atSeconds: number) => ({
      containers: new Map(),
      summary: summary({ collectionEndMs: START_MS + atSeconds * 1_000 }),
    })
    history.add(empty(600), START_MS + 600_000)
    expect(history.newestMs).toBe(START_MS + 600_000)
    history.add(empty(9_000), START_MS + 610_000)
    expect(history.newestMs).toBe(START_MS + 600_000)
  })

  test('forgets a container that was not seen for the window', () => {
    const history = new FleetHistory()
    history.add(cycle(0, { 101: {}, 102: {} }))
    history.add(cycle(3_600, { 101: {} }))
    expect(history.forgetVanished(3_600_000)).toEqual([])
    history.add(cycle(3_610, { 101: {} }))
    expect(history.forgetVanished(3_600_000)).toEqual([102])
    expect(history.forgetVanished(3_600_000)).toEqual([])
  })

  test('takes samples again after the clock of the host was set back, in a time that never falls', () => {
    const history = new FleetHistory()
    const [before] = history.add(cycle(7_200), START_MS + 7_200_000)
    const [after] = history.add(cycle(10), START_MS + 10_000)
    expect(after).toMatchObject({ isNewRun: false, isAfterGap: true, elapsedMs: undefined })
    expect(after?.timeMs).toBeGreaterThan(before?.timeMs ?? 0)
    expect(history.newestMs).toBe(START_MS + 10_000)
    expect(history.add(cycle(20), START_MS + 20_000)).toMatchObject([{ elapsedMs: 10_000 }])
  })

  test('leaves out samples of the future, which an earlier clock put into the file', () => {
    const history = new FleetHistory()
    const nowMs = START_MS + 100_000
    expect(history.add(cycle(7_200), nowMs)).toEqual([])
    expect(history.add(cycle(90), nowMs)).toHaveLength(1)
  })

  test('leaves out what was learned before a restart, but for samples when that lies in the future', () => {
    const learned = new Map([[101, { newestMs: START_MS + 20_000 }]])
    const goesOn = new FleetHistory(learned)
    const counts = [10, 20, 30].map(seconds => goesOn.add(cycle(seconds), START_MS + 30_000).length)
    expect(counts).toEqual([0, 0, 1])
    const setBack = new FleetHistory(new Map([[101, { newestMs: START_MS + 7_200_000 }]]))
    expect(setBack.add(cycle(30), START_MS + 30_000)).toHaveLength(1)
  })

  test('knows the growth of counters over a restart', () => {
    const history = new FleetHistory(new Map([[101, { newestMs: START_MS }]]))
    history.add(cycle(0, { 101: counters(1_000, 10) }))
    const added = history.add(cycle(10, { 101: counters(6_000, 40) }))
    expect(added).toMatchObject([{ isNewRun: false, rates: { rxBytes: 500 } }])
  })
})
