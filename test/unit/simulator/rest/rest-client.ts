import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { onTestFinished } from 'vitest'
import {
  type HostSettings,
  type PretendRest,
  type PretendRestOptions,
  startPretendRest,
  updateSettings,
} from '../../../../packages/simulator/src/index.ts'
import { type makeHost, usualHost } from '../pretend-host.ts'

export interface RestAnswer {
  readonly status: number
  /** The words behind the number in the first line. */
  readonly reason: string
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever was answered
  readonly json: any
}

export interface RestCall {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly ca?: string
}

/** The interface of a host, asked by a client that is careful as curl --cacert is. */
export interface RestHost {
  readonly root: string
  readonly rest: PretendRest
  /** `GET`, with a form for the other methods. */
  ask(method: string, path: string, form?: Readonly<Record<string, string>>): Promise<RestAnswer>
  call(method: string, path: string, call?: RestCall): Promise<RestAnswer>
  /** How a task ended, once it has. */
  endOf(upid: string): Promise<string>
  set(settings: Parameters<typeof updateSettings>[1]): Promise<HostSettings>
  text(path: string): string
}

export async function restHost(options: PretendRestOptions = {}, settings = {}): Promise<RestHost> {
  return await serve(await usualHost(settings), options)
}

export async function serve(
  host: Awaited<ReturnType<typeof makeHost>>,
  options: PretendRestOptions = {},
): Promise<RestHost> {
  const rest = await startPretendRest(host.root, options)
  onTestFinished(() => rest.close())
  const authorization = `PVEAPIToken=${readFileSync(rest.tokenFile, 'utf8').trim()}`
  const call: RestHost['call'] = (
    method,
    path,
    { headers = {}, body = '', ca = readFileSync(rest.caFile, 'utf8') } = {},
  ) => send(`${rest.url}/api2/json${path}`, { method, ca, headers: { authorization, ...headers } }, body)
  const ask: RestHost['ask'] = (method, path, form) => {
    const body = form === undefined ? '' : new URLSearchParams(form).toString()
    return call(method, path, { body })
  }
  return {
    root: host.root,
    rest,
    call,
    ask,
    set: settings => updateSettings(host.root, settings),
    text: path => host.text(path),
    endOf: async upid => {
      for (;;) {
        const { json } = await ask('GET', `/nodes/pve/tasks/${encodeURIComponent(upid)}/status`)
        if (json.data.status === 'stopped') return json.data.exitstatus
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    },
  }
}

function send(url: string, options: object, body: string): Promise<RestAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...options, agent: false }, response => {
      const parts: Buffer[] = []
      response.on('data', part => parts.push(part))
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8')
        const json = text.startsWith('{') ? JSON.parse(text) : undefined
        resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? '', text, json })
      })
    })
    asked.on('error', reject)
    if (body !== '') asked.setHeader('content-length', Buffer.byteLength(body))
    asked.end(body)
  })
}
