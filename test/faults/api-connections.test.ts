import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiDaemon, KEYS } from '../fakes/api-daemon.ts'
import { SpawnedDaemon } from '../fakes/spawned-daemon.ts'

/**
 * Set to 10000 for the whole attack, with its figures and a limit of 1 s on each answer (about 5 minutes on a quiet machine):
 * HOSTILE_CONNECTIONS=10000 npx vitest run --config test/vitest.config.ts --project faults test/faults/api-connections.test.ts
 */
const WHOLE = process.env['HOSTILE_CONNECTIONS']
const HOSTILE = Number(WHOLE ?? 500)
const ADMIN_REQUESTS = WHOLE === undefined ? 10 : 400
/** Only the whole attack is timed: a busy machine would break a limit for nothing. */
const LIMIT_MS = WHOLE === undefined ? 60_000 : 1_000
const GENERATOR = join(import.meta.dirname, '..', 'fakes', 'hostile-clients.mjs')

let api: ApiDaemon

beforeAll(async () => {
  const containers = [{ vmid: 101, shape: 'idle' as const, cores: 2, memoryMb: 1_024 }]
  // Kept for as long as a busy machine may need for the next request.
  const server = { port: 0, keep_alive_seconds: 3_600, ...(WHOLE === undefined ? { max_connections: 128 } : {}) }
  api = await ApiDaemon.start({ containers, config: { server } })
})
afterAll(() => api.stop())

interface AdminAnswer {
  readonly isAnswered: boolean
  readonly isKept: boolean
  readonly durationMs: number
}

/** One request with the key, over a new connection or one that `agent` keeps. */
function ask(agent: Agent | undefined): Promise<AdminAnswer> {
  const startMs = performance.now()
  return new Promise(resolve => {
    const done = (asked: ClientRequest, isAnswered: boolean) =>
      resolve({ isAnswered, isKept: asked.reusedSocket, durationMs: performance.now() - startMs })
    const asked = request({
      host: '127.0.0.1',
      port: api.port,
      path: '/resource/lxc/config?lxc_id=101',
      headers: { 'x-api-key': KEYS.admin },
      ...(agent === undefined ? { agent: false } : { agent }),
      signal: AbortSignal.timeout(LIMIT_MS),
    })
    asked.on('response', response => response.resume().on('end', () => done(asked, response.statusCode === 200)))
    asked.on('error', () => done(asked, false))
    asked.end()
  })
}

describe(`${HOSTILE} connections without a key that are opened again when they are closed`, () => {
  test.each([
    'silent',
    'asked once',
    'endless body',
    'endless body, reads nothing',
    'a byte a second',
    'asks and reads nothing',
    'no HTTP',
    'many addresses',
  ])('shut nobody with a key out: %s', { timeout: 600_000 }, async kind => {
    const kept = new Agent({ keepAlive: true, maxSockets: 1 })
    expect(await ask(kept)).toMatchObject({ isAnswered: true })
    const hostile = new SpawnedDaemon(GENERATOR, [kind, String(HOSTILE), String(api.port)])
    try {
      const opened = () => Number([...hostile.output.matchAll(/"opened":(\d+)/g)].at(-1)?.[1] ?? 0)
      await expect.poll(opened, { timeout: 60_000 }).toBeGreaterThan(HOSTILE * 0.9)
      const answers: AdminAnswer[] = []
      for (let at = 0; at < ADMIN_REQUESTS; at++) answers.push(await ask(undefined), await ask(kept))
      const times = answers.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
      if (WHOLE !== undefined) {
        const [median, p99, most] = [0.5, 0.99, 1].map(part => times[Math.ceil(part * times.length) - 1]?.toFixed(0))
        const unanswered = answers.filter(({ isAnswered }) => !isAnswered).length
        console.log(
          `${kind}: ${opened()} opened, ${answers.length} asked, ${unanswered} not answered; ${median}/${p99}/${most} ms`,
        )
      }
      expect(answers.filter(({ isAnswered }) => isAnswered).length).toBeGreaterThanOrEqual(answers.length * 0.99)
      // The connection that brought the key is still the same one.
      expect(answers.filter(({ isKept }) => isKept).length).toBeGreaterThanOrEqual(ADMIN_REQUESTS * 0.99)
    } finally {
      await hostile.end('SIGKILL')
      kept.destroy()
    }
    expect((await api.ask('/health/check', { key: '' })).status).toBe(200)
    expect(api.daemon.output).not.toMatch(/bug|Error|was not answered/)
  })
})

