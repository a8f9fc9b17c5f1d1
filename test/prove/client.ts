import { request as httpRequest } from 'node:http'
import type { PlannedRequest } from './client-plan.ts'
import type { Answer, SentRequest } from './record.ts'
import { CLIENT_KEY, type Site } from './site.ts'

const TIMEOUT_MS = 12_000
const AGAIN_AFTER_MS = 1_000
const MOST_ATTEMPTS = 4

/** A client that sends the requests of a plan, and each that failed again with the same Idempotency-Key. */
export class Client {
  readonly sent: SentRequest[] = []
  readonly #site: Site
  readonly #running: Promise<void>[] = []
  readonly #timers: NodeJS.Timeout[] = []

  constructor(site: Site) {
    this.#site = site
  }

  start(requests: readonly PlannedRequest[]): void {
    for (const request of requests) {
      this.#timers.push(setTimeout(() => this.#running.push(this.#carryOut(request)), request.atMs))
    }
  }

  /** Waits until all are answered or given up. */
  async finish(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    await Promise.all(this.#running)
  }

  async #carryOut(request: PlannedRequest): Promise<void> {
    if (request.isDoubled) void this.#running.push(this.#send(request, 0).then(() => undefined))
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const answer = await this.#send(request, attempt)
      const isDone = answer !== undefined && answer.status < 400
      if (isDone && !(request.isRepeated && attempt === 1)) return
      if (answer !== undefined && answer.status >= 400 && answer.status < 500 && answer.status !== 404) return
      await new Promise(resolve => setTimeout(resolve, AGAIN_AFTER_MS))
    }
  }

  async #send(request: PlannedRequest, attempt: number): Promise<Answer | undefined> {
    const { number, path, vmid, body } = request
    const sentMs = this.#site.nowMs()
    const idempotencyKey = `prove-${number}`
    const isDirect = number % 2 === 0
    const reply = await this.#ask(path, body, idempotencyKey, isDirect)
    const answer = reply === undefined ? undefined : answerOf(reply, this.#site.nowMs())
    this.sent.push({ number, attempt, idempotencyKey, path, vmid, body, isDirect, sentMs, answer })
    return answer
  }

  /** Undefined when no answer came. */
  #ask(path: string, body: object, key: string, isDirect: boolean): Promise<Reply | undefined> {
    const text = JSON.stringify(body)
    const headers = {
      'x-api-key': CLIENT_KEY,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'idempotency-key': key,
      connection: 'close',
    }
    const port = isDirect ? this.#site.apiPort : this.#site.network.port
    return new Promise(resolve => {
      const options = { host: '127.0.0.1', port, path, method: 'POST', headers, timeout: TIMEOUT_MS, agent: false }
      const asked = httpRequest(options, response => {
        const parts: Buffer[] = []
        response.on('data', part => parts.push(part))
        response.on('error', () => resolve(undefined))
        response.on('close', () => {
          const isWhole = response.complete
          resolve(
            isWhole ? { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') } : undefined,
          )
        })
      })
      asked.on('timeout', () => asked.destroy())
      asked.on('error', () => resolve(undefined))
      asked.on('close', () => resolve(undefined))
      asked.end(text)
    })
  }
}

interface Reply {
  readonly status: number
  readonly text: string
}

/** Undefined for an answer that is none of ours: a garbled one. */
function answerOf({ status, text }: Reply, atMs: number): Answer | undefined {
  try {
    const json = JSON.parse(text)
    return {
      atMs,
      status,
      error: json.error,
      changeId: json.change_id,
      changed: json.data?.changed,
      after: json.data?.after,
    }
  } catch {
    return undefined
  }
}
