import { createParser } from 'eventsource-parser'

export interface StreamEvent {
  readonly name: string
  readonly data: unknown
}

/**
 * Hands over the events of a stream of server-sent events one after the other; returns when the stream ends.
 * @param onBytes called for whatever comes, a beat too
 * @throws what the stream throws, and SyntaxError for data that are no JSON
 */
export async function readEvents(
  stream: ReadableStream<Uint8Array>,
  onEvent: (event: StreamEvent) => void,
  onBytes: () => void,
): Promise<void> {
  const parser = createParser({
    onEvent: ({ event: name = 'message', data }) => onEvent({ name, data: data === '' ? undefined : JSON.parse(data) }),
  })
  const decoder = new TextDecoder()
  const reader = stream.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    onBytes()
    parser.feed(decoder.decode(part.value, { stream: true }))
  }
}
