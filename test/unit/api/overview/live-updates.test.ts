import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { expect, onTestFinished, test } from 'vitest'
import type { Caller } from '../../../../packages/api/src/http/caller.ts'
import { EventStreams } from '../../../../packages/api/src/http/event-streams.ts'
import { LiveUpdates } from '../../../../packages/api/src/overview/live-updates.ts'
import type { Look } from '../../../../packages/api/src/overview/overview.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

const EVERYBODY: Caller = { key: 'all', role: 'read', containers: undefined }
const ONLY_101: Caller = { key: 'one', role: 'read', containers: new Set([101]) }
const STEP_MS = 300_000

/** A host whose rows are what a test says, and the streams of those who listen to it. */
function setup() {
  const clock = new FakeClock()
  const stopping = new AbortController()
  const listeners = new Set<(entry: HistoryEntryBody) => void>()
  const host = { rows: { 101: '"a"', 102: '"b"' } as Record<number, string>, looks: 0, version: 1, isBroken: false }
  const overview = {
    async look() {
      host.looks += 1
      if (host.isBroken) throw new Error('EIO')
      const texts = new Map(Object.entries(host.rows).map(([vmid, text]) => [Number(vmid), text]))
      return { version: host.version, texts } as unknown as Look
    },
    headFor: () => ({ now: 'now' }),
    textFor: (_look: unknown, { key }: Caller) => JSON.stringify(`all for ${key}`),
    sparksEndMs: () => Math.floor(clock.nowMs() / STEP_MS) * STEP_MS,
    sparksTextFor: () => '"a step"',
  }
  const audit = {
    subscribe(listener: (entry: HistoryEntryBody) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const live = new LiveUpdates({ clock, overview, audit, signal: stopping.signal } as never)
  const streams = new EventStreams()
  onTestFinished(() => stopping.abort())
  const listen = async (caller: Caller) => {
    const stream = streams.open(caller, false)
    let text = ''
    stream.on('data', part => {
      text += part
    })
    await live.join(stream)
    await clock.advance(0)
    /** The events since the last call. */
    const events = () => {
      const found = [...text.matchAll(/event: (\w+)\ndata: (.*)\n/g)].map(([, name, data = '']) =>
        data === '' ? [name] : [name, JSON.parse(data)],
      )
      text = ''
      return found
    }
    return { stream, events }
  }
  return { clock, host, listeners, listen }
}

test('who listens is told all at first, and then what is new, each what he may see', async () => {
  const { clock, host, listen } = setup()
  const [all, one] = [await listen(EVERYBODY), await listen(ONLY_101)]
  expect(all.events()).toEqual([['overview', 'all for all']])
  expect(one.events()).toEqual([['overview', 'all for one']])
  await clock.advance(2_000)
  expect(all.events()).toEqual([])
  Object.assign(host, { version: 2, rows: { 101: '"a"', 103: '"c"' } })
  await clock.advance(1_000)
  expect(all.events()).toEqual([['rows', { head: { now: 'now' }, rows: ['c'], gone: [102] }]])
  expect(one.events()).toEqual([['rows', { head: { now: 'now' }, rows: [], gone: [] }]])
})

test('when it cannot be looked any more the streams end, and who comes back is heard anew', async () => {
  const { clock, host, listen } = setup()
  const { stream } = await listen(EVERYBODY)
  host.isBroken = true
  await clock.advance(1_000)
  expect(stream.destroyed).toBe(true)
  host.isBroken = false
  const again = await listen(EVERYBODY)
  again.events()
  Object.assign(host, { version: 2, rows: { 101: '"x"' } })
  await clock.advance(1_000)
  expect(again.events()).toEqual([['rows', expect.objectContaining({ rows: ['x'] })]])
})

test('who comes later knows what the others know from then on', async () => {
  const { clock, host, listen } = setup()
  const first = await listen(EVERYBODY)
  first.events()
  Object.assign(host, { version: 2, rows: { 101: '"x"', 102: '"b"' } })
  const second = await listen(EVERYBODY)
  expect(first.events()).toEqual([['rows', expect.objectContaining({ rows: ['x'] })]])
  expect(second.events()).toEqual([['overview', 'all for all']])
  await clock.advance(1_000)
  expect([...first.events(), ...second.events()]).toEqual([])
})

test('changes are told at once, steps when they are over, and a beat comes every 15 s', async () => {
  const { clock, listeners, listen } = setup()
  const [all, one] = [await listen(EVERYBODY), await listen(ONLY_101)]
  all.events()
  one.events()
  for (const listener of listeners) listener(historyEntry({ lxc_id: 102 }))
  await clock.advance(0)
  expect(all.events()).toEqual([['change', historyEntry({ lxc_id: 102 })]])
  expect(one.events()).toEqual([])
  await clock.advance(STEP_MS)
  const names = all.events().map(([name]) => name)
  expect(names.filter(name => name === 'sparks')).toHaveLength(1)
  expect(names.filter(name => name === 'beat')).toHaveLength(STEP_MS / 15_000)
})

test('nobody is looked for when nobody listens any more', async () => {
  const { clock, host, listeners, listen } = setup()
  const { stream } = await listen(EVERYBODY)
  await clock.advance(3_000)
  expect(host.looks).toBe(4)
  stream.destroy()
  await clock.advance(60_000)
  expect(host.looks).toBeLessThanOrEqual(5)
  expect(listeners.size).toBe(0)
  const again = await listen(EVERYBODY)
  expect(again.events()).toEqual([['overview', 'all for all']])
  await clock.advance(15_000)
  expect(again.events()).toEqual([['beat']])
})
