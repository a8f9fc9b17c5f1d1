import { expect, test } from 'vitest'
import { readEvents, type StreamEvent } from '../../../packages/dashboard/src/event-stream.ts'

async function read(parts: readonly (string | Uint8Array)[]): Promise<{ events: StreamEvent[]; times: number }> {
  const events: StreamEvent[] = []
  let times = 0
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(typeof part === 'string' ? encoder.encode(part) : part)
      controller.close()
    },
  })
  await readEvents(
    stream,
    event => events.push(event),
    () => {
      times += 1
    },
  )
  return { events, times }
}

test('events come as they were sent, wherever the bytes were cut', async () => {
  const bytes = new TextEncoder().encode('event: rows\ndata: {"name":"Größe"}\n\nevent: beat\ndata:\n\n: a remark\n\n')
  const whole = [
    { name: 'rows', data: { name: 'Größe' } },
    { name: 'beat', data: undefined },
  ]
  for (let at = 1; at < bytes.length; at += 1) {
    const { events, times } = await read([bytes.slice(0, at), bytes.slice(at)])
    expect(events).toEqual(whole)
    expect(times).toBe(2)
  }
})

test('an event that is cut off is none', async () => {
  const { events } = await read(['event: overview\ndata: {"a":1}\n\nevent: rows\ndata: {"b":'])
  expect(events).toEqual([{ name: 'overview', data: { a: 1 } }])
})

test('data that are no JSON are a failure of the stream', async () => {
  await expect(read(['event: rows\ndata: <html>\n\n'])).rejects.toThrow(SyntaxError)
})
