import type { Clock } from '@lxc-autoscale/core'
import type { buildConnector, Dispatcher } from 'undici'
import type { RestCall } from '../ports.ts'
import type { RestSettings } from './rest-settings.ts'
import type { RestToken } from './token-file.ts'

/** Source: each of pveproxy and pvedaemon has three workers, one of which answers one request at a time. */
export const MOST_REQUESTS = 2
const CONNECT_MS = 5_000
/** Less than the 5 s after which pveproxy closes a quiet connection: a request must not meet its end. Source: PVE::APIServer::AnyEvent. */
const KEPT_MS = 2_500
const MOST_BYTES = 4_194_304

/** An answer, whatever it says. */
export interface RestAnswer {
  readonly status: number
  /** The text beside the status, in which Proxmox before pve-http-server 5.2 tells what was wrong. */
  readonly reason: string
  readonly body: string
}

/** No connection came about, so that nothing was sent. */
export class NotConnected extends Error {}

export interface Sending {
  readonly limitMs: number
  readonly clock: Clock
}

/** Connections to the REST interface that stay open for a while. The certificate is verified before anything is sent. */
export class RestConnection {
  readonly #settings: RestSettings
  #pool: Promise<Dispatcher> | undefined

  constructor(settings: RestSettings) {
    this.#settings = settings
  }

  /**
   * Sends a request once; never again. Undefined when there was no answer in time.
   * @throws {NotConnected} when nothing was sent; any other error when the answer was lost
   */
  async send(
    call: Pick<RestCall, 'method' | 'path' | 'form'>,
    { limitMs, clock }: Sending,
  ): Promise<RestAnswer | undefined> {
    const { url, token } = this.#settings
    this.#pool ??= openPool(this.#settings)
    const pool = await this.#pool
    const isOver = new AbortController()
    const stop = new AbortController()
    const timer = clock.sleep(limitMs, isOver.signal).then(() => undefined)
    const body = call.form === undefined ? null : new URLSearchParams(call.form).toString()
    const answer = pool
      .request({
        origin: url,
        path: `/api2/json${call.path}`,
        method: call.method,
        headers: {
          authorization: token.header,
          ...(body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        body,
        signal: stop.signal,
      })
      .then(readAnswer)
      .then(given => withoutSecret(given, token))
    try {
      return await Promise.race([answer, timer])
    } finally {
      isOver.abort()
      stop.abort()
      answer.catch(() => undefined)
    }
  }

  /** What is under way goes on to its end. */
  async close(): Promise<void> {
    await (await this.#pool)?.close()
  }
}

/** Loaded with the first request: whoever uses pct has no part of it in memory. */
async function openPool({ url, trust }: RestSettings): Promise<Dispatcher> {
  const { buildConnector: build, Pool } = (await import('undici')).default
  const connector =
    'ca' in trust
      ? // Said, since a variable of the environment could have switched it off.
        build({ timeout: CONNECT_MS, ca: trust.ca, rejectUnauthorized: true })
      : // The certificate itself is compared, which needs no authority; a resumed session would not show it.
        build({ timeout: CONNECT_MS, rejectUnauthorized: false, maxCachedSessions: 0 })
  return new Pool(url, {
    connections: MOST_REQUESTS,
    pipelining: 1,
    keepAliveTimeout: KEPT_MS,
    keepAliveMaxTimeout: KEPT_MS,
    // Each request has a limit of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: verified(connector, 'ca' in trust ? undefined : trust.fingerprint),
  })
}

/** Tells a connection that did not come about from one that was lost, and compares the certificate with `fingerprint`. */
function verified(connector: buildConnector.connector, fingerprint: string | undefined): buildConnector.connector {
  return (options, callback) =>
    connector(options, (error, socket) => {
      const problem = error?.message ?? problemOf(socket, fingerprint)
      if (problem === undefined && socket !== null) return callback(null, socket)
      socket?.destroy()
      return callback(new NotConnected(problem, { cause: error }), null)
    })
}

function problemOf(socket: unknown, fingerprint: string | undefined): string | undefined {
  if (fingerprint === undefined) return undefined
  const shown = shownFingerprint(socket)
  return shown === fingerprint
    ? undefined
    : `its certificate has the fingerprint ${shown ?? 'of none'}, not ${fingerprint}`
}

function shownFingerprint(socket: unknown): string | undefined {
  const isTls = typeof socket === 'object' && socket !== null && 'getPeerCertificate' in socket
  if (!isTls || typeof socket.getPeerCertificate !== 'function') return undefined
  return socket.getPeerCertificate().fingerprint256
}

/** Whoever stands in between may give back what it was sent, and what it says is told and logged. */
function withoutSecret({ status, reason, body }: RestAnswer, { id, header }: RestToken): RestAnswer {
  const hidden = (text: string) => text.replaceAll(header.slice(`PVEAPIToken=${id}=`.length), '...')
  return { status, reason: hidden(reason), body: hidden(body) }
}

async function readAnswer({ statusCode, statusText, body }: Dispatcher.ResponseData): Promise<RestAnswer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body) {
    parts.push(part)
    bytes += part.length
    if (bytes > MOST_BYTES) throw new Error(`the answer has more than ${MOST_BYTES} bytes`)
  }
  return { status: statusCode, reason: statusText, body: Buffer.concat(parts).toString('utf8') }
}
