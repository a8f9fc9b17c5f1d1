/** An OpenAPI 3.1 document as rows for people. Of foreign make as far as this page is concerned: whatever is missing is left out. */

type Json = unknown
type JsonObject = Readonly<Record<string, Json>>

/** One field of a request or an answer; the fields of a field follow it, one deeper. */
export interface Field {
  readonly name: string
  readonly depth: number
  readonly isRequired: boolean
  /** What it may be, in words: `integer, 100 to 999999999`. */
  readonly type: string
  readonly text: string
  /** Name of the schema that says more. */
  readonly schema: string | undefined
}

/** A field that is filled in for a try: what may be written, as HTML knows it. */
export interface Input {
  readonly name: string
  readonly place: 'path' | 'query' | 'header' | 'body'
  readonly isRequired: boolean
  readonly kind: 'text' | 'number' | 'boolean' | 'json'
  readonly options: readonly string[]
  readonly type: string
  readonly example: string
}

export interface Answer {
  /** A status, or `default` for all others. */
  readonly status: string
  readonly text: string
  readonly contentType: string | undefined
  readonly fields: readonly Field[]
  readonly schema: string | undefined
  readonly example: string | undefined
}

export interface Operation {
  /** The end of its URL on this page. */
  readonly anchor: string
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly text: string
  readonly isPublic: boolean
  readonly parameters: readonly Field[]
  readonly body: readonly Field[]
  readonly inputs: readonly Input[]
  readonly answers: readonly Answer[]
}

export interface NamedSchema {
  readonly name: string
  readonly text: string
  readonly type: string
  readonly fields: readonly Field[]
}

