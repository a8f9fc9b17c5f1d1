import swagger from '@fastify/swagger'
import { asObject, ERROR_CODES, ErrorBody, type ErrorCode, errorVerdict, VERSION } from '@lxc-autoscale/core'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { operationId } from './operation-id.ts'
import { isReading } from './same-origin.ts'
import { nameSchemas } from './schema-names.ts'

/** Groups of routes by the begin of their path, in the order in which people look for them. */
const TAGS: Readonly<Record<string, string>> = {
  overview: 'The host and all containers at one glance.',
  events: 'The same as a stream of what is new.',
  series: 'What a container used and had over time.',
  resource: 'What containers, the node and the cluster have and use.',
  scale: 'Cores, memory and disk of a container.',
  steering: 'What people tell the autoscaler to do with containers.',
  history: 'What was changed, by whom and why, and the way back.',
  'what-if': 'What a policy would have done with a container.',
  snapshot: 'Snapshots of a container.',
  clone: 'Clones of a container.',
  news: 'What people are told, and how.',
  monitoring: 'For what watches this service.',
  documents: 'What this API can do.',
}
/** The tag of paths that begin with another word. */
const TAG_OF: Readonly<Record<string, string>> = {
  past: 'series',
  pause: 'steering',
  resume: 'steering',
  mode: 'steering',
  boost: 'steering',
  undo: 'history',
  explain: 'resource',
  health: 'monitoring',
  metrics: 'monitoring',
  routes: 'documents',
  'openapi.json': 'documents',
}

const DESCRIPTION = `Reads and changes the resources of the LXC containers of one Proxmox VE host.

Numbers may come as JSON numbers or as strings of decimal digits. \`vm_id\` and \`container_id\` mean \`lxc_id\`; \`new_vm_id\`, \`new_vm_name\`
and \`hostname\` mean \`new_lxc_id\` and \`new_lxc_name\`. Fields that a route does not know are named in \`ignored\` of the answer. A change answers
what the container had \`before\` and \`after\`, and stands in the history under its \`change_id\`.`

/** Describes the routes that are registered with `app` from now on by their own zod schemas (`app.swagger()`). */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  nameSchemas({ Error: AnyError })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'LXC AutoScale ML',
        version: VERSION,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // Wherever this document came from.
      servers: [{ url: '/' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          key: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'A key of this API.' },
          bearer: { type: 'http', scheme: 'bearer', description: 'The same key, as other programs send theirs.' },
        },
      },
    },
    transform: document =>
      jsonSchemaTransform({ ...document, schema: withCommonParts(document.schema, document.route) }),
    transformObject: jsonSchemaTransformObject,
  })
}

/** What every failure is answered with, as the document has it. */
const AnyError = ErrorBody.extend({
  error: z.enum(ERROR_CODES).describe('What went wrong, for programs; the table of the README says what each means.'),
  message: z.string().describe('The same for people, with the names and values that it is about.'),
})

const ChangeHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional()
    .describe(
      'Makes the change safe to send again: what was begun for a key is not begun again, and is answered with what came of it.',
    ),
})

function withCommonParts(schema: RouteOptions['schema'] = {}, { config, url, method }: RouteOptions) {
  const verb = [method].flat()[0] ?? 'GET'
  const access = config?.access ?? 'read'
  const word = url.split('/')[1] ?? ''
  return {
    ...schema,
    hide: config?.isHidden === true || config?.isPage === true,
    summary: config?.summary ?? '',
    description: access === 'public' ? 'Needs no key.' : `Needs a key with the role ${access}, or a higher one.`,
    operationId: operationId(verb, url),
    tags: [TAG_OF[word] ?? word],
    'x-access': access,
    security: access === 'public' ? [] : [{ key: [] }, { bearer: [] }],
    ...(isReading(verb) ? {} : { headers: ChangeHeaders }),
    response: { ...asObject(schema.response), ...failures({ schema, verb, url, access }) },
  }
}

const ALWAYS = ['HOST_NOT_ALLOWED', 'RATE_LIMITED', 'INTERNAL'] as const
const WITH_FIELDS = ['INVALID_REQUEST'] as const
const WITH_KEY = ['UNAUTHORIZED', 'FORBIDDEN'] as const
const WITH_BODY = ['REQUEST_TIMEOUT', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const
const OF_COMMAND = ['PCT_MISSING', 'PCT_FAILED', 'PCT_TIMEOUT', 'REST_UNREACHABLE', 'REST_NOT_ALLOWED'] as const
const OF_CONTAINER = ['CONTAINER_NOT_FOUND', 'HOST_UNREADABLE', ...OF_COMMAND] as const
const OF_CHANGE = [
  ...OF_CONTAINER,
  ...['ALLOCATION_MOVED', 'STATE_NOT_ALLOWED', 'MEMORY_BELOW_FLOOR', 'HOST_CAPACITY', 'OUT_OF_BOUNDS'],
  ...['QUEUE_FULL', 'CONTAINER_LOCKED', 'NO_QUORUM', 'OUTCOME_UNKNOWN', 'IDEMPOTENCY_CONFLICT', 'AUDIT_UNAVAILABLE'],
  ...['CANCELLED', 'STATE_INVALID'],
] as const
/** By the begin of the path: what only these can have. */
const OF_PATH: readonly (readonly [start: string, codes: readonly ErrorCode[]])[] = [
  ['/resource/node', ['NODE_NOT_FOUND', 'NODE_OFFLINE', ...OF_COMMAND]],
  ['/resource/cluster/status', ['NODE_OFFLINE', ...OF_COMMAND]],
  ['/resource/cluster/containers', ['HOST_UNREADABLE']],
  ['/snapshot', ['SNAPSHOT_NOT_FOUND', 'ALREADY_EXISTS']],
  ['/clone', ['ALREADY_EXISTS']],
  ['/history/', ['CHANGE_NOT_FOUND']],
  ['/undo', ['CHANGE_NOT_FOUND']],
  ['/what-if', ['STATE_NOT_ALLOWED', 'QUEUE_FULL']],
  ['/news', ['STATE_NOT_ALLOWED']],
]
/** With a method that changes something, which is no container. */
const NO_CHANGES = /^\/(what-if|news)\b/

interface FailingRoute {
  readonly schema: NonNullable<RouteOptions['schema']>
  readonly verb: string
  readonly url: string
  readonly access: string
}

/** The failures of a route by their status, each with the codes that it can have. */
function failures(route: FailingRoute) {
  const codes = errorCodes(route)
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of ERROR_CODES) {
    if (!codes.has(code)) continue
    const { status } = errorVerdict(code)
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      status,
      {
        description: of.map(code => `${code}: ${errorVerdict(code).text}`).join(' '),
        content: { 'application/json': { schema: AnyError } },
      },
    ]),
  )
}

function errorCodes({ schema, verb, url, access }: FailingRoute): ReadonlySet<string> {
  const given = [schema.body, schema.querystring, schema.params].filter(part => part !== undefined)
  const fields = given.flatMap(part => (part instanceof z.ZodObject ? Object.keys(part.shape) : []))
  const isChange = !isReading(verb) && !NO_CHANGES.test(url)
  return new Set<string>([
    ...ALWAYS,
    ...(given.length > 0 ? WITH_FIELDS : []),
    ...(access === 'public' ? [] : WITH_KEY),
    ...(isReading(verb) ? [] : WITH_BODY),
    ...(fields.some(name => name.startsWith('lxc_id')) ? OF_CONTAINER : []),
    ...(isChange ? OF_CHANGE : []),
    ...OF_PATH.flatMap(([start, codes]) => (url.startsWith(start) ? codes : [])),
  ])
}
