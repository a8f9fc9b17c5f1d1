import { randomUUID } from 'node:crypto'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { AutoscaleError, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { Connections } from './connections.ts'
import { errorReply } from './error-reply.ts'
import { linger } from './linger.ts'

export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly header_timeout_seconds: number
  readonly request_timeout_seconds: number
  readonly keep_alive_seconds: number
}

/** Takes one request. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

const MAX_HEADER_BYTES = 16_384
const CHECK_INTERVAL_MS = 1_000
const OWN_TIMEOUT_MS = 5_000
const OWN_HEADER = 'x-own-request'
/** Connections that the kernel holds until they are looked at; beyond it a client tries again after a second. */
const BACKLOG = 4_096

/** The socket side of the API: time limits, a bound on connections, and answers that arrive, also to what is not HTTP. */
export class ApiServer {
  readonly #server: Server
  readonly #settings: ServerSettings
  readonly #connections: Connections
  #handler: RequestHandler
  /** Kept, so that a crowd before the door does not keep this daemon from hearing itself. */
  readonly #ownAgent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #ownName = randomUUID()

  constructor(settings: ServerSettings, connections: Connections, handler: RequestHandler) {
    this.#settings = settings
    this.#connections = connections
    this.#handler = handler
    this.#server = createServer({
      headersTimeout: settings.header_timeout_seconds * MS_PER_SECOND,
      requestTimeout: Math.max(settings.request_timeout_seconds, settings.header_timeout_seconds) * MS_PER_SECOND,
      keepAliveTimeout: settings.keep_alive_seconds * MS_PER_SECOND,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
    })
    this.#server.on('connection', socket => connections.add(socket))
    this.#server.on('request', (request, response) => this.#onRequest(request, response))
    this.#server.on('clientError', answerNoise)
  }

  /** Serves further requests with another application; those in work end with the old one. */
  use(handler: RequestHandler): void {
    this.#handler = handler
  }

  /** The real port. @throws {AutoscaleError} CONFIG_INVALID when the address cannot be listened on */
  async listen(): Promise<number> {
    const { host, port } = this.#settings
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', error =>
        reject(
          new AutoscaleError('CONFIG_INVALID', `cannot listen on ${host} port ${port}: ${error.message}`, {
            cause: error,
          }),
        ),
      )
      this.#server.listen({ host, port, backlog: BACKLOG }, resolve)
    })
    return portOf(this.#server.address()) ?? port
  }

  /** Whether a request over the socket is answered; what the watchdog of systemd wants to know. */
  answersItself(): Promise<boolean> {
    const { host } = this.#settings
    const wildcard = host === '0.0.0.0' || host === '::'
    return new Promise(resolve => {
      const asked = request({
        host: wildcard ? 'localhost' : host,
        port: portOf(this.#server.address()),
        method: 'OPTIONS',
        path: '/',
        headers: { host: 'localhost', [OWN_HEADER]: this.#ownName },
        agent: this.#ownAgent,
        timeout: OWN_TIMEOUT_MS,
      })
      asked.once('response', response => {
        response.resume()
        resolve(response.statusCode === 204)
      })
      asked.once('timeout', () => asked.destroy())
      asked.once('error', () => resolve(false))
      asked.end()
    })
  }

  /** Takes no more requests; resolves when those in work are answered. */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.#connections.closeIdle()
    this.#ownAgent.destroy()
    await closed
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    this.#connections.note(socket, true)
    if (request.headers[OWN_HEADER] === this.#ownName) this.#connections.trust(socket)
    response.on('close', () => {
      this.#connections.note(socket, false)
      if (!this.#server.listening) socket.destroy()
    })
    // Called when the answer was the last one on this connection.
    socket.destroySoon = () => (request.complete ? Socket.prototype.destroySoon.call(socket) : linger(socket))
    this.#handler(request, response)
  }
}

function portOf(address: AddressInfo | string | null): number | undefined {
  return typeof address === 'object' && address !== null ? address.port : undefined
}

/** What is not HTTP, too large or too slow gets an answer like any other bad request. */
function answerNoise(error: Error, socket: Socket): void {
  // Noise that follows what was answered already.
  if (socket.writableEnded) return
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const isKnown = 'code' in error && (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code === 'HPE_HEADER_OVERFLOW')
  const cause = isKnown ? error : new AutoscaleError('INVALID_REQUEST', 'this is not an HTTP request')
  const { status, body } = errorReply(cause)
  const text = JSON.stringify(body)
  socket.write(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
  linger(socket)
}
