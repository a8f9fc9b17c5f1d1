import { scryptSync } from 'node:crypto'
import { ConfigError, errorMessage, readRegularFile, systemErrorCode } from '@lxc-autoscale/core'
import { type ApiKey, isKeyHash, KeyText, ROLES } from './authentication-section.ts'
import { nameProblem } from './key-names.ts'

/** More than the keys of any installation take. */
const MOST_BYTES = 1_048_576

/** Name of the first key that stands alone on its line, which is that of the model. */
const PLAIN_NAME = 'key-file'

/**
 * The keys of a key file: a plain key per line (role scale), or `name:role:key`. Blank lines and those with `#` are left out.
 * `taken` are the names of other keys.
 * @throws {ConfigError} naming each line that is neither, and each whose name another key has.
 */
export function parseKeyFile(file: string, text: string, taken: readonly string[] = []): ApiKey[] {
  const parsed = text
    .split('\n')
    .map((line, at) => ({ text: line.trim(), number: at + 1 }))
    .filter(line => line.text !== '' && !line.text.startsWith('#'))
    .map(line => ({ number: line.number, ...parseLine(line.text) }))
  const plain = parsed.flatMap(({ key, isNamed }) => (key === undefined || isNamed ? [] : [key]))
  const first = plain.find(({ key }) => !isKeyHash(key)) ?? plain[0]
  for (const key of plain) if (key !== first) key.name = `${PLAIN_NAME}-${fingerprint(key.key)}`
  const names = [...taken]
  const problems = parsed.flatMap(({ number, key, problem }) => {
    const message = problem ?? (key && nameProblem(key.name, names))
    if (key !== undefined) names.push(key.name)
    return message === undefined ? [] : [{ file, line: number, key: '', message }]
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return parsed.flatMap(({ key }) => key ?? [])
}

/**
 * The keys of the key file at `path`; none when there is no file. `taken` are the names of other keys.
 * @throws {ConfigError} when it is there and cannot be read or understood.
 */
export function readKeyFile(path: string, taken: readonly string[]): ApiKey[] {
  if (path === '') return []
  try {
    return parseKeyFile(path, readRegularFile(path, MOST_BYTES), taken)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    if (error instanceof ConfigError) throw error
    throw new ConfigError([{ file: path, line: undefined, key: '', message: `cannot be read: ${errorMessage(error)}` }])
  }
}

interface ParsedLine {
  readonly key?: ApiKey
  readonly isNamed?: boolean
  readonly problem?: string
}

function parseLine(line: string): ParsedLine {
  const [, name = '', role = '', rest = ''] = /^([A-Za-z0-9._-]{1,64}):([a-z]+):(.*)$/.exec(line) ?? []
  const isNamed = name !== '' && name !== 'sha256'
  const text = isNamed ? rest : line
  // The key itself must not stand in a message.
  if (!KeyText.safeParse(text).success) return { problem: 'must be a key of 8 or more characters, or name:role:key' }
  if (!isNamed) return { key: { name: PLAIN_NAME, key: text, role: 'scale' } }
  const known = ROLES.find(candidate => candidate === role)
  return known === undefined
    ? { problem: `unknown role ${role}; known: ${ROLES.join(', ')}` }
    : { isNamed, key: { name, key: text, role: known } }
}

/** Names a key in the audit log without telling more of it than a slow hash would. */
function fingerprint(key: string): string {
  return scryptSync(key, 'lxc-autoscale key file', 4).toString('hex')
}
