import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatCycle, type MetricsCycle, SeriesBody, successBody } from '@lxc-autoscale/core'
import { expect, onTestFinished, test } from 'vitest'
import { containerStatus, modelStatus } from '../builders/model-status.ts'
import { sample, summary } from '../builders/snapshot.ts'
import { ApiDaemon, KEYS } from '../fakes/api-daemon.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000

function cycle(timestampMs: number, cpuCoresUsed = 0.5): MetricsCycle {
  const of = (vmid: number) => [vmid, sample({ timestampMs, cpuCoresUsed })] as const
  return { containers: new Map([of(101), of(102)]), summary: summary() }
}

async function setUp() {
  const directory = temporaryDirectory()
  const [metricsFile, statusFile] = [join(directory, 'metrics.json'), join(directory, 'status.json')]
  const beginMs = Math.floor(Date.now() / SECOND_MS) * SECOND_MS - HOUR_MS
  const times = Array.from({ length: 360 }, (_, at) => beginMs + at * 10 * SECOND_MS)
  writeFileSync(metricsFile, `[\n${times.map(timeMs => formatCycle(cycle(timeMs))).join(',\n')}\n]\n`)
  const features = [{ name: 'cpu_trend', share: 0.7 }]
  const said = { is_anomalous: true, is_acted_on: true, confidence: 0.9, score: 0.7, threshold: 0.6 }
  const verdict = { ...said, source: 'container', features, why: 'unlike itself' } as const
  const status = modelStatus({ updated_at: new Date().toISOString(), containers: [containerStatus({ verdict })] })
  writeFileSync(statusFile, JSON.stringify(status))
  const api = await ApiDaemon.start({
    hostCores: 8,
    containers: [101, 102].map(vmid => ({ vmid, shape: 'idle' as const, cores: 2, memoryMb: 1_024 })),
    config: { health: { metrics_file: metricsFile, model_lock_file: '', model_status_file: statusFile } },
  })
  onTestFinished(() => api.stop())
  return { api, metricsFile, beginMs }
}

function series(api: ApiDaemon, beginMs: number, words = '', key: string = KEYS.read) {
  return api.ask(`/series?lxc_id=101&since=${new Date(beginMs).toISOString()}${words}`, { key })
}

test('the history of a container is told over a kill and a stop, with changes and what was abnormal', async () => {
  const { api, metricsFile, beginMs } = await setUp()
  await api.ask('/scale/cores', { body: { lxc_id: 101, cores: 3 } })
  await api.ask('/scale/cores', { body: { lxc_id: 102, cores: 3 } })
  const told = async () => {
    const answer = await series(api, beginMs)
    expect(answer.status).toBe(200)
    return successBody(SeriesBody).parse(answer.json).data
  }
  const known = async () => (await told()).cores_used.mean.filter(value => value !== null).length
  await expect.poll(known, { timeout: 60_000 }).toBeGreaterThanOrEqual(180)
  const before = await told()
  expect(before).toMatchObject({ source: 'samples', step_seconds: 20 })
  expect(before.changes.map(({ lxc_id, action }) => [lxc_id, action])).toEqual([[101, 'scale']])
  await expect
    .poll(async () => (await told()).anomalies, { timeout: 60_000 })
    .toMatchObject([{ until: null, text: 'unlike itself', features: [{ name: 'cpu_trend', share: 0.7 }] }])

  await api.daemon.end('SIGKILL')
  await api.restart()
  await expect.poll(known, { timeout: 60_000 }).toBeGreaterThanOrEqual(180)
  expect(await told()).toMatchObject({ source: 'samples', anomalies: [{ text: 'unlike itself' }] })

  expect(await api.daemon.end('SIGTERM')).toBe(0)
  writeFileSync(metricsFile, '[\n')
  await api.restart()
  expect(await told()).toMatchObject({ source: 'minutes', anomalies: [{ text: 'unlike itself' }] })
  // The minute that was not over is lost with the file.
  expect(await known()).toBeGreaterThanOrEqual(59)
  appendFileSync(metricsFile, `${formatCycle(cycle(beginMs + HOUR_MS, 1.25))},\n`)
  await expect.poll(async () => (await told()).cores_used.max.includes(1.25), { timeout: 60_000 }).toBe(true)
})

test('a key that is for one container sees that one; a time that cannot be is named', async () => {
  const { api, beginMs } = await setUp()
  const since = new Date(beginMs).toISOString()
  expect(await series(api, beginMs, '', KEYS.only101)).toMatchObject({ status: 200 })
  expect(await api.ask(`/series?lxc_id=102&since=${since}`, { key: KEYS.only101 })).toMatchObject({ status: 403 })
  expect(await api.ask(`/series?lxc_id=101&since=${since}`, { key: '' })).toMatchObject({ status: 401 })
  for (const words of [`&until=${since}`, '&until=1970-01-01T00:00:00Z', '&steps=9', '&steps=1e3', '&until=soon']) {
    const answer = await series(api, beginMs, words)
    expect([words, answer.status, answer.json.error]).toEqual([words, 400, 'INVALID_REQUEST'])
  }
  expect(await series(api, Date.now() + HOUR_MS)).toMatchObject({ status: 400 })
  const oldest = await api.ask('/series?lxc_id=101&since=0000-01-01T00:00:00Z&until=9999-12-31T23:59:59Z')
  expect(oldest).toMatchObject({ status: 200, json: { data: { source: 'ten_minutes' } } })
})
