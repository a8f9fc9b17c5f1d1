import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { AutoscaleError, errorMessage, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { ApiReply, ApiRequest, Transport } from './transport.ts'

export interface HttpTransportOptions {
  /** Base address of the API, `http://127.0.0.1:5000`. */
  readonly url: string
  /** The key to send; asked for each request, since the file that holds it may change. @throws {AutoscaleError} UNAUTHORIZED */
  readonly apiKey: () => string | undefined
  /** From sending to the last byte of the answer. */
  readonly timeoutMs: number
  /** Connections at the same time at most. */
  readonly maxConnections: number
}

/** An answer that is larger than this is none that the contract knows: 1,000 containers take half a MB. */
const MAX_REPLY_BYTES = 16 * 1_048_576

/** The API over HTTP, on connections that stay open between requests. */
export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions
  readonly #agent: HttpAgent
  readonly #request: typeof requestHttp
  readonly #base: string

  constructor(options: HttpTransportOptions) {
    const isHttps = new URL(options.url).protocol === 'https:'
    const settings = { keepAlive: true, maxSockets: options.maxConnections }
    this.#options = options
    this.#base = options.url.replace(/\/+$/, '')
    this.#agent = isHttps ? new HttpsAgent(settings) : new HttpAgent(settings)
    this.#request = isHttps ? requestHttps : requestHttp
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiReply> {
    const limit = new AbortController()
    const abort = () => limit.abort(new Error('asked to stop'))
    const tooLong = () => limit.abort(new Error(`no answer within ${this.#options.timeoutMs} ms`))
    const timer = setTimeout(tooLong, this.#options.timeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    try {
      return await this.#exchange(request, limit.signal)
    } catch (error) {
      if (error instanceof AutoscaleError) throw error
      const why = limit.signal.aborted ? errorMessage(limit.signal.reason) : errorMessage(error)
      const message = `${request.method} ${this.#base}${request.path}: ${why}`
      throw new AutoscaleError('SCALING_API_UNREACHABLE', message, { cause: error })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  /** Closes all connections, also those that still wait for an answer. */
  close(): void {
    this.#agent.destroy()
  }

  async #exchange({ method, path, headers, body }: ApiRequest, signal: AbortSignal): Promise<ApiReply> {
    const apiKey = this.#options.apiKey()
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = this.#request(this.#base + path, {
        method,
        agent: this.#agent,
        signal,
        headers: {
          accept: 'application/json',
          ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(content.length) }),
          ...headers,
        },
      })
      request.once('response', resolve)
      // An error after the answer began is the answer's to tell; this one then has no effect.
      request.on('error', reject)
      request.end(content)
    })
    return {
      status: reply.statusCode ?? 0,
      body: parseJson(await readBounded(reply, `${method} ${path}`)),
      retryAfterMs: retryAfterMs(reply.headers['retry-after']),
    }
  }
}

async function readBounded(reply: IncomingMessage, what: string): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of reply) {
    bytes += part.length
    if (bytes > MAX_REPLY_BYTES) {
      reply.destroy()
      throw new AutoscaleError('SCALING_API_MALFORMED', `${what}: the answer is larger than ${MAX_REPLY_BYTES} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A proxy answers failures in HTML; the caller goes by the status then.
    return undefined
  }
}

/** Only the form in seconds; the API sends no other. */
function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * MS_PER_SECOND : undefined
}
