import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@lxc-autoscale/core'
import { HttpTransport, type HttpTransportOptions, withRetries } from '@lxc-autoscale/model'
import { afterEach, expect, test } from 'vitest'

let server: Server | undefined
let url = ''
let transport: HttpTransport | undefined
const { signal } = new AbortController()

async function serve(listener: RequestListener, options: Partial<HttpTransportOptions> = {}): Promise<HttpTransport> {
  server = createServer(listener)
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  transport = new HttpTransport({
    url,
    apiKey: () => 'secret-key',
    timeoutMs: 5_000,
    maxConnections: 4,
    ...options,
  })
  return transport
}

afterEach(async () => {
  server?.closeAllConnections()
  await transport?.close()
  await new Promise(resolve => (server === undefined ? resolve(undefined) : server.close(resolve)))
  server = undefined
  transport = undefined
})

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return JSON.parse(Buffer.concat(parts).toString('utf8'))
}

test('sends the key, the body and the headers, and reads the answer', async () => {
  let seen: unknown
  const api = await serve((request, response) => {
    void bodyOf(request).then(body => {
      seen = { url: request.url, method: request.method, headers: request.headers, body }
      response.writeHead(429, { 'retry-after': '7' }).end('{"status":"error"}')
    })
  })
  const headers = { 'idempotency-key': 'key-1' }
  const reply = await api.send({ method: 'POST', path: '/scale/cores', headers, body: { lxc_id: 101 } }, signal)
  expect(reply).toEqual({ status: 429, body: { status: 'error' }, retryAfterMs: 7_000 })
  expect(seen).toMatchObject({
    url: '/scale/cores',
    method: 'POST',
    headers: { 'x-api-key': 'secret-key', 'idempotency-key': 'key-1', 'content-type': 'application/json' },
    body: { lxc_id: 101 },
  })
})

test('keeps a path that the address has', async () => {
  let path: string | undefined
  await serve((request, response) => {
    path = request.url
    response.end('{}')
  })
  const behindProxy = new HttpTransport({
    url: `${url}/autoscale/`,
    apiKey: () => undefined,
    timeoutMs: 5_000,
    maxConnections: 1,
  })
  await behindProxy.send({ method: 'GET', path: '/resource/lxc/configs' }, signal)
  await behindProxy.close()
  expect(path).toBe('/autoscale/resource/lxc/configs')
})

test('keeps its connections for the requests that follow', async () => {
  let connections = 0
  const api = await serve((_, response) => void response.end('{}'))
  server?.on('connection', () => connections++)
  for (let time = 0; time < 50; time++) await api.send({ method: 'GET', path: '/' }, signal)
  expect(connections).toBeLessThanOrEqual(4)
})

test('has no body when the answer is not JSON', async () => {
  const api = await serve((_, response) => void response.writeHead(404).end('<html>Not Found</html>'))
  expect(await api.send({ method: 'GET', path: '/' }, signal)).toMatchObject({ status: 404, body: undefined })
})

const refused = { code: 'SCALING_API_UNREACHABLE', retryable: true }

test('is unreachable when nobody listens', async () => {
  const api = await serve(() => undefined)
  await new Promise(resolve => server?.close(resolve))
  await expect(api.send({ method: 'GET', path: '/' }, signal)).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining('ECONNREFUSED'),
  })
})

test('is unreachable when no answer comes within the time limit', async () => {
  const api = await serve(() => undefined, { timeoutMs: 100 })
  await expect(api.send({ method: 'GET', path: '/' }, signal)).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining('no answer within 100 ms'),
  })
})

test('is unreachable when the answer stops in the middle', async () => {
  const api = await serve((_, response) => void response.write('{"status":"succ'), { timeoutMs: 100 })
  await expect(api.send({ method: 'GET', path: '/' }, signal)).rejects.toMatchObject(refused)
})

test('is unreachable when the connection breaks in the middle of the answer', async () => {
  const api = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{"status":', () => response.destroy())
  })
  await expect(api.send({ method: 'GET', path: '/' }, signal)).rejects.toMatchObject(refused)
})

test('reads no answer without end', async () => {
  const api = await serve((_, response) => {
    const chunk = Buffer.alloc(1_048_576, 0x20)
    const more = () => {
      if (!response.destroyed) response.write(chunk, more)
    }
    more()
  })
  await expect(api.send({ method: 'GET', path: '/' }, signal)).rejects.toMatchObject({ code: 'SCALING_API_MALFORMED' })
})

test('ends at once when the daemon is asked to stop, and is not tried again', async () => {
  let requests = 0
  const api = await serve(() => void requests++)
  const stop = new AbortController()
  const context = { maxRetries: 3, delayMs: 1, clock: systemClock, random: Math.random, signal: stop.signal }
  const reply = withRetries(context, () => api.send({ method: 'GET', path: '/' }, stop.signal))
  while (requests === 0) await new Promise(resolve => setImmediate(resolve))
  stop.abort()
  await expect(reply).rejects.toMatchObject({ code: 'SCALING_API_UNREACHABLE' })
  expect(requests).toBe(1)
})
