import { chmodSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { composeMessage } from '../../packages/api/src/news/news-message.ts'
import { NotificationsSection } from '../../packages/api/src/news/notifications-section.ts'
import { sendNews } from '../../packages/api/src/news/send-news.ts'
import { WebhookBody } from '../../packages/api/src/news/webhook-body.ts'
import { newsItem } from '../builders/news-item.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const TOKEN = 'tk_secret0123456789'
const message = composeMessage({
  items: [newsItem(), newsItem({ vmid: null, event: 'host_short', topic: 'host_short', what: 'the host is short' })],
  dropped: 3,
  host: 'pve1',
  nowMs: Date.UTC(2026, 0, 5, 8),
  dashboardUrl: 'http://pve1.example.org:5000/',
})

/** Sends with a short limit, as no test waits for the usual one. */
function send(target: Readonly<Record<string, unknown>>, limitMs = 10_000) {
  const [parsed] = NotificationsSection.parse({ targets: [target] }).targets
  if (parsed === undefined) throw new Error('no target')
  return sendNews(parsed, message, { stop: new AbortController().signal, limitMs })
}

async function listening(server: Server | SMTPServer): Promise<number> {
  const net = server instanceof SMTPServer ? server.server : server
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => new Promise<void>(resolve => void server.close(() => resolve())))
  return (net.address() as AddressInfo).port
}

interface Received {
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever was sent
  readonly body: any
}

/** A server of HTTP that keeps what it gets, and its address. */
async function httpServer(answer: RequestListener): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8')
      received.push({ url: request.url, headers: request.headers, body: JSON.parse(text) })
      answer(request, response)
    })
  })
  server.on('connection', socket => onTestFinished(() => void socket.destroy()))
  return { url: `http://127.0.0.1:${await listening(server)}`, received }
}

/** A server that does what `talk` does with each connection. */
async function tcpServer(talk: (socket: Socket) => void): Promise<number> {
  const server = createTcpServer(socket => {
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined)
    talk(socket)
  })
  return listening(server)
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))

