import {
  type ContainerConfigBody,
  ContainerConfigsBody,
  HistoryBody,
  type HistoryEntryBody,
  successBody,
} from '@lxc-autoscale/core'

const TIMEOUT_MS = 5_000
/** `pct` waits for locks. */
const LONGEST_CHANGE_MS = 60_000
const HISTORY_LIMIT = 500

/** What the demo asks the API. */
export class ApiClient {
  readonly #address: string
  readonly #key: string

  constructor(port: number, key: string) {
    this.#address = `http://127.0.0.1:${port}`
    this.#key = key
  }

  /** Whether it answers, whatever it says of its health. */
  async answers(): Promise<boolean> {
    try {
      await fetch(`${this.#address}/health/check`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
      return true
    } catch {
      // Nobody listens yet.
      return false
    }
  }

  /** The newest changes, oldest first. @throws {Error} when the API does not answer as its contract says */
  async history(): Promise<readonly HistoryEntryBody[]> {
    const { data } = successBody(HistoryBody).parse(await this.#get(`/history?limit=${HISTORY_LIMIT}`))
    return [...data.entries].reverse()
  }

  /** All containers. @throws {Error} as above */
  async containers(): Promise<readonly ContainerConfigBody[]> {
    return successBody(ContainerConfigsBody).parse(await this.#get('/resource/lxc/configs')).data.containers
  }

  /** Asks for a change. @throws {Error} when it is not made */
  async post(path: string, body: unknown): Promise<void> {
    await this.#ask(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LONGEST_CHANGE_MS),
    })
  }

  #get(path: string): Promise<unknown> {
    return this.#ask(path, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  }

  async #ask(path: string, request: RequestInit): Promise<unknown> {
    const headers = { ...request.headers, 'X-API-Key': this.#key }
    const reply = await fetch(`${this.#address}${path}`, { ...request, headers })
    const body: unknown = await reply.json()
    if (!reply.ok)
      throw new Error(`${request.method ?? 'GET'} ${path}: status ${reply.status}: ${JSON.stringify(body)}`)
    return body
  }
}
