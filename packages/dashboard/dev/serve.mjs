import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer, request as requestOf } from 'node:http'
import { join } from 'node:path'
import { dashboardDirectory } from '@lxc-autoscale/dashboard'
import * as host from './made-up-host.mjs'

/**
 * The dashboard with made-up answers, to look at while it is being made: all states, hostile names, any number of containers.
 * usage: node packages/dashboard/dev/serve.mjs [--port 5600] [--containers 60] [--open] [--dry-run] [--broken] [--api PORT]
 * With --api the answers are those of the API at that port, such as one of the demo.
 * Keys: `admin`, `scale` and `read`, each with its role; with --open no key is asked for. SIGUSR2 ends every stream.
 */
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at === -1 ? otherwise : Number(process.argv[at + 1])
}
const has = name => process.argv.includes(`--${name}`)
const port = option('port', 5600)
const fleet = host.makeFleet(option('containers', 60), { isDryRun: has('dry-run'), isBroken: has('broken') })

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const TYPES = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', html: 'text/html; charset=utf-8' }
const PAGES = /^\/($|cluster$|changes$|docs$|container\/\d+$)/
const streams = new Set()

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://x')
  if (PAGES.test(url.pathname)) return sendFile(request, response, 'index.html')
  if (url.pathname.startsWith('/assets/')) return sendFile(request, response, url.pathname.slice(1))
  if (has('api')) return passOn(request, response)
  const role = has('open') ? 'admin' : request.headers['x-api-key']
  if (!['admin', 'scale', 'read'].includes(role)) return fail(response, 401, 'UNAUTHORIZED', 'wrong API key')
  const caller = { key: has('open') ? 'anybody' : `${role}-key`, role }
  let text = ''
  for await (const part of request) text += part
  const asked = { url, caller, body: text === '' ? {} : JSON.parse(text), isAuthenticated: !has('open') }
  if (url.pathname === '/events') return stream(response, asked)
  if (request.method !== 'GET' && role === 'read')
    return fail(
      response,
      403,
      'FORBIDDEN',
      `${request.method} ${url.pathname} needs a key with the role scale; read-key has the role read`,
    )
  try {
    const answer = host.answer(fleet, request.method, asked)
    if (answer === undefined)
      return fail(response, 404, 'ROUTE_NOT_FOUND', 'there is no such route; GET /routes lists what there is')
    return sendJson(response, 200, { status: 'success', message: answer.message ?? 'done', data: answer.data })
  } catch (error) {
    return fail(response, error.status ?? 500, error.code ?? 'INTERNAL', error.message)
  }
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`))

function stream(response, asked) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const send = (name, data) =>
    response.write(`event: ${name}\ndata: ${data === undefined ? '' : JSON.stringify(data)}\n\n`)
  send('overview', host.overview(fleet, asked))
  const told = { send, asked }
  streams.add(told)
  response.on('close', () => streams.delete(told))
  told.end = () => response.destroy()
}

fleet.onChange = entry => {
  for (const { send } of streams) send('change', entry)
}
setInterval(() => {
  const rows = host.move(fleet)
  for (const { send, asked } of streams) send('rows', { head: host.head(fleet, asked), rows, gone: [] })
}, 3_000)
setInterval(() => {
  for (const { send } of streams) send('beat')
}, 15_000)
process.on('SIGUSR2', () => {
  for (const { end } of streams) end()
})

function passOn(request, response) {
  const { method, url: path, headers } = request
  const there = requestOf({ host: '127.0.0.1', port: option('api'), method, path, headers }, answer => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  there.on('error', () => response.destroy())
  response.on('close', () => there.destroy())
  request.pipe(there)
}

function sendFile(request, response, name) {
  const file = join(dashboardDirectory, name)
  if (!existsSync(file)) return fail(response, 404, 'ROUTE_NOT_FOUND', 'there is no such file')
  const isSmall = /\bbr\b/.test(request.headers['accept-encoding'] ?? '')
  response.writeHead(200, {
    'content-type': TYPES[name.split('.').at(-1)],
    'content-security-policy': CSP,
    'content-length': statSync(isSmall ? `${file}.br` : file).size,
    ...(isSmall ? { 'content-encoding': 'br' } : {}),
  })
  createReadStream(isSmall ? `${file}.br` : file).pipe(response)
}

function fail(response, status, error, message) {
  sendJson(response, status, { status: 'error', error, message })
}

function sendJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-security-policy': CSP })
  response.end(JSON.stringify(body))
}
