import { expect, test } from 'vitest'
import { curlText, found, inputKey, referenceOf, requestOf } from '../../../packages/dashboard/src/docs/open-api.ts'

const digits = { type: 'string', pattern: String.raw`^(0|[1-9]\d*)$` }
const number = (minimum: number, maximum: number) => ({ anyOf: [{ type: 'integer', minimum, maximum }, digits] })
const document = {
  info: { title: 'Made up', version: '1.2.3', description: 'For a test.' },
  tags: [{ name: 'scale', description: 'Sizes.' }],
  paths: {
    '/things/{id}': {
      post: {
        tags: ['scale'],
        summary: 'Makes it larger.',
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string', minLength: 1, maxLength: 36 } },
          { name: 'Twice', in: 'header', schema: { type: 'string' } },
        ],
        requestBody: {
          content: {
            'application/json': {
              schema: { $ref: '#/components/schemas/Growth' },
              example: { cores: 2, reason: "it's time" },
            },
          },
        },
        responses: {
          200: {
            description: 'Done.',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: { data: { type: 'object', properties: { size: { $ref: '#/components/schemas/Size' } } } },
                },
              },
            },
          },
          default: { $ref: '#/components/responses/Failure' },
        },
      },
    },
    '/health': { get: { security: [], responses: {} } },
  },
  components: {
    responses: { Failure: { description: 'Any failure.' } },
    schemas: {
      Size: { type: 'object', properties: { cores: { type: ['number', 'null'], description: 'Whole cores.' } } },
      Growth: {
        type: 'object',
        required: ['cores'],
        properties: {
          cores: { ...number(1, 8_192), description: 'Cores.' },
          mode: { anyOf: [{ enum: ['auto', 'off'] }, { type: 'null' }] },
          reason: { type: 'string' },
          expected: { type: 'object', properties: { memory: number(64, 128) }, required: ['memory'] },
          sizes: { type: 'array', items: { $ref: '#/components/schemas/Size' } },
        },
      },
    },
  },
}
const reference = referenceOf(document)
const [grow] = reference.tags[0]?.operations ?? []
const [health] = reference.tags[1]?.operations ?? []
if (grow === undefined || health === undefined) throw new Error('the document has two routes')

test('routes stand under their tags, those without one under others', () => {
  expect(reference).toMatchObject({ title: 'Made up', version: '1.2.3' })
  expect(reference.tags.map(({ name, text }) => [name, text])).toEqual([['scale', 'Sizes.'], ['other', '']]) // biome-ignore format: a table
  expect([grow.anchor, grow.isPublic, health.anchor, health.isPublic]).toEqual([
    'post-things-id',
    false,
    'get-health',
    true,
  ])
})

test('fields are told with what they may be, those of their objects below them', () => {
  expect(grow.parameters).toMatchObject([
    { name: 'id (path)', isRequired: true, type: 'string, 1 to 36 characters' },
    { name: 'Twice (header)' },
  ])
  const told = grow.body.map(({ name, depth, isRequired, type, schema }) => [name, depth, isRequired, type, schema])
  expect(told).toEqual([
    ['cores', 0, true, 'integer, 1 to 8192', undefined],
    ['mode', 0, false, 'auto, off or null', undefined],
    ['reason', 0, false, 'string', undefined],
    ['expected', 0, false, 'object', undefined],
    ['memory', 1, true, 'integer, 64 to 128', undefined],
    ['sizes', 0, false, 'list of Size', 'Size'],
  ])
})

test('answers follow references, and name the schemas that say more', () => {
  expect(grow.answers).toMatchObject([
    { status: '200', text: 'Done.', fields: [{ name: 'data' }, { name: 'size', depth: 1, schema: 'Size' }] },
    { status: 'default', text: 'Any failure.', contentType: undefined },
  ])
  expect(reference.schemas.map(({ name }) => name)).toEqual(['Size', 'Growth'])
  expect(reference.schemas[0]?.fields).toMatchObject([{ name: 'cores', type: 'number or null', text: 'Whole cores.' }])
})

test('a try holds the fields that are filled in, each where it belongs and as what it is', () => {
  const kinds = grow.inputs.map(({ name, place, kind, options }) => [name, place, kind, options.join()])
  expect(kinds).toEqual([
    ['id', 'path', 'text', ''],
    ['Twice', 'header', 'text', ''],
    ['cores', 'body', 'number', ''],
    ['mode', 'body', 'text', 'auto,off'],
    ['reason', 'body', 'text', ''],
    ['expected', 'body', 'json', ''],
    ['sizes', 'body', 'json', ''],
  ])
  const values = new Map([
    ['path id', 'a/b'],
    ['body cores', '3'],
    ['body reason', '12'],
    ['body expected', '{"memory": 64}'],
    ['body sizes', 'no list'],
  ])
  const { url, body } = requestOf(grow, values)
  expect(url).toBe('/things/a%2Fb')
  expect(JSON.parse(body ?? '')).toEqual({ cores: 3, reason: '12', expected: { memory: 64 }, sizes: 'no list' })
})

test('the command of an example is safe to paste into a shell', () => {
  const example = new Map(grow.inputs.map(input => [inputKey(input), input.example]))
  expect(curlText(grow, example.set('path id', "x';reboot'").set('header Twice', 'no'), 'http://h')).toBe(
    `curl -sS -X POST -H "X-API-Key: $API_KEY" -H 'Twice: no' -H 'Content-Type: application/json' ` +
      String.raw`-d '{"cores":2,"reason":"it'\''s time"}' 'http://h/things/x'\''%3Breboot'\'''`,
  )
  expect(curlText(health, new Map(), 'http://h')).toBe("curl -sS 'http://h/health'")
})

test('a search finds by all of its words, in names of fields too', () => {
  const finds = (search: string) => found(grow, search)
  expect(['', 'POST larger', 'EXPECTED things'].map(finds)).toEqual([true, true, true])
  expect(finds('larger smaller')).toBe(false)
})

test('a document that is none gives nothing, and no error', () => {
  for (const nonsense of [null, 7, [], { paths: { '/x': null, '/y': { get: 1 } } }, { paths: 3, tags: 'x' }]) {
    expect(referenceOf(nonsense).tags).toEqual([])
  }
})
