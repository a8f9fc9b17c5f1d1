import { randomUUID } from 'node:crypto'
import { chmodSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { hostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceText } from '../files/json-file.ts'
import { sharedPve } from '../host/cluster-place.ts'
import { readIdentity } from '../host/host-identity.ts'
import { type Acl, readSettings } from '../host/settings.ts'
import { updateSettings } from '../host/update-settings.ts'
import { REAL_TIME } from '../pct/context.ts'
import { fingerprintOf, newAuthority, newCertificate, nodeCertificate } from './certificates.ts'
import { handleRequest, type Outcome, type Site } from './handle-request.ts'
import type { Refusal } from './rest-failure.ts'
import { TaskList } from './task-list.ts'
import { ALL_PRIVILEGES } from './tokens.ts'

/** Source: pve-manager, Service/pveproxy.pm, and pve-http-server, AnyEvent.pm. */
const IDLE_MS = 5_000
const REQUESTS_PER_CONNECTION = 100
const TOKEN_ID = 'lxc-autoscale@pve!api'

export interface PretendRestOptions {
  /** Default: a free one. */
  readonly port?: number
  /** What the token may; default: everything, everywhere. */
  readonly acl?: Acl
}

/** The REST interface of a pretend host, listening. */
export interface PretendRest {
  readonly url: string
  readonly port: number
  /** Certificate of the authority of the cluster. */
  readonly caFile: string
  readonly fingerprint: string
  /** `USER@REALM!NAME=SECRET` on one line. */
  readonly tokenFile: string
  /** Ends all connections; tasks go on, as when the daemons of a real host are restarted. */
  close(): Promise<void>
}

/** Starts the REST interface of a pretend host; with a token and certificates, which are those of an earlier start. */
export async function startPretendRest(
  host: string | { readonly root: string },
  { port = 0, acl }: PretendRestOptions = {},
): Promise<PretendRest> {
  const root = resolve(typeof host === 'string' ? host : host.root)
  const paths = hostPaths(root)
  const { node } = readIdentity(paths)
  const certificate = await nodeCertificate(paths, node)
  await provideToken(root, acl)
  const site: Site = { root, tasksOf: taskLists() }
  const https = createHttpsServer(certificate, (request, response) => void answer(request, response, site))
  https.keepAliveTimeout = IDLE_MS
  https.maxRequestsPerSocket = REQUESTS_PER_CONNECTION
  // A client that goes away, or does not like the certificate, is no reason to say anything.
  https.on('tlsClientError', () => undefined)
  const sockets = new Set<Socket>()
  let isForeign = false
  const accept = async (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const { restTlsDelayMs, restCertificateIsForeign } = readSettings(paths)
    await REAL_TIME.sleep(restTlsDelayMs)
    if (restCertificateIsForeign !== isForeign) {
      isForeign = restCertificateIsForeign
      https.setSecureContext(isForeign ? await newCertificate(await newAuthority(), node) : certificate)
    }
    https.emit('connection', socket)
  }
  const front = createServer(socket => void accept(socket))
  await new Promise<void>((done, fail) => front.once('error', fail).listen(port, '127.0.0.1', done))
  const address = front.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${address.port}`,
    port: address.port,
    caFile: `${paths.pve}/pve-root-ca.pem`,
    fingerprint: fingerprintOf(certificate),
    tokenFile: paths.tokenFile,
    close: async () => {
      const closed = new Promise<void>(done => front.close(() => done()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** One list of tasks for each host. */
function taskLists(): Site['tasksOf'] {
  const lists = new Map<string, TaskList>()
  return root => {
    const list = lists.get(root) ?? new TaskList(hostPaths(root))
    lists.set(root, list)
    return list
  }
}

/**
 * The settings have the token, whose secret is the same on all nodes of a cluster; a file has it for the client. Another `acl`
 * is that of the same token. Source: pve-cluster, /etc/pve/priv/token.cfg.
 */
async function provideToken(root: string, acl: Acl | undefined): Promise<void> {
  const paths = hostPaths(root)
  const secrets = `${sharedPve(paths)}/priv/token.cfg`
  const secret = readIfThere(secrets)?.trim().split(' ')[1] ?? randomUUID()
  replaceText(secrets, `${TOKEN_ID} ${secret}\n`)
  const { restTokens } = readSettings(paths)
  const token = { secret, acl: acl ?? restTokens[TOKEN_ID]?.acl ?? { '/': ALL_PRIVILEGES } }
  await updateSettings(root, { restTokens: { ...restTokens, [TOKEN_ID]: token } })
  replaceText(paths.tokenFile, `${TOKEN_ID}=${token.secret}\n`)
  chmodSync(paths.tokenFile, 0o600)
}

async function answer(request: IncomingMessage, response: ServerResponse, site: Site): Promise<void> {
  const outcome = await handleRequest(request, site)
  if (outcome === 'silence') return
  if (outcome === 'reset') request.socket.destroy()
  else write(response, outcome, readSettings(hostPaths(site.root)).restOmitsMessage)
}

/** Source: pve-http-server, Formatter/Standard.pm and AnyEvent.pm, response. */
function write(response: ServerResponse, outcome: Exclude<Outcome, string>, omitsMessage: boolean): void {
  const isFailure = !('data' in outcome)
  const [reason = ''] = isFailure ? outcome.message.split('\n', 1) : ['OK']
  const text = isFailure ? refusalText(outcome, omitsMessage) : JSON.stringify(outcome)
  response.writeHead(isFailure ? outcome.status : 200, Buffer.from(reason, 'utf8').toString('latin1'), {
    ...(text.startsWith('{') ? { 'Content-Type': 'application/json;charset=UTF-8' } : {}),
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'max-age=0',
    Pragma: 'no-cache',
    Server: 'pve-api-daemon/3.0',
    ...(isFailure ? { Connection: 'close' } : {}),
  })
  response.end(text)
}

function refusalText({ message, errors, body = 'json' }: Refusal, omitsMessage: boolean): string {
  if (body !== 'json') return body === 'none' ? '' : message
  const words = omitsMessage ? {} : { message: `${message.replace(/\n+$/, '')}\n` }
  return JSON.stringify({ data: null, ...(errors === undefined ? {} : { errors }), ...words })
}
