import type { ContainerSample, MetricsCycle } from '@lxc-autoscale/core'
import { FleetHistory } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { AnomalyModel } from '../../../../packages/model/src/anomaly/anomaly-model.ts'
import {
  type AnomalySettings,
  DEFAULT_ANOMALY_SETTINGS,
} from '../../../../packages/model/src/anomaly/anomaly-settings.ts'
import { describeVerdict } from '../../../../packages/model/src/anomaly/describe-verdict.ts'
import { DAY_S, HOUR_S, watch } from '../../../builders/anomaly-run.ts'
import { type Allowed, changedFrom, idle, MONDAY_MS, noisy, type Shape, Workload } from '../../../builders/workload.ts'

const MINUTE_S = 60

class Fleet {
  readonly model: AnomalyModel
  readonly history = new FleetHistory()
  readonly #workloads: Map<number, Workload>

  constructor(shapes: readonly Shape[], settings: Partial<AnomalySettings> = {}) {
    this.model = new AnomalyModel({ ...DEFAULT_ANOMALY_SETTINGS, ...settings })
    this.#workloads = new Map(shapes.map((shape, i) => [101 + i, new Workload(shape, i + 1)]))
  }

  /** The samples of all containers, or of some. */
  cycle(seconds: number, { vmids, allowed = {} }: { vmids?: readonly number[]; allowed?: Allowed } = {}): MetricsCycle {
    const containers = new Map<number, ContainerSample>()
    for (const [vmid, workload] of this.#workloads) {
      if (vmids === undefined || vmids.includes(vmid)) containers.set(vmid, workload.at(seconds, allowed))
    }
    return { containers, summary: undefined }
  }

  observe(seconds: number, options: { allowed?: Allowed; nowMs?: number } = {}): void {
    const { nowMs } = options
    this.model.observe(this.history.add(this.cycle(seconds, options), nowMs), nowMs)
  }

  run(from: number, to: number, options: { vmids?: readonly number[]; allowed?: Allowed } = {}): void {
    for (let seconds = from; seconds < to; seconds += MINUTE_S) {
      this.observe(seconds, options)
      this.model.refitDue()
    }
  }
}

const busy = (load: { cores: number; memoryMb: number }) => ({
  cores: load.cores + 2.5,
  memoryMb: load.memoryMb + 2_000,
})