export interface Reference {
  readonly title: string
  readonly version: string
  readonly text: string
  readonly tags: readonly { readonly name: string; readonly text: string; readonly operations: readonly Operation[] }[]
  readonly schemas: readonly NamedSchema[]
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const JSON_TYPE = 'application/json'
/** Answers deeper than that are told by their named schemas. */
const MOST_DEPTH = 3
/** A longer one tells a person nothing. */
const MAX_PATTERN_CHARACTERS = 40
/** Numbers may come as strings of decimal digits: said once for all, not at each field. */
const DIGITS = String.raw`^(0|[1-9]\d*)$`

export function referenceOf(document: Json): Reference {
  const operations = Object.entries(objectAt(document, 'paths')).flatMap(([path, item]) =>
    METHODS.flatMap(method => {
      const operation = asObject(asObject(item)?.[method])
      return operation === undefined ? [] : [operationOf(document, { method, path, operation })]
    }),
  )
  const told = listAt(document, 'tags').map(tag => ({ name: textAt(tag, 'name'), text: textAt(tag, 'description') }))
  const named = new Set(told.map(({ name }) => name))
  const others = [...new Set(operations.map(({ tag }) => tag))].filter(name => !named.has(name))
  return {
    title: textAt(document, 'info', 'title'),
    version: textAt(document, 'info', 'version'),
    text: textAt(document, 'info', 'description'),
    tags: [...told, ...others.map(name => ({ name, text: '' }))]
      .map(tag => ({ ...tag, operations: operations.filter(({ tag: of }) => of === tag.name) }))
      .filter(tag => tag.operations.length > 0),
    schemas: Object.entries(objectAt(document, 'components', 'schemas')).map(([name, schema]) => ({
      name,
      text: textAt(schema, 'description'),
      type: typeText(schema),
      fields: fieldsOf(document, schema),
    })),
  }
}

/** The operations in which every word of `search` stands. */
export function found({ method, path, summary, text, parameters, body, tag }: Operation, search: string): boolean {
  const names = [...parameters, ...body].map(({ name }) => name).join(' ')
  const all = `${method} ${path} ${tag} ${summary} ${text} ${names}`.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every(word => all.includes(word))
}

/** A command for a shell; the key comes from its variable API_KEY, so that it does not stand in the history of the shell. */
export function curlText(operation: Operation, values: ReadonlyMap<string, string>, origin: string): string {
  const { url, headers, body } = requestOf(operation, values)
  const parts = [isStream(operation) ? 'curl -sSN' : 'curl -sS']
  if (operation.method !== 'GET') parts.push(`-X ${operation.method}`)
  if (!operation.isPublic) parts.push('-H "X-API-Key: $API_KEY"')
  for (const [name, value] of headers) parts.push(`-H ${quoted(`${name}: ${value}`)}`)
  if (body !== undefined) parts.push(`-H 'Content-Type: application/json' -d ${quoted(body)}`)
  return [...parts, quoted(`${origin}${url}`)].join(' ')
}

/** Whether its answer has no end. */
export function isStream({ answers }: Operation): boolean {
  return answers.some(({ contentType }) => contentType === 'text/event-stream')
}

interface SentRequest {
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | undefined
}

/** What is sent; a field without a value is left out. Values of the kind `json` that are none go as they are, for the API to refuse. */
export function requestOf({ path, inputs }: Operation, values: ReadonlyMap<string, string>): SentRequest {
  const filled = inputs.flatMap(input => {
    const value = values.get(inputKey(input)) ?? ''
    return value === '' ? [] : [{ ...input, value }]
  })
  const of = (place: Input['place']) => filled.filter(input => input.place === place)
  const query = new URLSearchParams(Object.fromEntries(of('query').map(({ name, value }) => [name, value]))).toString()
  const url = of('path').reduce((text, { name, value }) => text.replace(`{${name}}`, encodeURIComponent(value)), path)
  const hasBody = inputs.some(({ place }) => place === 'body')
  const body = Object.fromEntries(of('body').map(input => [input.name, typedValue(input)]))
  return {
    url: query === '' ? url : `${url}?${query}`,
    headers: of('header').map(({ name, value }) => [name, value]),
    body: hasBody ? JSON.stringify(body) : undefined,
  }
}

/** Which field a value is of: a name may stand in the path and in the body. */
export function inputKey({ place, name }: Pick<Input, 'place' | 'name'>): string {
  return `${place} ${name}`
}

function typedValue({ kind, value }: Input & { readonly value: string }): Json {
  if (kind === 'text') return value
  try {
    return JSON.parse(value)
  } catch {
    // Not what it should be: the API says so better than this page could.
    return value
  }
}

interface Described {
  readonly method: string
  readonly path: string
  readonly operation: JsonObject
}

function operationOf(document: Json, { method, path, operation }: Described): Operation {
  const parameters = listAt(operation, 'parameters').map(parameter => asObject(resolved(document, parameter)) ?? {})
  const content = objectAt(resolved(document, operation['requestBody']), 'content', JSON_TYPE)
  const body = resolved(document, content['schema'])
  const bodyExample = asObject(exampleIn(content)) ?? {}
  const security = operation['security']
  const isPublic =
    Array.isArray(security) &&
    (security.length === 0 || security.some(way => Object.keys(asObject(way) ?? {}).length === 0))
  return {
    anchor: `${method}-${path.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '') || 'root'}`,
    method: method.toUpperCase(),
    path,
    tag: String(asList(operation['tags'])[0] ?? 'other'),
    summary: textAt(operation, 'summary'),
    text: textAt(operation, 'description'),
    isPublic,
    parameters: parameters.map(parameter => parameterField(document, parameter)),
    body: fieldsOf(document, body),
    inputs: [
      ...parameters.map(parameter => inputOf(document, { ...parameter, example: exampleIn(parameter) })),
      ...Object.entries(objectAt(body, 'properties')).map(([name, schema]) =>
        inputOf(document, {
          name,
          in: 'body',
          schema,
          required: asList(at(body, 'required')).includes(name),
          example: bodyExample[name],
        }),
      ),
    ],
    answers: Object.entries(objectAt(operation, 'responses')).map(([status, answer]) =>
      answerOf(document, status, answer),
    ),
  }
}

function answerOf(document: Json, status: string, reference: Json): Answer {
  const answer = resolved(document, reference)
  const [entry] = Object.entries(objectAt(answer, 'content'))
  const [contentType, content] = entry ?? []
  const schema = at(content, 'schema')
  const example = exampleIn(asObject(content) ?? {})
  const isText = typeof example === 'string'
  return {
    status,
    text: textAt(answer, 'description') || textAt(resolved(document, schema), 'description'),
    contentType,
    schema: nameOf(schema),
    fields: fieldsOf(document, schema),
    example: example === undefined || isText ? example : JSON.stringify(example, null, 2),
  }
}

function parameterField(document: Json, parameter: JsonObject): Field {
  const schema = parameter['schema']
  const name = String(parameter['name'])
  const text = textAt(parameter, 'description') || textAt(resolved(document, schema), 'description')
  const place = parameter['in'] === 'query' ? '' : ` (${parameter['in']})`
  return {
    ...fieldOf(name, schema, { depth: 0, isRequired: parameter['required'] === true }),
    name: `${name}${place}`,
    text,
  }
}

function inputOf(document: Json, parameter: JsonObject): Input {
  const schema = resolved(document, parameter['schema'])
  const options = optionsOf(schema)
  const place = asText(parameter['in']) ?? 'query'
  const example = parameter['example']
  return {
    name: String(parameter['name']),
    place: place === 'path' || place === 'header' || place === 'body' ? place : 'query',
    isRequired: parameter['required'] === true,
    kind: kindOf(schema),
    options,
    type: typeText(schema),
    example: example === undefined ? '' : (asText(example) ?? JSON.stringify(example)),
  }
}

function kindOf(schema: Json): Input['kind'] {
  const types = typesOf(schema)
  if (types.has('object') || types.has('array')) return 'json'
  if (types.has('boolean')) return 'boolean'
  return types.has('integer') || types.has('number') ? 'number' : 'text'
}

/** The values that there are, when they are few and named. */
function optionsOf(schema: Json): string[] {
  if (at(schema, 'const') !== undefined) return [String(at(schema, 'const'))]
  const listed = asList(at(schema, 'enum')).map(String)
  return listed.length > 0 ? listed : waysOf(schema).flatMap(optionsOf)
}

/** The fields of an object, those of its objects below them. A named schema is told where it stands by itself. */
function fieldsOf(document: Json, schema: Json, depth = 0): Field[] {
  const whole = resolved(document, schema)
  const parts = [whole, ...asList(at(whole, 'allOf')).map(part => resolved(document, part))]
  return parts.flatMap(part => {
    const required = asList(at(part, 'required'))
    return Object.entries(objectAt(part, 'properties')).flatMap(([name, field]) => [
      fieldOf(name, field, { depth, isRequired: required.includes(name) }),
      ...(depth + 1 < MOST_DEPTH ? insideOf(document, field, depth + 1) : []),
    ])
  })
}

function insideOf(document: Json, field: Json, depth: number): Field[] {
  return [field, at(field, 'items'), ...waysOf(field)]
    .filter(inner => inner !== undefined && nameOf(inner) === undefined)
    .flatMap(inner =>
      fieldsOf(document, { properties: at(inner, 'properties'), required: at(inner, 'required') }, depth),
    )
}

function fieldOf(name: string, schema: Json, { depth, isRequired }: Pick<Field, 'depth' | 'isRequired'>): Field {
  return {
    name,
    depth,
    isRequired,
    type: typeText(schema),
    text: textAt(schema, 'description'),
    schema: schemaNamedIn(schema),
  }
}

function schemaNamedIn(schema: Json): string | undefined {
  return [schema, at(schema, 'items'), at(schema, 'additionalProperties'), ...waysOf(schema)]
    .map(nameOf)
    .find(name => name !== undefined)
}

/** What a value may be, in words. */
function typeText(schema: Json): string {
  const name = nameOf(schema)
  if (name !== undefined) return name
  const ways = waysOf(schema)
  if (ways.length > 0) return [...new Set(withoutDigits(ways).map(typeText))].join(' or ')
  const options = optionsOf(schema)
  if (options.length > 0) return options.join(', ')
  const types = [...typesOf(schema)]
  if (types.length === 0) return 'any'
  return types.map(type => typeWords(type, schema)).join(' or ')
}

function typeWords(type: string, schema: Json): string {
  if (type === 'array') return `list of ${typeText(at(schema, 'items'))}`
  const values = at(schema, 'additionalProperties')
  if (type === 'object')
    return asObject(values) === undefined || at(schema, 'properties') !== undefined
      ? 'object'
      : `object of ${typeText(values)}`
  return [type, boundsText(schema, type), unlessIn(defaultText(schema))].filter(Boolean).join(', ')
}

function boundsText(schema: Json, type: string): string {
  const number = (name: string) =>
    Math.abs(Number(at(schema, name))) < Number.MAX_SAFE_INTEGER ? Number(at(schema, name)) : undefined
  if (type === 'string') {
    const [pattern, format] = [asText(at(schema, 'pattern')), asText(at(schema, 'format'))]
    const shown = pattern !== undefined && pattern.length <= MAX_PATTERN_CHARACTERS ? pattern : undefined
    return format ?? shown ?? rangeText(number('minLength'), number('maxLength'), ' characters')
  }
  return rangeText(number('minimum') ?? number('exclusiveMinimum'), number('maximum'), '')
}

function rangeText(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`
  if (most !== undefined) return `at most ${most}${unit}`
  return least === undefined ? '' : `at least ${least}${unit}`
}

function defaultText(schema: Json): string {
  const value = at(schema, 'default')
  return value === undefined ? '' : `${JSON.stringify(value)} when left out`
}

function unlessIn(text: string): string {
  return text.length > MAX_PATTERN_CHARACTERS ? '' : text
}

/** Without the digits that stand for a number. */
function withoutDigits(ways: readonly Json[]): readonly Json[] {
  const others = ways.filter(way => at(way, 'pattern') !== DIGITS)
  return others.length > 0 ? others : ways
}

function waysOf(schema: Json): readonly Json[] {
  return [...asList(at(schema, 'anyOf')), ...asList(at(schema, 'oneOf'))]
}

function typesOf(schema: Json): Set<string> {
  const own = at(schema, 'type')
  const types = [own].flat().filter(type => typeof type === 'string')
  return new Set([...types, ...withoutDigits(waysOf(schema)).flatMap(way => [...typesOf(way)])])
}

function exampleIn(content: JsonObject): Json {
  const [named] = Object.values(objectAt(content, 'examples'))
  return (
    content['example'] ??
    at(named, 'value') ??
    at(content['schema'], 'example') ??
    asList(at(content['schema'], 'examples'))[0]
  )
}

const REFERENCE = '#/components/'

function nameOf(schema: Json): string | undefined {
  const reference = asText(at(schema, '$ref'))
  return reference?.startsWith(`${REFERENCE}schemas/`) ? reference.slice(`${REFERENCE}schemas/`.length) : undefined
}

/** What a reference stands for; a value that is none stands for itself. */
function resolved(document: Json, value: Json): Json {
  const reference = asText(at(value, '$ref'))
  if (!reference?.startsWith(REFERENCE)) return value
  return reference.slice('#/'.length).split('/').reduce(at, document)
}

function at(value: Json, name: string): Json {
  return asObject(value)?.[name]
}

function objectAt(value: Json, ...path: readonly string[]): JsonObject {
  return asObject(path.reduce(at, value)) ?? {}
}

function listAt(value: Json, name: string): readonly Json[] {
  return asList(at(value, name))
}

function textAt(value: Json, ...path: readonly string[]): string {
  return asText(path.reduce(at, value)) ?? ''
}

function asObject(value: Json): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

function asList(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function asText(value: Json): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
