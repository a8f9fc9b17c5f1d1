import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VerdictStatus } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { AnomalyLog } from '../../../../packages/api/src/series/anomaly-log.ts'
import { containerStatus, modelStatus } from '../../../builders/model-status.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const START_MS = Date.UTC(2026, 0, 5)
const MINUTE_MS = 60_000
const at = (minute: number) => new Date(START_MS + minute * MINUTE_MS).toISOString()

function verdict(changes: Partial<VerdictStatus>): VerdictStatus {
  const features = [{ name: 'cpu', share: 1 }]
  const calm = {
    is_anomalous: false,
    is_acted_on: false,
    confidence: 0,
    score: 0.4,
    threshold: 0.6,
    source: 'container',
  }
  return { ...calm, features, why: '', ...changes } as VerdictStatus
}

/** What the model wrote down in a minute of its cycles. */
function see(log: AnomalyLog, minute: number, confidence: number, outcome: 'decided' | 'stale' = 'decided'): void {
  const isAnomalous = confidence > 0
  const said = verdict({ is_anomalous: isAnomalous, confidence, why: `strange by ${confidence}` })
  const containers = [containerStatus({ verdict: said }), containerStatus({ vmid: 102 })]
  log.watch(modelStatus({ updated_at: at(minute), cycle: { outcome }, containers }), START_MS + minute * MINUTE_MS)
}

const between = (log: AnomalyLog, from = 0, until = 1e4) =>
  log.between(101, START_MS + from * MINUTE_MS, START_MS + until * MINUTE_MS)

test('an episode lasts from the first verdict to the last, and is told as the model was surest', () => {
  const log = new AnomalyLog(temporaryDirectory())
  for (const [minute, confidence] of [0, 0.6, 0.9, 0.7].entries()) see(log, minute, confidence)
  expect(between(log)).toEqual([
    { from: at(1), until: null, text: 'strange by 0.9', features: [{ name: 'cpu', share: 1 }] },
  ])
  see(log, 4, 0)
  expect(between(log)).toMatchObject([{ from: at(1), until: at(3) }])
  expect(log.between(102, START_MS, START_MS + 1e9)).toEqual([])
})

test('verdicts with one breath between them are one episode, others are two', () => {
  const log = new AnomalyLog(temporaryDirectory())
  for (const [minute, confidence] of [0.6, 0, 0.6, 0, 0, 0, 0.6, 0].entries()) see(log, minute * 0.9, confidence)
  expect(between(log).map(({ from }) => from)).toEqual([at(0), at(0.9 * 6)])
  expect(between(log, 3).map(({ from }) => from)).toEqual([at(0.9 * 6)])
})

test('what nobody sees any more is over when it was seen last', () => {
  const log = new AnomalyLog(temporaryDirectory())
  see(log, 0, 0.6)
  see(log, 1, 0.6)
  see(log, 5, 0, 'stale')
  expect(between(log)).toMatchObject([{ until: null }])
  log.watch(undefined, START_MS + 12 * MINUTE_MS)
  expect(between(log)).toMatchObject([{ until: at(1) }])
})

test('it goes on after a restart, from a file that is written when something is new', async () => {
  const directory = temporaryDirectory()
  const log = new AnomalyLog(directory)
  see(log, 0, 0.6)
  expect(log.isChanged).toBe(true)
  await log.save()
  see(log, 1, 0.7)
  expect(log.isChanged).toBe(false)
  await log.save()
  const restarted = new AnomalyLog(directory)
  await restarted.restore()
  see(restarted, 2, 0.6)
  see(restarted, 3, 0)
  expect(between(restarted)).toMatchObject([{ from: at(0), until: at(2), text: 'strange by 0.7' }])
})

test('a file that cannot be understood is none', async () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'anomalies.json'), '{"version":1,"episodes":[{"lxc')
  const log = new AnomalyLog(directory)
  await log.restore()
  expect(between(log)).toEqual([])
})

test('the newest five thousand are kept', async () => {
  const directory = temporaryDirectory()
  const file = join(directory, 'anomalies.json')
  const log = new AnomalyLog(directory)
  see(log, 0, 0.6)
  await log.save()
  const { version, episodes } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ version, episodes: Array(5_001).fill({ ...episodes[0], is_over: true }) }))
  const restarted = new AnomalyLog(directory)
  await restarted.restore()
  see(restarted, 60, 0.6)
  await restarted.save()
  const kept = JSON.parse(readFileSync(file, 'utf8')).episodes
  expect([kept.length, kept.at(-1).from_ms]).toEqual([5_000, START_MS + 60 * MINUTE_MS])
})
