import {
  AutoscaleError,
  ChangeBody,
  ClusterContainersBody,
  type ContainerConfigBody,
  ContainerConfigBody as ContainerConfigSchema,
  type ContainerConfigsBody,
  ContainerConfigsBody as ContainerConfigsSchema,
  errorMessage,
  HealthBody,
  HistoryBody,
  isErrorCode,
  type Mode,
  ModeChangeBody,
  NewsTestBody,
  PauseChangeBody,
  SteeringsBody,
  successBody,
  UndoManyBody,
} from '@lxc-autoscale/core'
import { z } from 'zod'
import { ask } from './ask.ts'

export interface ApiAddress {
  readonly url: string
  /** Undefined when none was found: public routes still answer. */
  readonly apiKey: string | undefined
}

/** The query of `GET /history`; what is left out is not asked for. */
export interface HistoryWords {
  readonly vmid?: number | undefined
  readonly since?: string | undefined
  readonly limit?: number
  readonly skip?: number
  readonly made?: true
  readonly newest?: true
  readonly short?: true
}

export interface UndoWords {
  readonly dry_run?: boolean
}

/** A container alone: its newest change. */
export interface UndoManyWords extends UndoWords {
  readonly lxc_id?: number
  readonly since?: string
  readonly all_to_install?: true
}

/** Whom a pause is for. */
export type Whom = { readonly lxc_id: number } | { readonly all: true }

/** More, for so many seconds. */
export interface BoostWords {
  readonly cores?: number | undefined
  readonly memory?: number | undefined
  readonly seconds: number
  readonly dry_run?: true
}

const UndoAnswerBody = successBody(ChangeBody)
export type UndoAnswer = z.output<typeof UndoAnswerBody>

/** The scaling API as the operator's commands use it. */
export class ApiClient {
  readonly #address: ApiAddress

  constructor(address: ApiAddress) {
    this.#address = address
  }

