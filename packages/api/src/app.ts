import rateLimit from '@fastify/rate-limit'
import fastifyStatic from '@fastify/static'
import { AutoscaleError, jsonText } from '@lxc-autoscale/core'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { appContext } from './app-context.ts'
import type { ApiConfig } from './config.ts'
import { guardFields } from './http/access-guard.ts'
import { hostCheck } from './http/allowed-hosts.ts'
import { authenticate } from './http/authenticate.ts'
import { ANYBODY, type Caller, NOBODY } from './http/caller.ts'
import { errorReply } from './http/error-reply.ts'
import { nameFields } from './http/field-names.ts'
import { checkJsonText } from './http/json-text.ts'
import { collectRoutes, type ListedRoute } from './http/listed-routes.ts'
import { describeRoutes } from './http/open-api.ts'
import { rateLimits } from './http/rate-limit.ts'
import { checkSameOrigin } from './http/same-origin.ts'
import { securityHeaders } from './http/security-headers.ts'
import { checkSingleHeaders } from './http/single-headers.ts'
import { thenOrNow } from './http/then-or-now.ts'
import { validatorCompiler } from './http/zod-validation.ts'
import { newsSettings, newsSources } from './news-sources.ts'
import { ROUTE_MODULES } from './routes/index.ts'
import type { ApiPorts } from './routes/route-context.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const KB = 1_024

/** The application without a socket; call `ready()` before use. */
export async function buildApp(ports: ApiPorts, config: ApiConfig): Promise<FastifyInstance> {
  const { trusted_proxies: trusted, max_body_kb: maxBodyKb } = config.server
  const app = fastify({
    logger: false,
    trustProxy: trusted.length === 0 ? false : [...trusted],
    bodyLimit: maxBodyKb * KB,
    // Fastify would load its own compilers for JSON Schema, which nothing here uses.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    // A request id per request costs more than it tells here.
    genReqId: () => '',
    frameworkErrors: (error, request, reply) => sendError(ports, error, request, reply),
  }).withTypeProvider<ZodTypeProvider>()
  app.removeContentTypeParser('text/plain')
  takeJson(app)
  app.setValidatorCompiler(validatorCompiler)
  // The answers are built from typed values, so they are written as they are.
  app.setSerializerCompiler(() => body => jsonText(body))
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(ports, error, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const error = new AutoscaleError('ROUTE_NOT_FOUND', 'there is no such route; GET /routes lists what there is')
    return sendError(ports, error, request, reply)
  })
  await app.register(rateLimit, { global: false })
  await app.register(fastifyStatic, { root: ports.dashboard, serve: false, preCompressed: true, dotfiles: 'deny' })
  addHooks(app, ports, config)
  await describeRoutes(app)
  const listed = collectRoutes(app)
  const context = { ...appContext(ports, config), listed }
  for (const module of ROUTE_MODULES) module(app, context)
  refuseOtherMethods(app, listed)
  ports.news.use(newsSettings(config), newsSources(context))
  ports.series.use(() => context.deciding.status())
  ports.metrics.use(config.health.metrics_file)
  ports.boosts.use(context)
  return app
}

/** Fastify's own parser, which refuses prototypes, and then what it lets through. */
function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, text, done) =>
    parse(request, text, (error, body) => {
      if (error !== null) return done(error)
      try {
        checkJsonText(text)
      } catch (problem) {
        return done(problem as Error)
      }
      return done(null, body)
    }),
  )
}

function noCompiler(): never {
  throw new TypeError('the schemas of the routes are zod schemas')
}

/**
 * In the order in which a request meets them: headers, host, rate limits, key, then (after the body was read) names and rights.
 * Most requests wait for nothing here, so a promise is made only where something is waited for.
 */