describe('what a target is sent', () => {
  test('a webhook: the documented JSON, with its token', async () => {
    const { url, received } = await httpServer(json(204, undefined))
    expect(await send({ type: 'webhook', url: `${url}/hook?a=1`, token: TOKEN })).toEqual({
      isSent: true,
      text: 'taken, 204',
    })
    const [{ url: path, headers, body } = { url: '', headers: {}, body: {} }] = received
    expect([path, headers.authorization, headers['content-type']]).toEqual([
      '/hook?a=1',
      `Bearer ${TOKEN}`,
      'application/json; charset=utf-8',
    ])
    expect(WebhookBody.strict().parse(body)).toMatchObject({
      version: 1,
      host: 'pve1',
      time: '2026-01-05T08:00:00.000Z',
      priority: 'high',
      title: 'pve1: web (101): a process was killed at its memory limit and 4 more',
      left_out: 3,
      dashboard: 'http://pve1.example.org:5000/',
      events: [
        { event: 'killed', state: 'happened', lxc_id: 101, name: 'web', count: 1 },
        { event: 'host_short', lxc_id: null, title: 'the host is short' },
      ],
    })
  })

  test('ntfy: JSON to the root of the server, as its documentation has it', async () => {
    const { url, received } = await httpServer(json(200, { id: 'a1', event: 'message' }))
    expect(await send({ type: 'ntfy', url, topic: 'my-pve', token: TOKEN })).toMatchObject({ isSent: true })
    expect(received[0]?.url).toBe('/')
    expect(received[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`)
    expect(received[0]?.body).toEqual({
      topic: 'my-pve',
      title: message.title,
      message: message.text,
      priority: 4,
      click: 'http://pve1.example.org:5000/',
    })
  })

  test('Gotify: to /message, the token of the application in its header', async () => {
    const { url, received } = await httpServer(json(200, { id: 7, appid: 1, message: 'x' }))
    expect(await send({ type: 'gotify', url: `${url}/push/`, token: TOKEN })).toMatchObject({ isSent: true })
    expect(received[0]?.url).toBe('/push/message')
    expect(received[0]?.headers['x-gotify-key']).toBe(TOKEN)
    expect(received[0]?.body).toMatchObject({ title: message.title, message: message.text, priority: 8 })
  })

  test('a secret from a file, read anew each time', async () => {
    const file = join(temporaryDirectory(), 'token')
    const { url, received } = await httpServer(json(200, { id: 7 }))
    const target = { type: 'gotify', url, token_file: file }
    expect(await send(target)).toEqual({
      isSent: false,
      text: expect.stringContaining(`${file} cannot be read: ENOENT`),
    })
    for (const token of ['first', 'second']) {
      writeFileSync(file, `${token}\n`)
      expect(await send(target)).toMatchObject({ isSent: true })
    }
    expect(received.map(({ headers }) => headers['x-gotify-key'])).toEqual(['first', 'second'])
  })
})

interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
  readonly user: unknown
  readonly isSecure: boolean
}

/** A mail server that keeps what it gets. Its certificate is signed by nobody. */
async function mailServer(options: SMTPServerOptions = {}): Promise<{ port: number; mails: Mail[] }> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    closeTimeout: 1,
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', part => parts.push(part))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false ? '' : (mailFrom?.address ?? ''),
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(parts).toString('utf8'),
          user: session.user,
          isSecure: session.secure,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  return { port: await listening(server), mails }
}

describe('mail', () => {
  test('goes to all recipients through the server of this host, whatever certificate that has', async () => {
    const { port, mails } = await mailServer()
    const to = ['admin@example.org', 'Second <second@example.org>']
    const sent = await send({ type: 'mail', to, smtp: { port } })
    expect(sent).toEqual({
      isSent: true,
      text: expect.stringMatching(/^taken for admin@example.org, second@example.org: 250 /),
    })
    expect(mails).toHaveLength(1)
    expect(mails[0]).toMatchObject({ to: ['admin@example.org', 'second@example.org'], isSecure: false })
    expect(mails[0]?.from).toMatch(/^lxc-autoscale@/)
    const [head = '', body = ''] = mails[0]?.text.split(/\r\n\r\n(.*)/s) ?? []
    expect(head.replaceAll(/\r\n\s+/g, ' ')).toContain(`Subject: ${message.title}`)
    expect(head).toContain('Auto-Submitted: auto-generated')
    expect(body.replaceAll('\r\n', '\n')).toContain('What to do: lxc-autoscale explain 101')
  })

  test('to a local user goes where the mail server of this host sends it', async () => {
    const { port, mails } = await mailServer()
    expect(await send({ type: 'mail', to: 'root', smtp: { port } })).toMatchObject({ isSent: true })
    expect(mails[0]?.to).toEqual(['root@localhost'])
  })

  test('logs in where it is told to, and keeps the password out of what it says', async () => {
    const onAuth: SMTPServerOptions['onAuth'] = ({ username, password }, _session, done) =>
      password === 'right password' ? done(null, { user: username }) : done(new Error(`wrong password ${password}`))
    const { port, mails } = await mailServer({ authOptional: false, allowInsecureAuth: true, onAuth })
    const smtp = { port, username: 'me', password: 'right password' }
    expect(await send({ type: 'mail', to: 'admin@example.org', smtp })).toMatchObject({ isSent: true })
    expect(mails[0]?.user).toBe('me')
    const refused = await send({ type: 'mail', to: 'admin@example.org', smtp: { ...smtp, password: 'wrong-one' } })
    expect(refused.isSent).toBe(false)
    expect(refused.text).toContain('wrong password [redacted]')
    expect(refused.text).not.toContain('wrong-one')
  })

  test('names a certificate that is not to be trusted, where encryption is wanted', async () => {
    const { port, mails } = await mailServer()
    const sent = await send({ type: 'mail', to: 'admin@example.org', smtp: { port, security: 'starttls' } })
    expect(sent).toEqual({ isSent: false, text: expect.stringMatching(/self[- ]signed|expired|CERT/i) })
    expect(mails).toEqual([])
  })

  test('is not sent as it is when the server offers no encryption', async () => {
    const { port, mails } = await mailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
    const sent = await send({ type: 'mail', to: 'admin@example.org', smtp: { port, security: 'starttls' } })
    expect(sent.isSent).toBe(false)
    expect(mails).toEqual([])
  })

  test('says whom the server refused, and fails when it refused all', async () => {
    const onRcptTo: SMTPServerOptions['onRcptTo'] = ({ address }, _session, done) =>
      done(address.startsWith('no') ? new Error('no such user') : undefined)
    const { port } = await mailServer({ onRcptTo })
    const some = await send({ type: 'mail', to: ['nobody@example.org', 'root@example.org'], smtp: { port } })
    expect(some).toEqual({ isSent: true, text: expect.stringContaining('it refused nobody@example.org') })
    const none = await send({ type: 'mail', to: ['nobody@example.org'], smtp: { port } })
    expect(none).toEqual({ isSent: false, text: expect.stringContaining('no such user') })
  })

  test.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => undefined],
    ['says one byte now and then', socket => void setInterval(() => socket.write('2'), 50).unref()],
    ['greets without an end', socket => void socket.write('220-'.padEnd(3_000_000, 'x'))],
    ['hangs up', socket => void socket.end()],
    ['resets the connection', socket => void socket.resetAndDestroy()],
    ['is a web server', socket => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('fails in time with a server that %s', async (_name, talk) => {
    const port = await tcpServer(talk)
    const { isSent, text } = await send({ type: 'mail', to: 'admin@example.org', smtp: { port } }, 1_000)
    expect(isSent).toBe(false)
    expect(text).not.toBe('')
    expect(text.length).toBeLessThan(20_000)
  })
})

describe('what goes wrong is told', () => {
  const ntfy = (url: string) => ({ type: 'ntfy', url, topic: 'my-secret-topic', token: TOKEN })

  test.each<[string, RequestListener, RegExp]>([
    ['an error', json(403, { code: 40301, error: 'forbidden' }), /^it answers 403: .*forbidden/],
    [
      '200 with an error in it',
      json(200, { error: 'quota reached' }),
      /^it answers 200, but not as ntfy does: .*quota/,
    ],
    ['200 with both a number and an error', json(200, { id: 'a', error: 'no' }), /not as ntfy does/],
    [
      '200 and a page, as the login of a hotel',
      (_q, r) => void r.end('<html>log in</html>'),
      /not as ntfy does: <html>/,
    ],
    [
      'a redirect',
      (_q, r) => void r.writeHead(302, { Location: '/elsewhere' }).end(),
      /a redirect, which is not followed/,
    ],
    ['nothing', (_q, r) => void r.end(), /^it answers 200, but not as ntfy does$/],
    [
      'its own secrets back',
      (q, r) => json(500, [q.headers.authorization, 'my-secret-topic'])(q, r),
      /Bearer \[redacted\]/,
    ],
    ['text that steers a terminal', (_q, r) => void r.writeHead(500).end('\u001b[2J\u202e'), /\\u001b\[2J\\u202e/],
    ['a broken answer', (_q, r) => void r.socket?.end('HTTP/1.1 banana\r\n\r\n'), /./],
    ['a connection that is reset', (_q, r) => void r.socket?.resetAndDestroy(), /ECONNRESET|hang up/],
  ])('%s', async (_name, answer, text) => {
    const { url, received } = await httpServer(answer)
    const sent = await send(ntfy(url))
    expect(sent).toEqual({ isSent: false, text: expect.stringMatching(text) })
    expect(sent.text).not.toMatch(/tk_secret|my-secret/)
    expect(received).toHaveLength(1)
  })

  test('an answer without an end: its beginning is read, and no more', async () => {
    let written = 0
    const { url } = await httpServer((_request, response) => {
      response.writeHead(200)
      const more = () => {
        written += 65_536
        if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(more)
        else response.once('drain', more)
      }
      more()
    })
    expect((await send(ntfy(url))).text).toMatch(/^it answers 200, but not as ntfy does: x{199}…$/)
    expect(written).toBeLessThan(50_000_000)
  })

  test.each<[string, RequestListener]>([
    ['no answer at all', () => undefined],
    ['an answer that stops', (_q, r) => void r.writeHead(200, { 'Content-Length': 1_000 }).write('x')],
    ['an answer by single bytes', (_q, r) => void setInterval(() => r.write('x'), 50).unref()],
  ])('%s, after the limit', async (_name, answer) => {
    const { url } = await httpServer(answer)
    expect(await send(ntfy(url), 500)).toEqual({ isSent: false, text: 'no whole answer within 0.5 s' })
  })

  test('nobody listens, a name that nobody has, a certificate of nobody', async () => {
    const port = await tcpServer(() => undefined)
    const { port: tlsPort } = await mailServer({ secure: true })
    const texts = await Promise.all([
      send(ntfy('http://127.0.0.1:1')),
      send(ntfy('http://no-such-host.invalid')),
      send(ntfy(`https://127.0.0.1:${tlsPort}`)),
      send(ntfy(`https://127.0.0.1:${port}`), 500),
    ])
    expect(texts.map(({ isSent }) => isSent)).toEqual([false, false, false, false])
    expect(texts[0]?.text).toContain('ECONNREFUSED')
    expect(texts[1]?.text).toMatch(/ENOTFOUND|EAI_AGAIN/)
    expect(texts[2]?.text).toMatch(/CERT|SIGNED|LEAF/)
    expect(texts[3]?.text).toBe('no whole answer within 0.5 s')
  })

  test('the path of a webhook stays a secret, also when the server repeats it', async () => {
    const file = join(temporaryDirectory(), 'url')
    const { url } = await httpServer((q, r) => void r.writeHead(404).end(`Cannot POST ${q.url}`))
    writeFileSync(file, `${url}/services/T0SECRET/B0SECRET\n`)
    chmodSync(file, 0o600)
    for (const target of [{ url: `${url}/services/T0SECRET/B0SECRET` }, { url_file: file }]) {
      expect(await send({ type: 'webhook', ...target })).toEqual({
        isSent: false,
        text: 'it answers 404: Cannot POST [redacted]',
      })
    }
  })

  test('of a secret that would stand where the answer is cut nothing is told', async () => {
    const { url } = await httpServer((q, r) => void r.writeHead(404).end(`${'x'.repeat(170)} Cannot POST ${q.url}`))
    const { text } = await send({ type: 'webhook', url: `${url}/services/T0SECRET/B0SECRET` })
    expect(text).not.toContain('/serv')
  })

  test('a daemon that stops breaks off what is on its way', async () => {
    const { url } = await httpServer(() => undefined)
    const stopping = new AbortController()
    const [target] = NotificationsSection.parse({ targets: [ntfy(url)] }).targets
    if (target === undefined) throw new Error('no target')
    const sent = sendNews(target, message, { stop: stopping.signal })
    stopping.abort()
    expect((await sent).isSent).toBe(false)
  })
})
