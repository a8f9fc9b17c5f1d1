import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Access } from './authenticate.ts'
import type { Caller } from './caller.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes the request. */
    caller: Caller
    /** The same as `routeOptions`, which Fastify would make anew for each look at it. */
    route: FastifyRequest['routeOptions']
    /** Fields of the request that the route does not know. */
    ignored: readonly string[]
  }
  interface FastifyContextConfig {
    /** Every route must say who may use it. */
    access?: Access
    /** What the route does, for the list of routes. */
    summary?: string
    /** Fields of a request that shows how to use it. */
    example?: Readonly<Record<string, unknown>>
    /** Its answer lasts for as long as somebody listens. */
    isStream?: boolean
    /** A page for people. */
    isPage?: boolean
    /** Not listed: answers to wrong methods. */
    isHidden?: boolean
  }
}

/** The application, whose routes take their types from their zod schemas. */
export type ApiApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>
