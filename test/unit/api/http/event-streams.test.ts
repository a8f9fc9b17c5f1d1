import { setImmediate as turn } from 'node:timers/promises'
import { constants, gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Caller } from '../../../../packages/api/src/http/caller.ts'
import { EventStreams, StreamEvent } from '../../../../packages/api/src/http/event-streams.ts'

const callerOf = (key: string): Caller => ({ key, role: 'read', containers: undefined })

function read(stream: NodeJS.ReadableStream): Buffer[] {
  const parts: Buffer[] = []
  stream.on('data', part => parts.push(part))
  return parts
}

test('what is sent comes as it is, or compressed in one piece with what came before', async () => {
  const streams = new EventStreams()
  const open = [streams.open(callerOf('a'), false), streams.open(callerOf('b'), true)] as const
  const [plain, compressed] = open.map(read)
  const events = [new StreamEvent('beat', '', 1), new StreamEvent('rows', JSON.stringify('x'.repeat(5_000)), 2)]
  for (const stream of open) for (const event of events) stream.send(event)
  await turn()
  const text = Buffer.concat(plain ?? []).toString()
  expect(text).toMatch(/^retry: 2000\n\nid: 1\nevent: beat\ndata: \n\nid: 2\nevent: rows\ndata: "x+"\n\n$/)
  const bytes = Buffer.concat(compressed ?? [])
  expect(bytes.length).toBeLessThan(text.length / 10)
  expect(gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString()).toBe(text)
})

test('so many may be open with one key, and in all; closed ones make room', () => {
  const streams = new EventStreams()
  const [first] = Array.from({ length: 64 }, () => streams.open(callerOf('a'), false))
  expect(() => streams.open(callerOf('a'), false)).toThrow(/^64 streams of events are open with the key a;/)
  for (let number = 0; number < 64; number++) streams.open(callerOf(`b${number}`), false)
  expect(() => streams.open(callerOf('c'), false)).toThrow(/^128 streams of events are open;/)
  first?.destroy()
  first?.emit('close')
  expect(streams.open(callerOf('c'), false).destroyed).toBe(false)
})

test('who does not read is dropped, and nothing is kept for him', () => {
  const stream = new EventStreams().open(callerOf('a'), false)
  const event = new StreamEvent('rows', JSON.stringify('x'.repeat(1_000_000)), 1)
  for (let sent = 0; sent < 10 && !stream.destroyed; sent++) stream.send(event)
  expect(stream.destroyed).toBe(true)
  expect(stream.readableLength).toBeLessThan(6_000_000)
})

test('all end at once; who has not read what was sent is cut off', async () => {
  const streams = new EventStreams()
  const reading = streams.open(callerOf('a'), false)
  const parts = read(reading)
  const silent = streams.open(callerOf('a'), false)
  await turn()
  streams.endAll()
  reading.send(new StreamEvent('beat', '', 1))
  await turn()
  expect(reading.readableEnded).toBe(true)
  expect(Buffer.concat(parts).toString()).toBe('retry: 2000\n\n')
  expect(silent.destroyed).toBe(true)
  expect(streams.size).toBe(0)
})
