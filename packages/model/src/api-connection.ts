import { type Clock, type Logger, MS_PER_SECOND } from '@lxc-autoscale/core'
import { checkApiKey, readApiKey } from './client/api-key.ts'
import { HttpTransport } from './client/http-transport.ts'
import { type BreakerChange, ScalingClient } from './client/scaling-client.ts'
import { ReadOnlyTransport } from './client/transport.ts'
import type { ModelConfig } from './config.ts'
import type { ModelTelemetry } from './telemetry.ts'

export interface ApiConnectionOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly telemetry: ModelTelemetry
  readonly random: () => number
}

/** The way to the scaling API as the configuration in force says. */
export class ApiConnection {
  readonly #options: ApiConnectionOptions
  #transport: HttpTransport | undefined

  constructor(options: ApiConnectionOptions) {
    this.#options = options
  }

  /**
   * A client for `config`. Requests of an earlier one end as they will; its idle connections are closed by the API.
   * @throws {ConfigError} when the key file holds no key for the model
   */
  open(config: ModelConfig): ScalingClient {
    const { clock, random } = this.#options
    const { api, retry_logic: retry, circuit_breaker: breaker } = config
    if (api.api_key === undefined) checkApiKey(api.api_key_file)
    const http = new HttpTransport({
      url: api.api_url,
      apiKey: () => api.api_key ?? readApiKey(api.api_key_file),
      timeoutMs: api.timeout_seconds * MS_PER_SECOND,
      maxConnections: api.max_concurrent,
    })
    this.#transport = http
    return new ScalingClient({
      // In a dry run the client gets nothing that could send a change.
      transport: config.scaling.dry_run
        ? new ReadOnlyTransport((path, signal) => http.send({ method: 'GET', path }, signal))
        : http,
      clock,
      random,
      retry: { maxRetries: retry.max_retries, delayMs: retry.retry_delay * MS_PER_SECOND },
      breaker: {
        isEnabled: breaker.enabled,
        failureThreshold: breaker.failure_threshold,
        timeoutMs: breaker.timeout_seconds * MS_PER_SECOND,
      },
      maxConcurrent: api.max_concurrent,
      onBreakerChange: change => this.#onBreakerChange(change),
    })
  }

  close(): void {
    this.#transport?.close()
    this.#transport = undefined
  }

  #onBreakerChange({ vmid, state }: BreakerChange): void {
    const { log, telemetry } = this.#options
    const breaker = vmid === undefined ? 'api' : 'container'
    telemetry.breakerChanges.inc({ breaker, state })
    const fields = vmid === undefined ? { breaker, state } : { breaker, vmid, state }
    if (state === 'open') log.warn(fields, 'circuit breaker changed')
    else log.info(fields, 'circuit breaker changed')
  }
}
