import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OverviewBody, successBody } from '@lxc-autoscale/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiDaemon, KEYS } from '../fakes/api-daemon.ts'

let api: ApiDaemon

beforeAll(async () => {
  const containers = [101, 102].map(vmid => ({ vmid, shape: 'idle' as const, cores: 2, memoryMb: 1_024 }))
  api = await ApiDaemon.start({ containers })
})
afterAll(() => api.stop())

interface Listener {
  readonly response: Response
  /** Resolves with what was sent, when `text` is in it. */
  until(text: string): Promise<string>
  /** Resolves when there is no more. */
  ended(): Promise<void>
  close(): void
}

async function listen(key: string = KEYS.read): Promise<Listener> {
  const stopping = new AbortController()
  const response = await fetch(`${api.url}/events`, { headers: { 'x-api-key': key }, signal: stopping.signal })
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let sent = ''
  const more = async () => {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (value !== undefined) sent += decoder.decode(value, { stream: true })
    return !done
  }
  return {
    response,
    async until(text) {
      while (!sent.includes(text)) if (!(await more())) throw new Error(`ended without ${text}: ${sent}`)
      return sent
    },
    async ended() {
      while (await more());
    },
    close: () => stopping.abort(),
  }
}

describe('the stream of events', () => {
  test('begins with what GET /overview answers, and tells a change when it is made, with the row that it changed', async () => {
    const listener = await listen()
    expect(listener.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(listener.response.headers.get('content-encoding')).toBe('gzip')
    const first = await listener.until('}\n\n')
    const [, data = ''] = /^retry: 2000\n\nid: 1\nevent: overview\ndata: (.*)\n\n/.exec(first) ?? []
    const body = OverviewBody.parse(JSON.parse(data))
    const { json } = await api.ask('/overview', { key: KEYS.read })
    const asked = successBody(OverviewBody).parse(json).data
    expect(body.rows).toEqual(asked.rows)
    expect(body.head.caller).toEqual({ key: 'viewer', role: 'read' })
    await api.ask('/scale/cores', { body: { lxc_id: 102, cores: 3, reason: 'more visitors' } })
    expect(await listener.until('event: change')).toContain('more visitors')
    expect(await listener.until('"text":"cores 2 -> 3"')).toContain('event: rows')
    listener.close()
  })

  test('shows a key for one container nothing of the others', async () => {
    const listener = await listen(KEYS.only101)
    await api.ask('/scale/cores', { body: { lxc_id: 102, cores: 4 } })
    await api.ask('/scale/cores', { body: { lxc_id: 101, cores: 3 } })
    const sent = await listener.until('event: rows')
    expect(sent).toContain('"lxc_id":101')
    expect(sent).not.toContain('"lxc_id":102')
    listener.close()
  })

  test('is there for so many pages of one key, and again when some are closed, however they ended', async () => {
    const listeners = await Promise.all(Array.from({ length: 64 }, () => listen()))
    expect(listeners.map(({ response }) => response.status)).toEqual(Array(64).fill(200))
    const refused = await api.ask('/events', { key: KEYS.read })
    expect(refused).toMatchObject({ status: 429, json: { error: 'RATE_LIMITED' } })
    expect(refused.json.message).toContain('64 streams of events are open with the key viewer')
    expect((await listen(KEYS.admin)).response.status).toBe(200)
    for (const listener of listeners) listener.close()
    for (let again = await listen(); again.response.status !== 200; again = await listen()) again.close()
  })

  test('ends when the keys are read anew, so that one which is no more hears nothing', async () => {
    const listener = await listen()
    await listener.until('event: overview')
    const file = join(api.directory, 'api.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace(KEYS.read, 'another-key-0009'))
    api.daemon.process.kill('SIGHUP')
    await listener.ended()
    expect((await listen()).response.status).toBe(401)
    expect((await listen('another-key-0009')).response.status).toBe(200)
  })

  test('keeps no daemon from stopping', async () => {
    const listeners = await Promise.all(Array.from({ length: 10 }, () => listen(KEYS.admin)))
    const stopped = once(api.daemon.process, 'exit')
    api.daemon.process.kill('SIGTERM')
    await Promise.all(listeners.map(listener => listener.ended()))
    expect(await stopped).toEqual([0, null])
  })
})
