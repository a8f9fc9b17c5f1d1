/** One request to the scaling API. `path` begins with `/` and may hold a query. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON-safe; only a POST has one. */
  readonly body?: unknown
}

/** What came back, whatever the status. */
export interface ApiReply {
  readonly status: number
  /** The JSON of the body; undefined when it was not JSON. */
  readonly body: unknown
  /** What `Retry-After` asked for. */
  readonly retryAfterMs: number | undefined
}

/** Sends one request once. */
export interface Transport {
  /**
   * @throws {AutoscaleError} SCALING_API_UNREACHABLE when no whole answer came in time;
   * @throws {ReadOnlyError} when this transport does not send changing requests.
   */
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiReply>
}

/** A changing request met a transport that can only read. */
export class ReadOnlyError extends Error {
  constructor(path: string) {
    super(`dry run: POST ${path} was not sent`)
    this.name = 'ReadOnlyError'
  }
}

/** The part of a transport that reads. Whoever holds only this cannot change anything. */
export type Read = (path: string, signal: AbortSignal) => Promise<ApiReply>

/** A transport made of reading alone: it has nothing with which it could send a changing request. */
export class ReadOnlyTransport implements Transport {
  readonly #read: Read

  constructor(read: Read) {
    this.#read = read
  }

  async send({ method, path }: ApiRequest, signal: AbortSignal): Promise<ApiReply> {
    if (method === 'GET') return this.#read(path, signal)
    throw new ReadOnlyError(path)
  }
}
