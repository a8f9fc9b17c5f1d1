import { ConfigError, errorMessage, readRegularFile, systemErrorCode } from '@lxc-autoscale/core'
import { type ApiKey, KeyText, ROLES } from './authentication-section.ts'

/** More than the keys of any installation take. */
const MOST_BYTES = 1_048_576

/** Name of a key that stands alone on its line. */
const PLAIN_NAME = 'key-file'

/**
 * The keys of a key file: a plain key per line (role scale), or `name:role:key`. Blank lines and those with `#` are left out.
 * @throws {ConfigError} naming each line that is neither.
 */
export function parseKeyFile(file: string, text: string): ApiKey[] {
  const lines = text.split('\n').map((line, at) => ({ text: line.trim(), number: at + 1 }))
  const parsed = lines
    .filter(line => line.text !== '' && !line.text.startsWith('#'))
    .map(line => ({ number: line.number, ...parseLine(line.text) }))
  const problems = parsed.flatMap(({ number, problem }) =>
    problem === undefined ? [] : [{ file, line: number, key: '', message: problem }],
  )
  if (problems.length > 0) throw new ConfigError(problems)
  return parsed.flatMap(({ key }) => key ?? [])
}

/**
 * The keys of the key file at `path`; none when there is no file.
 * @throws {ConfigError} when it is there and cannot be read or understood.
 */
export function readKeyFile(path: string): ApiKey[] {
  if (path === '') return []
  try {
    return parseKeyFile(path, readRegularFile(path, MOST_BYTES))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    if (error instanceof ConfigError) throw error
    throw new ConfigError([{ file: path, line: undefined, key: '', message: `cannot be read: ${errorMessage(error)}` }])
  }
}

function parseLine(line: string): { key?: ApiKey; problem?: string } {
  const [, name = '', role = '', rest = ''] = /^([A-Za-z0-9._-]{1,64}):([a-z]+):(.*)$/.exec(line) ?? []
  const isNamed = name !== '' && name !== 'sha256'
  const text = isNamed ? rest : line
  // The key itself must not stand in a message.
  if (!KeyText.safeParse(text).success) return { problem: 'must be a key of 8 or more characters, or name:role:key' }
  if (!isNamed) return { key: { name: PLAIN_NAME, key: text, role: 'scale' } }
  const known = ROLES.find(candidate => candidate === role)
  return known === undefined
    ? { problem: `unknown role ${role}; known: ${ROLES.join(', ')}` }
    : { key: { name, key: text, role: known } }
}
