import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptySample, formatCycle, successBody, WhatIfBody, type WhatIfJob } from '@lxc-autoscale/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { replayProcess } from '../../packages/api/src/replays/replay-process.ts'
import { ApiDaemon, KEYS } from '../fakes/api-daemon.ts'
import { nodeFile } from '../fakes/program-file.ts'

let directory = ''
let api: ApiDaemon

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-what-if-'))
  const metricsFile = join(directory, 'metrics.json')
  const endMs = Date.now()
  const cycles = Array.from({ length: 300 }, (_, minute) => {
    const timestampMs = endMs - (300 - minute) * 60_000
    const used = { cpuCoresUsed: 0.3, cpuCores: 4, memoryUsageMb: 200, memoryLimitMb: 2_048 }
    return formatCycle({
      containers: new Map([[101, { ...emptySample(), ...used, timestampMs }]]),
      summary: undefined,
    })
  })
  writeFileSync(metricsFile, `[\n${cycles.join(',\n')}\n]\n`)
  const health = { metrics_file: metricsFile, model_lock_file: '', model_status_file: '' }
  const containers = [101, 102].map(vmid => ({ vmid, shape: 'idle' as const, cores: 4, memoryMb: 2_048 }))
  api = await ApiDaemon.start({ hostCores: 8, containers, config: { health } })
  const since = new Date(endMs - 7_200_000).toISOString()
  const isKnown = async () => {
    const { json } = await api.ask(`/series?lxc_id=101&since=${since}`)
    return json.data.memory_given_mb.some((given: number | null) => given !== null)
  }
  while (!(await isKnown())) await new Promise(done => setTimeout(done, 20))
})
afterAll(async () => {
  await api.stop()
  rmSync(directory, { recursive: true, force: true })
})

const ask = (body: unknown, key: string = KEYS.scale) => api.ask('/what-if', { body, key })

async function ended(id: string): Promise<WhatIfBody> {
  for (;;) {
    const { data } = successBody(WhatIfBody).parse((await api.ask(`/what-if/${id}`, { key: KEYS.read })).json)
    if (data.state !== 'waiting' && data.state !== 'running') return data
    await new Promise(done => setTimeout(done, 20))
  }
}

test('the history of a container is replayed under a setting that is asked for', async () => {
  const { status, json } = await ask({ lxc_id: 101, settings: { learning_hours: 1, throttling_price: 80 } })
  expect(status).toBe(202)
  const { state, text, result } = await ended(json.data.id)
  expect({ state, text }).toEqual({ state: 'done', text: '' })
  expect(result).toMatchObject({ settings: { learning_hours: 1, throttling_price: 80 }, had: { memory_mb: 2_048 } })
  expect(result?.would.memory_mb).toBeLessThan(2_048)
})

test('what cannot be asked is refused with its reason, and by the rights of the key', async () => {
  const wrong = await ask({ lxc_id: 101, settings: { throttling_price: 'cheap' } })
  expect(wrong).toMatchObject({ status: 400, json: { error: 'INVALID_REQUEST' } })
  expect(wrong.json.message).toMatch(/settings\.throttling_price: .*cheap/)
  expect((await ask({ lxc_id: 199 })).json.error).toBe('CONTAINER_NOT_FOUND')
  expect((await ask({ lxc_id: 101 }, KEYS.read)).status).toBe(403)
  expect((await api.ask('/what-if/00000000-0000-4000-8000-000000000000')).json.error).toBe('REPLAY_NOT_FOUND')
  const { json } = await ask({ lxc_id: 102 })
  expect(await ended(json.data.id)).toMatchObject({
    state: 'failed',
    text: expect.stringMatching(/nothing is known of container 102/),
  })
  expect((await api.ask(`/what-if/${json.data.id}`, { key: KEYS.only101 })).status).toBe(403)
  const cancelled = await api.ask(`/what-if/${json.data.id}`, { method: 'DELETE', body: {}, key: KEYS.scale })
  expect(cancelled).toMatchObject({ status: 200, json: { data: { state: 'failed' } } })
})

test.each([
  [
    'runs out of memory',
    'const all = []; for (;;) all.push(new Array(1e6).fill(0.5))',
    /^it ended (by SIGABRT|with exit code 134)/,
  ],
  ['is killed', "process.kill(process.pid, 'SIGKILL')", /^it ended by SIGKILL/],
  ['has a bug', "throw new Error('a bug')", /^it ended with exit code 1/],
])('a process that %s is an answer, not the end of whoever started it', async (_what, program, message) => {
  const file = join(directory, 'program.mjs')
  writeFileSync(file, program)
  const replay = replayProcess({ node: nodeFile(), program: file })
  const terms = { signal: new AbortController().signal, onProgress: () => undefined }
  await expect(replay({} as WhatIfJob, terms)).rejects.toThrow(message)
})
