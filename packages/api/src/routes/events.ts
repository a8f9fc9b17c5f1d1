import { z } from 'zod'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

const EVENTS: unknown = {
  description:
    'Server-sent events, of which the data are JSON: `overview` (Overview) first, then `rows` (RowsEvent) when something of it is new, `sparks` (SparksEvent) when a step is over, `change` (HistoryEntry) when a change has ended, and `beat` without data every 15 s. It ends when the keys are read anew; who comes back gets `overview` again.',
  content: { 'text/event-stream': { schema: z.string() } },
}

/** GET /events */
export function eventRoutes(app: ApiApp, { streams, live }: RouteContext): void {
  app.get(
    '/events',
    {
      schema: { response: { 200: EVENTS } },
      // To ask for the head alone would open a stream.
      exposeHeadRoute: false,
      config: {
        access: 'read',
        summary: 'The same as a stream of server-sent events: all of it once, then what is new.',
        isStream: true,
      },
    },
    async (request, reply) => {
      const isCompressed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
      const stream = streams.open(request.caller, isCompressed)
      reply.raw.once('close', () => stream.destroy())
      try {
        await live.join(stream)
      } catch (error) {
        stream.destroy()
        throw error
      }
      if (isCompressed) reply.header('content-encoding', 'gzip')
      return (
        reply
          .type('text/event-stream; charset=utf-8')
          .header('cache-control', 'no-store')
          .header('vary', 'accept-encoding')
          // Source: nginx, proxy_buffering: without it a proxy waits for more.
          .header('x-accel-buffering', 'no')
          .send(stream)
      )
    },
  )
}
