import type { IncomingMessage } from 'node:http'
import { hostPaths } from '../files/host-paths.ts'
import { isOnline } from '../host/cluster-files.ts'
import { readIdentity } from '../host/host-identity.ts'
import { writeJournal } from '../host/journal.ts'
import { type Fault, type HostSettings, readSettings } from '../host/settings.ts'
import { type Context, REAL_TIME, type TaskWork } from '../pct/context.ts'
import { Failure } from '../pct/failure.ts'
import { contextOn } from '../pct/other-node.ts'
import { findRoute } from './find-route.ts'
import { checkParameters, type Parameters, readParameters } from './parameters.ts'
import { type Refusal, RestFailure, refusalOf } from './rest-failure.ts'
import type { RestRequest } from './rest-request.ts'
import type { Route } from './routes.ts'
import type { TaskList } from './task-list.ts'
import { type Asker, askerOf } from './tokens.ts'

const BASE = '/api2/json'
/** Source: pve-http-server, AnyEvent.pm, limit_max_post. */
const MAX_BODY_BYTES = 512 * 1_024
/** A proxy that does not get through answers with a number from here on, and nothing else. Source: AnyEvent::HTTP. */
const FIRST_OF_PROXY = 595
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']

/** How a request ends: with data, with what is wrong, or without any answer. */
export type Outcome = { readonly data: unknown } | Refusal | 'silence' | 'reset'

/** The host of the interface. */
export interface Site {
  readonly root: string
  /** The tasks of the host in a directory. */
  tasksOf(root: string): TaskList
}

/** Carries out one request as pveproxy and pvedaemon do. */
export async function handleRequest(request: IncomingMessage, site: Site): Promise<Outcome> {
  const settings = readSettings(hostPaths(site.root))
  try {
    return await orRefusal(() => handle(request, site, settings))
  } catch (error) {
    // The client went away before its request was complete.
    if (request.destroyed && !request.complete) return 'silence'
    throw error
  }
}

async function handle(request: IncomingMessage, site: Site, settings: HostSettings): Promise<Outcome> {
  const { path, query } = readTarget(request.url ?? '/')
  const method = request.method ?? ''
  if (!METHODS.includes(method)) throw new RestFailure(501, `method '${method}' not available`, 'text')
  if (request.headers['transfer-encoding'] !== undefined) {
    throw new RestFailure(501, 'chunked transfer encoding not supported', 'text')
  }
  if (!path.startsWith(`${BASE}/`)) throw new RestFailure(501, 'no such uri', 'text')
  const asker = await authenticated(request, settings)
  const body = await readBody(request, method)
  const parameters = readParameters(body, request.headers['content-type'], query)
  return await perform({ method, path: path.slice(BASE.length), parameters }, { asker, site, settings })
}

/** @throws {RestFailure} for what is no target of a request */
function readTarget(target: string): { readonly path: string; readonly query: URLSearchParams } {
  try {
    const url = new URL(target, 'https://host')
    return { path: decodeURIComponent(url.pathname), query: url.searchParams }
  } catch {
    throw new RestFailure(400, 'Bad Request', 'text')
  }
}

/** @throws {RestFailure} after a while, for whom nobody knows */
async function authenticated(request: IncomingMessage, settings: HostSettings): Promise<Asker> {
  const refuse = async (status: number, message: string) => {
    await REAL_TIME.sleep(settings.restDenialMs)
    throw new RestFailure(status, message, 'none')
  }
  if (settings.pmxcfs === 'down') {
    const reason = 'Unable to load access control list: Connection refused'
    return await refuse(500, `RPCEnvironment init request failed: ${reason}`)
  }
  const asker = askerOf(request.headers.authorization, settings)
  return typeof asker === 'string' ? await refuse(401, asker) : asker
}