function open(): Promise<Socket> {
  return new Promise(resolve => {
    // Half open: it does not close because the other end did.
    const socket = connect({ port: api.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('connect', () => resolve(socket))
    socket.on('error', () => undefined)
  })
}

test('a request sent one byte at a time is ended though the client goes on, and others are answered meanwhile', async () => {
  const slow = await open()
  const ended = new Promise(resolve => slow.once('close', resolve))
  const drip = setInterval(() => slow.write('x'), 20)
  slow.write('GET / HTTP/1.1\r\nHost: localhost\r\nX: ')
  slow.resume()
  expect((await api.ask('/resource/lxc/config?lxc_id=101')).status).toBe(200)
  await ended
  clearInterval(drip)
})

describe('the answer to a request that is refused before it was sent whole', () => {
  const BODY_BYTES = 3_000_000
  const head = (key: string, type: string, framing: string) =>
    `POST /scale/cores HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\nContent-Type: ${type}\r\n${framing}\r\n\r\n`
  const CASES = [
    [413, KEYS.admin, 'application/json'],
    [401, 'wrong-key-1', 'application/json'],
    [415, KEYS.admin, 'text/plain'],
  ] as const

  /** What a client sees that sends everything first and only then begins to read. */
  async function sendThenRead(text: string, body: Buffer): Promise<string> {
    const socket = await open()
    socket.pause()
    let problem: Error | undefined
    socket.on('error', error => {
      problem = error
    })
    socket.write(text)
    await new Promise(resolve => socket.write(body, resolve))
    let answer = ''
    socket.on('data', part => {
      answer += part
    })
    socket.resume()
    await new Promise(resolve => socket.on('end', resolve).on('close', resolve))
    socket.destroy()
    return problem === undefined ? answer : String(problem)
  }

  test.each(CASES)('%i arrives at a client that sends 3 MB without reading', async (status, key, type) => {
    const length = `Content-Length: ${BODY_BYTES}`
    expect(await sendThenRead(head(key, type, length), Buffer.alloc(BODY_BYTES, ' '))).toMatch(
      new RegExp(`^HTTP/1.1 ${status} `),
    )
    const chunk = Buffer.concat([Buffer.from(`${BODY_BYTES.toString(16)}\r\n`), Buffer.alloc(BODY_BYTES, ' ')])
    expect(await sendThenRead(head(key, type, 'Transfer-Encoding: chunked'), chunk)).toMatch(
      new RegExp(`^HTTP/1.1 ${status} `),
    )
  })

  test.each(CASES)('%i arrives at fetch', async (status, key, type) => {
    const headers = { 'x-api-key': key, 'content-type': type }
    const answer = await fetch(`${api.url}/scale/cores`, {
      method: 'POST',
      headers,
      body: Buffer.alloc(BODY_BYTES, ' '),
    })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ status: 'error' })
  })

  test('arrives at a client whose head is too large', async () => {
    const text = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(BODY_BYTES)}`
    expect(await sendThenRead(text, Buffer.alloc(BODY_BYTES, 'x'))).toMatch(/^HTTP\/1.1 413 /)
  })

  test('keeps nobody busy for ever: who goes on sending is cut off', async () => {
    const socket = await open()
    const ended = new Promise(resolve => socket.once('close', resolve))
    socket.write(head('wrong-key-1', 'application/json', 'Content-Length: 1000000000000'))
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
    }
    socket.on('drain', more)
    more()
    await ended
    expect(socket.bytesWritten).toBeLessThan(500_000_000)
  })

  test('leaves the connection open where little is left to send', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const answers: boolean[] = []
    for (let at = 0; at < 3; at++) {
      await new Promise<IncomingMessage>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': 1_000 }
        const asked = request({
          host: '127.0.0.1',
          port: api.port,
          path: '/scale/cores',
          method: 'POST',
          agent,
          headers,
        })
        asked.on('response', response => response.resume().on('end', () => resolve(response)))
        asked.on('error', reject)
        asked.end(' '.repeat(1_000))
        asked.on('socket', () => answers.push(asked.reusedSocket))
      })
    }
    agent.destroy()
    expect(answers).toEqual([false, true, true])
  })
})