describe('AnomalyModel', () => {
  test('has no verdict of a container whose history is too short, and says so', () => {
    const fleet = new Fleet([noisy])
    fleet.run(0, 5 * HOUR_S)
    expect(fleet.model.verdict(101)).toMatchObject({
      source: 'none',
      isAnomalous: false,
      score: undefined,
      confidence: 0,
    })
    fleet.run(5 * HOUR_S, 6 * HOUR_S + 2 * MINUTE_S)
    expect(fleet.model.verdict(101)).toMatchObject({ source: 'container', isAnomalous: false })
  })

  test('judges a container by the others until it has history enough', () => {
    const fleet = new Fleet([...Array<Shape>(7).fill(noisy), changedFrom(4 * HOUR_S, noisy, busy)])
    fleet.run(0, 4 * HOUR_S)
    expect(fleet.model.verdict(101)).toMatchObject({ source: 'fleet', isAnomalous: false })
    fleet.run(4 * HOUR_S, 4 * HOUR_S + 15 * MINUTE_S)
    expect(fleet.model.verdict(108)).toMatchObject({ source: 'fleet', isAnomalous: true })
    expect(fleet.model.verdict(101)).toMatchObject({ isAnomalous: false })
  })

  test('explains an anomaly with the figures that are strange, and counts one alarm', () => {
    const fleet = new Fleet([changedFrom(DAY_S, noisy, busy)])
    fleet.run(0, DAY_S + HOUR_S)
    const verdict = fleet.model.verdict(101)
    expect(verdict).toMatchObject({ source: 'container', isAnomalous: true })
    expect(verdict?.confidence).toBeGreaterThan(50)
    expect(verdict?.topFeatures[0]?.name).toMatch(/cpu|memory/)
    expect(verdict && describeVerdict(verdict)).toMatch(/^unlike itself: score 0\.\d+ above 0\.\d+ \(\w+ \d+%/)
    const ending = verdict && { ...verdict, score: 0.426, alarmScore: 0.431 }
    expect(ending && describeVerdict(ending)).toMatch(/^unlike itself: score 0\.426 still near 0\.43 \(/)
    expect(fleet.model.counts()).toMatchObject({ alarms: 1, withOwnForests: 1 })
  })

  test('does not learn what it flagged', () => {
    const fleet = new Fleet([changedFrom(DAY_S, noisy, busy)])
    fleet.run(0, DAY_S)
    const before = fleet.model.counts()
    fleet.run(DAY_S, DAY_S + 4 * HOUR_S)
    const after = fleet.model.counts()
    const learned = after.samplesLearned - before.samplesLearned
    const flagged = after.samplesFlagged - before.samplesFlagged
    expect(flagged).toBeGreaterThan(225)
    expect(learned + flagged).toBeLessThanOrEqual(240)
    expect(learned).toBeLessThan(15)
  })

  test('does not take a change of our own for an anomaly, and neither judges nor learns while it settles', () => {
    const fleet = new Fleet([noisy])
    fleet.run(0, DAY_S)
    const twice: Allowed = { cores: 8, memoryMb: 8_192 }
    fleet.observe(DAY_S, { allowed: twice })
    expect(fleet.model.verdict(101)).toMatchObject({ source: 'none' })
    fleet.run(DAY_S + MINUTE_S, DAY_S + 2 * HOUR_S, { allowed: twice })
    expect(fleet.model.verdict(101)).toMatchObject({ source: 'container', isAnomalous: false })
    expect(fleet.model.counts().samplesFlagged).toBe(0)
    const { samplesLearned } = fleet.model.counts()
    fleet.model.noteChange(101, MONDAY_MS + (DAY_S + 2 * HOUR_S) * 1_000)
    fleet.observe(DAY_S + 2 * HOUR_S, { allowed: twice })
    expect(fleet.model.verdict(101)?.source).toBe('none')
    expect(fleet.model.counts().samplesLearned).toBe(samplesLearned)
  })

  test('begins anew with a container that was made again', () => {
    const fleet = new Fleet([noisy])
    fleet.run(0, DAY_S)
    fleet.observe(DAY_S, { allowed: { runId: 2 } })
    expect(fleet.model.verdict(101)?.source).toBe('none')
    expect(fleet.model.counts()).toMatchObject({ withOwnForests: 0 })
  })

  test('forgets a container that is gone', () => {
    const fleet = new Fleet([noisy, idle])
    fleet.run(0, HOUR_S)
    fleet.model.forget([102])
    expect(fleet.model.verdict(102)).toBeUndefined()
    expect(fleet.model.counts().containers).toBe(1)
  })

  test('grows no more forests per cycle than it may, those that wait longest first', () => {
    const fleet = new Fleet(Array<Shape>(12).fill(noisy))
    for (let seconds = 0; seconds < 8 * HOUR_S; seconds += MINUTE_S) fleet.observe(seconds)
    const fits = Array.from({ length: 5 }, () => fleet.model.refitDue({ maxFits: 4 }))
    expect(fits.map(({ fitted }) => fitted)).toEqual([4, 4, 4, 1, 0])
    expect(fits.at(-1)?.due).toBe(0)
  })

  test('learns old samples of a file without judging them', () => {
    const nowMs = MONDAY_MS + DAY_S * 1_000
    const fleet = new Fleet([noisy])
    fleet.observe(0, { nowMs })
    for (let seconds = MINUTE_S; seconds < DAY_S; seconds += MINUTE_S) fleet.observe(seconds, { nowMs })
    expect(fleet.model.counts()).toMatchObject({ samplesSeen: 1_440, samplesLearned: 1_440 })
    expect(fleet.model.verdict(101)).toMatchObject({ source: 'container', isAnomalous: false })
  })

  test('judges a container although some of its figures are never known', () => {
    const model = new AnomalyModel(DEFAULT_ANOMALY_SETTINGS)
    const history = new FleetHistory()
    const workload = new Workload(noisy)
    const unknown = { swapUsageMb: undefined, ioStats: undefined, cpuCores: undefined, processCount: undefined }
    for (let seconds = 0; seconds < 8 * HOUR_S; seconds += MINUTE_S) {
      const containers = new Map([[101, { ...workload.at(seconds), ...unknown }]])
      model.observe(history.add({ containers, summary: undefined }))
    }
    expect(model.verdict(101)).toMatchObject({ source: 'container', isAnomalous: false })
    expect(model.verdict(101)?.score).toBeGreaterThan(0)
  })

  test('comes to the same verdicts from the same samples and seed', () => {
    const scores = () => {
      const found: (number | undefined)[] = []
      watch({ shape: noisy, everySeconds: 60, seconds: 9 * HOUR_S, onVerdict: (_, { score }) => found.push(score) })
      return found
    }
    expect(scores()).toEqual(scores())
  })

  test('flags about the share of samples that the administrator sets', () => {
    const { samplesFlagged, samplesSeen } = watch({
      shape: noisy,
      everySeconds: 60,
      seconds: 3 * DAY_S,
      settings: { contamination: 0.05 },
    }).counts()
    expect(samplesFlagged / samplesSeen).toBeGreaterThan(0.005)
    expect(samplesFlagged / samplesSeen).toBeLessThan(0.15)
  })
})

describe('a saved model', () => {
  const settings = DEFAULT_ANOMALY_SETTINGS

  test('goes on after a restart without the hours of learning, though the file is read again', () => {
    const fleet = new Fleet([changedFrom(DAY_S + HOUR_S, noisy, busy), idle])
    fleet.run(0, DAY_S)
    const restored = AnomalyModel.restore(settings, [...fleet.model.serialise()])
    const newestMs = fleet.history.newestMs ?? 0
    const history = new FleetHistory(new Map([101, 102].map(vmid => [vmid, { newestMs }])))
    const replayed = new Fleet([changedFrom(DAY_S + HOUR_S, noisy, busy), idle])
    for (let seconds = 0; seconds < DAY_S + 2 * HOUR_S; seconds += MINUTE_S) {
      const cycle = replayed.cycle(seconds)
      // The metrics file still has its last hours; the model reads them again.
      if (seconds < 20 * HOUR_S) continue
      restored.observe(history.add(cycle))
      if (seconds === DAY_S - MINUTE_S) expect(restored.counts().samplesLearned).toBe(0)
      if (seconds === DAY_S + 20 * MINUTE_S) {
        expect(restored.verdict(101)).toMatchObject({ source: 'container', isAnomalous: false })
      }
    }
    expect(restored.verdict(101)).toMatchObject({ source: 'container', isAnomalous: true })
    expect(restored.verdict(102)).toMatchObject({ source: 'container', isAnomalous: false })
  })

  test('judges after a restart as if there had been none, also what the fleet judges', () => {
    const shapes = [noisy, idle, changedFrom(20 * HOUR_S + 900, noisy, busy), idle, noisy, noisy]
    const straight = new Fleet(shapes)
    const old = [101, 102, 103, 104, 105]
    straight.run(0, 18 * HOUR_S, { vmids: old })
    straight.run(18 * HOUR_S, 20 * HOUR_S)
    const stoppedS = 20 * HOUR_S
    const restored = AnomalyModel.restore(settings, [...straight.model.serialise()])
    const newestMs = straight.history.newestMs ?? 0
    const history = new FleetHistory(new Map([...old, 106].map(vmid => [vmid, { newestMs }])))
    const replayed = new Fleet(shapes)
    for (let seconds = 0; seconds < stoppedS; seconds += MINUTE_S) {
      const cycle = replayed.cycle(seconds, seconds < 18 * HOUR_S ? { vmids: old } : {})
      if (seconds < stoppedS - 20 * MINUTE_S) continue
      expect(history.add(cycle, undefined, { recall: each => restored.recall(each) })).toEqual([])
    }
    const seen = new Set<string>()
    for (let seconds = stoppedS; seconds < stoppedS + 4 * HOUR_S; seconds += MINUTE_S) {
      const cycle = straight.cycle(seconds)
      restored.observe(history.add(cycle))
      straight.model.observe(straight.history.add(cycle))
      expect(restored.refitDue()).toEqual(straight.model.refitDue())
      for (const vmid of [...old, 106]) {
        const verdict = straight.model.verdict(vmid)
        expect(restored.verdict(vmid)).toEqual(verdict)
        seen.add(`${verdict?.source} ${verdict?.isAnomalous}`)
      }
    }
    expect(seen).toContain('container true')
    expect(seen).toContain('fleet false')
  })

  test('is not taken for another run of the container', () => {
    const fleet = new Fleet([noisy])
    fleet.run(0, DAY_S)
    const restored = AnomalyModel.restore(settings, fleet.model.serialise())
    restored.observe(fleet.history.add(fleet.cycle(DAY_S, { allowed: { runId: 2 } })))
    expect(restored.counts().withOwnForests).toBe(0)
  })

  test('is saved again although nothing was seen since', () => {
    const fleet = new Fleet([noisy, idle])
    fleet.run(0, DAY_S)
    const lines = [...fleet.model.serialise()]
    expect([...AnomalyModel.restore(settings, lines).serialise()]).toEqual(lines)
  })

  test.each([
    [
      'of another version',
      (lines: string[]) => ['{"format":"lxc-autoscale-anomaly-model","version":9}', ...lines.slice(1)],
      'version',
    ],
    ['that is cut off', (lines: string[]) => lines.slice(0, -1), 'cut off'],
    ['cut off within a line', (lines: string[]) => [lines[0] ?? '', (lines[1] ?? '').slice(0, 500)], 'not JSON'],
    [
      'with a damaged array',
      (lines: string[]) => lines.map(line => line.replace(/"rows":"..../, '"rows":"')),
      'line 2',
    ],
    ['with nothing in it', () => [], 'cut off'],
  ])('%s is refused with the reason', (_, damage, reason) => {
    const fleet = new Fleet([noisy])
    fleet.run(0, 7 * HOUR_S)
    const lines = damage([...fleet.model.serialise()])
    expect(() => AnomalyModel.restore(settings, lines)).toThrow(expect.objectContaining({ code: 'STATE_INVALID' }))
    expect(() => AnomalyModel.restore(settings, lines)).toThrow(reason)
  })
})
