import { ParameterFailure } from '../pct/failure.ts'
import { type CommandSpec, optionOf, problemOf } from '../schema/option-spec.ts'
import { RestFailure } from './rest-failure.ts'

/** By name; several of one name are joined by commas, as lists are. */
export type Parameters = Readonly<Record<string, string>>

/**
 * The parameters of a body and a query. Source: pve-http-server, AnyEvent.pm, extract_params.
 * @throws {RestFailure} for JSON that is none
 */
export function readParameters(body: string, contentType: string | undefined, query: URLSearchParams): Parameters {
  const fromBody =
    contentType?.startsWith('application/json') === true ? readJson(body) : readForm(new URLSearchParams(body))
  return { ...fromBody, ...readForm(query) }
}

function readForm(form: URLSearchParams): Parameters {
  return Object.fromEntries([...new Set(form.keys())].map(name => [name, form.getAll(name).join(',')]))
}

function readJson(body: string): Parameters {
  if (body === '') return {}
  try {
    const values = Object.entries(JSON.parse(body) as object)
    return Object.fromEntries(values.map(([name, value]) => [name, textOf(value)]))
  } catch {
    throw new RestFailure(500, 'malformed JSON string')
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return Array.isArray(value) ? value.join(',') : String(value)
}

/**
 * Whether each parameter is known, right, and none is missing. Source: pve-common, JSONSchema.pm, check_object.
 * @throws {ParameterFailure}
 */
export function checkParameters(parameters: Parameters, spec: CommandSpec): void {
  const problems: Record<string, string> = {}
  for (const [name, value] of Object.entries(parameters)) {
    const option = optionOf(spec, name)
    const problem = option === undefined ? UNKNOWN : problemOf(value, option, name)
    if (problem !== undefined) problems[name] = problem
  }
  for (const name of spec.positional) {
    if (parameters[name] === undefined) problems[name] = 'property is missing and it is not optional'
  }
  if (Object.keys(problems).length > 0) throw new ParameterFailure(problems)
}

const UNKNOWN = 'property is not defined in schema and the schema does not allow additional properties'
