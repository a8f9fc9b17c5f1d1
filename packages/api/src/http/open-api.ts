import swagger from '@fastify/swagger'
import { ErrorBody, VERSION } from '@lxc-autoscale/core'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { asObject } from '../json-object.ts'

/** Describes the routes that are registered with `app` from now on by their own zod schemas (`app.swagger()`). */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'LXC AutoScale ML',
        version: VERSION,
        description: 'Reads and changes the resources of the LXC containers of one Proxmox VE host.',
        license: { name: 'MIT' },
      },
      components: {
        securitySchemes: {
          key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: document =>
      jsonSchemaTransform({ ...document, schema: withCommonParts(document.schema, document.route) }),
  })
}

function withCommonParts(schema: RouteOptions['schema'] = {}, { config, url, method }: RouteOptions) {
  return {
    ...schema,
    hide: config?.isHidden === true || config?.isPage === true,
    summary: config?.summary ?? '',
    operationId: `${[method].flat()[0]}_${url.replaceAll(/\W+/g, '_')}`,
    tags: [url.split('/')[1] || 'page'],
    security: config?.access === 'public' ? [] : [{ key: [] }, { bearer: [] }],
    response: { ...asObject(schema.response), default: ErrorBody.describe('Any failure.') },
  }
}