  /** The same API with another key. */
  withKey(apiKey: string | undefined): ApiClient {
    return new ApiClient({ ...this.#address, apiKey })
  }

  async configs(): Promise<ContainerConfigsBody> {
    return (await this.#send('GET /resource/lxc/configs', successBody(ContainerConfigsSchema))).data
  }

  /** @throws {AutoscaleError} CONTAINER_NOT_FOUND, and as every request does */
  async config(vmid: number): Promise<ContainerConfigBody> {
    return (await this.#send(`GET /resource/lxc/config?lxc_id=${vmid}`, successBody(ContainerConfigSchema))).data
  }

  /** Every node and container of the cluster, as this node sees them. */
  async cluster(): Promise<ClusterContainersBody> {
    return (await this.#send('GET /resource/cluster/containers', successBody(ClusterContainersBody))).data
  }

  async history(query: HistoryWords): Promise<HistoryBody> {
    const { vmid, ...rest } = query
    const words = new URLSearchParams()
    for (const [name, value] of Object.entries({ ...rest, lxc_id: vmid })) {
      if (value !== undefined) words.set(name, String(value))
    }
    return (await this.#send(`GET /history?${words}`, successBody(HistoryBody))).data
  }

  /** @throws {AutoscaleError} STATE_INVALID when nobody knows what was told, and as every request does */
  async steering(): Promise<SteeringsBody> {
    const { data } = await this.#steer('GET /steering', successBody(SteeringsBody))
    if (data.problem !== null) throw new AutoscaleError('STATE_INVALID', data.problem)
    return data
  }

  /** A container, or all; for good where `seconds` is left out. */
  async pause(whom: Whom, seconds: number | undefined): Promise<string> {
    return (await this.#steer('POST /pause', successBody(PauseChangeBody), { ...whom, seconds })).message
  }

  async resume(whom: Whom): Promise<string> {
    return (await this.#steer('POST /resume', successBody(PauseChangeBody), whom)).message
  }

  /** Null: as tags and configuration say. */
  async setMode(vmid: number, mode: Mode | null): Promise<void> {
    await this.#steer('POST /mode', successBody(ModeChangeBody), { lxc_id: vmid, mode })
  }

  async boost(vmid: number, more: BoostWords): Promise<UndoAnswer> {
    return this.#steer('POST /boost', UndoAnswerBody, { lxc_id: vmid, ...more })
  }

  async endBoost(vmid: number): Promise<UndoAnswer> {
    return this.#steer('POST /boost/end', UndoAnswerBody, { lxc_id: vmid })
  }

  /** `change`: its number, or the beginning of it. */
  async undo(change: string, how: UndoWords = {}): Promise<UndoAnswer> {
    return this.#send(`POST /history/${encodeURIComponent(change)}/undo`, UndoAnswerBody, { body: how })
  }

  /** The newest change of a container, all since a moment, or all of the model; each container by itself. */
  async undoMany(what: UndoManyWords): Promise<UndoManyBody> {
    return (await this.#send('POST /undo', successBody(UndoManyBody), { body: what })).data
  }

  /** Has a test message sent to one target of notifications, or to all. */
  async testNews(target: string | undefined): Promise<NewsTestBody> {
    return (await this.#send('POST /news/test', successBody(NewsTestBody), { body: { target } })).data
  }

  /** Without the API nothing can be told, nor is anything decided. */
  async #steer<Schema extends z.ZodType>(
    route: `${'GET' | 'POST'} /${string}`,
    schema: Schema,
    body?: object,
  ): Promise<z.output<Schema>> {
    try {
      return await this.#send(route, schema, body === undefined ? {} : { body })
    } catch (error) {
      if (!(error instanceof AutoscaleError) || error.code !== 'SCALING_API_UNREACHABLE') throw error
      const mend =
        'systemctl restart lxc_autoscale_api; to be sure that all is left alone meanwhile: systemctl stop lxc_autoscale_ml'
      throw new AutoscaleError(error.code, `${error.message} ${mend}`, { cause: error })
    }
  }

  /** Sent without the key: the answer, the same with 200 and with 503, is public, and a wrong key must not hide it. */
  async health(): Promise<HealthBody> {
    return this.withKey(undefined).#send('GET /health/check', HealthBody, { alsoGood: [503] })
  }

  /** @throws {AutoscaleError} with the code that the API gave, SCALING_API_UNREACHABLE or SCALING_API_MALFORMED. */
  async #send<Schema extends z.ZodType>(
    route: `${'GET' | 'POST'} /${string}`,
    schema: Schema,
    { alsoGood = [], body: asked = {} }: { alsoGood?: readonly number[]; body?: object } = {},
  ): Promise<z.output<Schema>> {
    const [method = '', path = ''] = route.split(' ')
    const { status, body } = await this.#fetch(method, path, asked)
    if (status >= 400 && !alsoGood.includes(status)) throw refusal(status, body)
    const parsed = schema.safeParse(body)
    if (parsed.success) return parsed.data
    throw new AutoscaleError('SCALING_API_MALFORMED', `${this.#address.url}${path}: ${z.prettifyError(parsed.error)}`)
  }

  async #fetch(method: string, path: string, asked: object): Promise<{ status: number; body: unknown }> {
    const { url, apiKey } = this.#address
    try {
      const { status, text } = await ask(url + path, {
        method,
        headers: {
          ...(apiKey === undefined ? {} : { 'X-API-Key': apiKey }),
          ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
        },
        body: method === 'GET' ? '' : JSON.stringify(asked),
      })
      return { status, body: JSON.parse(text) }
    } catch (error) {
      if (error instanceof SyntaxError) {
        const message = `${url} answers, but not as lxc_autoscale_api does: ${error.message}`
        throw new AutoscaleError('SCALING_API_MALFORMED', message, { cause: error })
      }
      const cause =
        error instanceof Error && error.cause !== undefined ? errorMessage(error.cause) : errorMessage(error)
      throw new AutoscaleError(
        'SCALING_API_UNREACHABLE',
        `no answer from the scaling API at ${url}: ${cause}; is lxc_autoscale_api.service running?`,
        { cause: error },
      )
    }
  }
}

function refusal(status: number, body: unknown): AutoscaleError {
  const parsed = z.looseObject({ error: z.string(), message: z.string() }).safeParse(body)
  if (!parsed.success) return new AutoscaleError('SCALING_API_MALFORMED', `the scaling API answered ${status}`)
  const { error, message, ...details } = parsed.data
  return new AutoscaleError(isErrorCode(error) ? error : 'INTERNAL', message, { details })
}
