import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Gauge, Registry } from 'prom-client'
import { AutoscaleError, errorMessage } from './errors.ts'
import { formatFamilies, type MetricFamily } from './metric-families.ts'
import { VERSION } from './version.ts'

export { Counter, Gauge, Histogram } from 'prom-client'

/** The registry of a daemon: what it counts, which version it is, and what is made from the last cycle when somebody asks. */
export class DaemonRegistry extends Registry {
  readonly #families: () => readonly MetricFamily[]

  /** @param daemon how the names of its metrics begin */
  constructor(daemon: string, families: () => readonly MetricFamily[] = () => []) {
    super()
    this.#families = families
    new Gauge({
      name: `${daemon}_build_info`,
      help: 'The version that runs; always 1.',
      labelNames: ['version'],
      registers: [this],
    }).set({ version: VERSION }, 1)
  }

  override async metrics(): Promise<string> {
    return `${await super.metrics()}\n${formatFamilies(this.#families())}`
  }
}

/** A running listener. `port` is the real one, also when 0 was asked for. */
export interface MetricsListener {
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves `registry` as Prometheus text under `/metrics` on the loopback address only.
 * @throws {AutoscaleError} CONFIG_INVALID when the port is taken.
 */
export async function listenForMetrics(registry: Registry, port: number): Promise<MetricsListener> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end()
      return
    }
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('see /metrics\n')
      return
    }
    registry.metrics().then(
      text => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      error => response.writeHead(500, { 'Content-Type': 'text/plain' }).end(`${errorMessage(error)}\n`),
    )
  })
  server.maxConnections = 32
  await listen(server, port)
  const address: AddressInfo | string | null = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error =>
      reject(
        new AutoscaleError('CONFIG_INVALID', `metrics port ${port}: ${error.message}; choose another, or 0 for none`, {
          cause: error,
        }),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
}