function addHooks(app: FastifyInstance, { keys, connections, telemetry }: ApiPorts, config: ApiConfig): void {
  const checkHost = hostCheck([config.server.host, ...config.server.allowed_hosts])
  const limits = rateLimits(app, config.rate_limiting)
  const authentication = { keys, keyPlace: keyPlace(config) }
  const headers = securityHeaders()
  app.decorateRequest('caller')
  app.decorateRequest('route')
  app.decorateRequest('ignored')
  const admit = (request: FastifyRequest, reply: FastifyReply, caller: Caller) => {
    request.caller = caller
    const isTrusted = caller !== NOBODY && caller !== ANYBODY
    if (isTrusted) connections.trust(request.raw.socket)
    return request.route.config.access === 'public' ? undefined : limits.ofKey(request, reply)
  }
  const identify = (request: FastifyRequest, reply: FastifyReply) => {
    const { access } = request.route.config
    if (access === undefined) return undefined
    if (!config.authentication.enabled) return admit(request, reply, ANYBODY)
    return thenOrNow(authenticate(request, access, authentication), caller => admit(request, reply, caller))
  }
  app.addHook('onRequest', (request, reply, done) => {
    request.ignored = NONE
    request.caller = ANYBODY
    request.route = request.routeOptions
    reply.headers(headers)
    checkSingleHeaders(request.raw.rawHeaders)
    checkHost(request.headers.host, request.socket.localAddress)
    checkSameOrigin(request)
    const entered = thenOrNow(limits.ofAddress(request, reply), () => identify(request, reply))
    if (entered instanceof Promise) entered.then(() => done(), done)
    else done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    const { schema } = request.route
    const body = nameFields(request.body, schema?.body)
    const query = nameFields(request.query, schema?.querystring)
    if (schema?.body !== undefined) request.body = body.fields
    if (schema?.querystring !== undefined) request.query = query.fields
    if (body.ignored.length + query.ignored.length > 0) {
      const ignored = [...body.ignored, ...query.ignored.filter(name => name !== 'api_key')]
      request.ignored = ignored.slice(0, MAX_IGNORED)
    }
    done()
  })
  app.addHook('preHandler', (request, _reply, done) => {
    guardFields(request)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { config, url } = request.route
    // How long somebody listened says nothing of how fast it is.
    if (!(config.isStream && reply.statusCode === 200)) {
      telemetry.request({
        method: request.method,
        endpoint: url ?? 'unknown',
        status: reply.statusCode,
        durationMs: reply.elapsedTime,
      })
    }
    done()
  })
}

const NONE: readonly string[] = []

const MAX_IGNORED = 20

function keyPlace({ authentication: { key_file: file } }: ApiConfig): string {
  const inConfig = 'add one to authentication.api_keys of the configuration'
  return file === '' ? inConfig : `put one into ${file} or ${inConfig}, then reload the service`
}

/** Answers 405 with the methods that there are, and OPTIONS with the same list; without CORS headers, so no page elsewhere may use it. */
function refuseOtherMethods(app: FastifyInstance, listed: ReadonlyMap<string, ListedRoute>): void {
  for (const { url, methods } of [...listed.values()]) {
    const allow = [...methods, 'OPTIONS'].join(', ')
    const config = { access: 'public', isHidden: true } as const
    app.options(url, { config }, (_request, reply) => reply.header('allow', allow).code(204).send())
    app.route({
      method: METHODS.filter(method => !methods.includes(method)),
      url,
      exposeHeadRoute: false,
      config,
      onRequest: async request => {
        const message = `${request.method} is not possible here; ${allow} are`
        throw new AutoscaleError('METHOD_NOT_ALLOWED', message, { details: { allow } })
      },
      handler: async () => undefined,
    })
  }
}

function sendError({ log, telemetry }: ApiPorts, error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const { status, headers, body } = errorReply(error)
  if (status >= 500) {
    const fields = { route: request.routeOptions?.url, method: request.method, code: body.error, problem: body.message }
    if (body.error === 'INTERNAL') log.error({ ...fields, err: error }, 'request failed by a bug')
    else log.warn(fields, 'request failed')
  }
  telemetry.refused(body.error)
  if (isMuchLeft(request)) reply.header('connection', 'close')
  return reply
    .code(status)
    .headers(headers)
    .type('application/json; charset=utf-8')
    .serializer((answer: unknown) => jsonText(answer))
    .send(body)
}

/** Whether so much of a body is still to come that it is not worth reading it for the next request on the same connection. */
function isMuchLeft({ raw: { complete, headers } }: FastifyRequest): boolean {
  const length = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : Infinity
  return !complete && length > MAX_LEFT_BYTES
}

const MAX_LEFT_BYTES = 64 * KB
