import { AutoscaleError, errorMessage, MS_PER_SECOND } from '@lxc-autoscale/core'
import { Agent, type Dispatcher } from 'undici'
import type { ApiReply, ApiRequest, Transport } from './transport.ts'

export interface HttpTransportOptions {
  /** Base address of the API, `http://127.0.0.1:5000`. */
  readonly url: string
  /** The key to send; asked for each request, since the file that holds it may change. */
  readonly apiKey: () => string | undefined
  /** From sending to the last byte of the answer. */
  readonly timeoutMs: number
  /** Connections that are kept open at most. */
  readonly maxConnections: number
}

/** An answer that is larger than this is none that the contract knows: 1,000 containers take half a MB. */
const MAX_REPLY_BYTES = 16 * 1_048_576
const KEEP_ALIVE_MS = 4_000

/** The API over HTTP, on connections that stay open between requests. */
export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions
  readonly #agent: Agent
  readonly #origin: string
  readonly #prefix: string

  constructor(options: HttpTransportOptions) {
    const { origin, pathname } = new URL(options.url)
    this.#options = options
    this.#origin = origin
    this.#prefix = pathname.replace(/\/+$/, '')
    this.#agent = new Agent({
      connections: options.maxConnections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: options.timeoutMs },
    })
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiReply> {
    const limit = new AbortController()
    const abort = () => limit.abort(signal.reason)
    const timer = setTimeout(
      () => limit.abort(new Error(`no answer within ${this.#options.timeoutMs} ms`)),
      this.#options.timeoutMs,
    )
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    try {
      return await this.#exchange(request, limit.signal)
    } catch (error) {
      if (error instanceof AutoscaleError) throw error
      const why = limit.signal.aborted ? errorMessage(limit.signal.reason) : errorMessage(error)
      throw new AutoscaleError(
        'SCALING_API_UNREACHABLE',
        `${request.method} ${this.#options.url}${request.path}: ${why}`,
        {
          retryable: !signal.aborted,
          cause: error,
        },
      )
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  /** Resolves when the requests in flight are done and their connections closed. */
  close(): Promise<void> {
    return this.#agent.close()
  }

  async #exchange({ method, path, headers, body }: ApiRequest, signal: AbortSignal): Promise<ApiReply> {
    const apiKey = this.#options.apiKey()
    const reply = await this.#agent.request({
      origin: this.#origin,
      path: this.#prefix + path,
      method,
      signal,
      headers: {
        accept: 'application/json',
        ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    })
    return {
      status: reply.statusCode,
      body: parseJson(await readBounded(reply.body, `${method} ${path}`)),
      retryAfterMs: retryAfterMs(reply.headers['retry-after']),
    }
  }
}

async function readBounded(body: Dispatcher.ResponseData['body'], what: string): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > MAX_REPLY_BYTES) {
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
    // The older API answers some failures in HTML; the caller goes by the status then.
    return undefined
  }
}

/** Only the form in seconds; the API sends no other. */
function retryAfterMs(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * MS_PER_SECOND : undefined
}
