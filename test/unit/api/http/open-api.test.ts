import { validate } from '@apidevtools/swagger-parser'
import { ERROR_CODES } from '@lxc-autoscale/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operationId } from '../../../../packages/api/src/http/operation-id.ts'
import { type ApiInProcess, apiInProcess } from '../../../fakes/api-in-process.ts'

let api: ApiInProcess
// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever is described
let document: any

beforeAll(async () => {
  api = await apiInProcess({ containers: [] }, {})
  document = (await api.app.inject('/openapi.json')).json()
})
afterAll(() => api.close())

// biome-ignore lint/suspicious/noExplicitAny: as above
const operations = (): [method: string, path: string, operation: any][] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as object).map(([method, operation]): [string, string, unknown] => [method, path, operation]),
  )

describe('the description of the API', () => {
  test('is valid OpenAPI, without a reference that leads nowhere', async () => {
    await validate(structuredClone(document))
    expect(document.info.license).toEqual({ name: 'MIT', identifier: 'MIT' })
    expect(document.servers).toEqual([{ url: '/' }])
  })

  test('names each operation once, in a way that can be a function, and puts it into a group that is described', () => {
    const names = operations().map(([, , { operationId: name }]) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/)
    const tags = new Set(document.tags.map(({ name }: { name: string }) => name))
    for (const [, path, { tags: of }] of operations()) expect([path, tags.has(of[0])]).toEqual([path, true])
    for (const [, path, { summary }] of operations())
      expect([path, summary]).toEqual([path, expect.stringMatching(/\.$/)])
  })

  test('has for each operation the failures that it can have, all of one form', () => {
    for (const [method, path, { responses, security }] of operations()) {
      const failures = Object.entries(responses).filter(([status]) => Number(status) >= 400)
      expect([path, failures.length >= 3]).toEqual([path, true])
      expect([path, '401' in responses]).toEqual([path, security.length > 0])
      expect([path, '415' in responses]).toEqual([path, method !== 'get'])
      for (const [status, response] of failures) {
        if (path === '/health/check' && status === '503') continue
        expect(response).toMatchObject({
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        })
      }
    }
    expect(document.components.schemas.Error.properties.error.enum).toEqual(ERROR_CODES)
    const { responses } = document.paths['/scale/resources'].post
    expect(responses[409].description).toContain('MEMORY_BELOW_FLOOR: ')
    expect(responses[423].description).toContain('CONTAINER_LOCKED: ')
  })

  test('says that a change can be sent again, and how a request looks', () => {
    for (const [method, path, { parameters = [], requestBody }] of operations()) {
      const has = parameters.some(({ name }: { name: string }) => name === 'Idempotency-Key')
      expect([path, has]).toEqual([path, method !== 'get'])
      if (requestBody !== undefined) expect(requestBody.content['application/json'].example).toBeInstanceOf(Object)
    }
    expect(document.paths['/scale/cores'].post.requestBody.content['application/json'].example).toEqual({
      lxc_id: 101,
      cores: 2,
    })
  })

  test('has named schemas, each under one name and used', () => {
    const text = JSON.stringify(document)
    const names = Object.keys(document.components.schemas)
    expect(names).toEqual(expect.arrayContaining(['Change', 'ContainerConfig', 'Error', 'HistoryEntry', 'OverviewRow']))
    for (const name of names) expect([name, text.includes(`"#/components/schemas/${name}"`)]).toEqual([name, true])
    const { properties } = document.components.schemas.ScaleCoresRequest
    expect(properties.cores.anyOf[0]).toMatchObject({ type: 'integer', minimum: 1, maximum: 8_192 })
  })
})

test.each([
  ['POST', '/scale/cores', 'scaleCores'],
  ['POST', '/snapshot/create', 'createSnapshot'],
  ['GET', '/history', 'getHistory'],
  ['POST', '/history/:id/undo', 'undoHistory'],
  ['DELETE', '/what-if/:id', 'deleteWhatIf'],
  ['GET', '/openapi.json', 'getOpenapiJson'],
])('%s %s is %s', (method, url, name) => {
  expect(operationId(method, url)).toBe(name)
})