/** @throws {RestFailure} where Proxmox takes no body, or none of this size */
async function readBody(request: IncomingMessage, method: string): Promise<string> {
  const length = Number(request.headers['content-length'] ?? 0)
  if (length === 0) return ''
  if (method !== 'PUT' && method !== 'POST')
    throw new RestFailure(501, `Unexpected content for method '${method}'`, 'text')
  if (length > MAX_BODY_BYTES) throw new RestFailure(501, 'for data too large', 'text')
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

interface Call {
  readonly method: string
  readonly path: string
  readonly parameters: Parameters
}

interface Surroundings {
  readonly asker: Asker
  readonly site: Site
  readonly settings: HostSettings
}

async function perform(call: Call, { asker, site, settings }: Surroundings): Promise<Outcome> {
  const found = findRoute(call.method, call.path)
  if (found === undefined) throw new RestFailure(501, `Method '${call.method} ${call.path}' not implemented`)
  const target = contextFor(contextOf({ asker, site, settings }), found.parameters['node'])
  const tasks = site.tasksOf(target.paths.root)
  const begun: string[] = []
  const context: Context = {
    ...target,
    beginTask: (kind, work) => {
      begun.push(tasks.begin(context, kind, { user: asker.id, work: failingWork(call, settings) ?? work }))
    },
  }
  const fault = settings.faults.find(other => other.kind !== 'fail-task' && fits(other, call))
  const words = [call.method, call.path, ...Object.entries(call.parameters).map(([name, value]) => `${name}=${value}`)]
  writeJournal(target.paths, settings, { kind: 'begin', command: 'rest', words })
  await REAL_TIME.sleep(delayMs(settings) + (fault?.kind === 'slow' ? (fault.delayMs ?? 0) : 0))
  const { node: _, ...parameters } = { ...call.parameters, ...found.parameters }
  const work = async () => {
    const node = found.parameters['node']
    const data = await run(found.route, { context, asker, path: call.path, node, parameters, tasks })
    return { data: begun[0] ?? data ?? null }
  }
  const outcome = await withFault(fault, () => inTime(call.method, settings, () => orRefusal(work)))
  const isDone = typeof outcome === 'object' && 'data' in outcome
  writeJournal(target.paths, settings, { kind: 'end', exitCode: isDone ? 0 : 1 })
  return outcome
}

function contextOf({ asker, site, settings }: Surroundings): Context {
  const paths = hostPaths(site.root)
  return {
    seen: new Map(),
    paths,
    identity: readIdentity(paths),
    settings,
    output: { out: () => undefined, err: () => undefined },
    time: REAL_TIME,
    access: asker,
  }
}

/** What a task does instead of its work when it is set to fail. */
function failingWork(call: Call, { faults }: HostSettings): TaskWork | undefined {
  const fault = faults.find(({ kind, ...other }) => kind === 'fail-task' && fits(other, call))
  if (fault === undefined) return undefined
  return async () => {
    throw new Failure(fault.stderr ?? 'failed')
  }
}

async function run(route: Route, request: RestRequest): Promise<unknown> {
  route.permit?.(request)
  checkParameters(request.parameters, route)
  return await route.run(request)
}

async function orRefusal(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failure) return refusalOf(error)
    throw error
  }
}

/** What the daemon in front answers when the one behind, which does all that changes something, has not ended in time. */
async function inTime(method: string, settings: HostSettings, work: () => Promise<Outcome>): Promise<Outcome> {
  if (method === 'GET') return await work()
  const late = { status: 596, message: 'Connection timed out', body: 'none' } as const
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<Outcome>(resolve => {
    timer = setTimeout(() => resolve(late), settings.restProxyTimeoutMs)
  })
  try {
    return await Promise.race([work(), timeout])
  } finally {
    clearTimeout(timer)
  }
}

async function withFault(fault: Fault | undefined, work: () => Promise<Outcome>): Promise<Outcome> {
  const { status = 500, stderr: message = 'failed' } = fault ?? {}
  const failed = { status, message, body: status >= FIRST_OF_PROXY ? 'none' : 'json' } as const
  if (fault?.kind === 'hang') return 'silence'
  if (fault?.kind === 'reset') return 'reset'
  if (fault?.kind === 'fail') return failed
  if (fault?.kind === 'skip') return { data: null }
  const outcome = await work()
  if (fault?.kind === 'hang-late') return 'silence'
  if (fault?.kind === 'reset-late') return 'reset'
  if (fault?.kind === 'fail-late') return failed
  if (fault?.kind === 'answer-late') await REAL_TIME.sleep(fault.delayMs ?? 0)
  return outcome
}

function fits(fault: Omit<Fault, 'kind'>, { method, path }: Call): boolean {
  if (fault.command !== 'rest' || fault.exceptPid === process.pid) return false
  if (fault.method !== undefined && fault.method !== method) return false
  if (fault.path !== undefined && !path.endsWith(fault.path)) return false
  return fault.vmid === undefined || path.split('/').includes(String(fault.vmid))
}

function delayMs({ restDelayMs, restDelayJitter }: HostSettings): number {
  return restDelayMs * (1 + restDelayJitter * (2 * Math.random() - 1))
}

/** The host that a request is for. @throws {Failure} for a node that nobody knows, or that is not up */
function contextFor(context: Context, node: string | undefined): Context {
  const { identity, settings } = context
  if (node === undefined) return context
  if (settings.nodes.includes(node) && !isOnline(settings, identity, node)) {
    throw new RestFailure(595, 'No route to host', 'none')
  }
  return contextOn(context, node)
}
