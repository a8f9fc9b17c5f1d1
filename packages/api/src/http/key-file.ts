import { scryptSync } from 'node:crypto'
import {
  ConfigError,
  errorMessage,
  FORMER_MODEL_KEY_NAME,
  type KeyLine,
  keyLines,
  MODEL_KEY_NAME,
  modelKeyLine,
  ROLES,
  readKeyText,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { type ApiKey, KeyText } from './authentication-section.ts'
import { nameProblem } from './key-names.ts'

/**
 * The keys of a key file: a key alone on its line (role scale), or `name:role:key`. `taken` are the names of other keys.
 * @throws {ConfigError} naming each line that is neither, and each whose name another key has.
 */
export function parseKeyFile(file: string, text: string, taken: readonly string[] = []): ApiKey[] {
  const lines = keyLines(text)
  const model = modelKeyLine(lines)
  // A key of the configuration may have had the name before the model was called so.
  const modelName = taken.includes(MODEL_KEY_NAME) ? FORMER_MODEL_KEY_NAME : MODEL_KEY_NAME
  const parsed = lines.map(line => ({
    number: line.number,
    ...parseLine(line, line === model ? modelName : undefined),
  }))
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
    return parseKeyFile(path, readKeyText(path), taken)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    if (error instanceof ConfigError) throw error
    throw new ConfigError([{ file: path, line: undefined, key: '', message: `cannot be read: ${errorMessage(error)}` }])
  }
}

interface ParsedLine {
  readonly key?: ApiKey
  readonly problem?: string
}

/** `aloneName`: what a key that stands alone is called; undefined for a name made from it. */
function parseLine({ name, role, key }: KeyLine, aloneName: string | undefined): ParsedLine {
  // The key itself must not stand in a message.
  if (!KeyText.safeParse(key).success) return { problem: 'must be a key of 8 or more characters, or name:role:key' }
  const known = ROLES.find(candidate => candidate === role)
  if (known === undefined) return { problem: `unknown role ${role}; known: ${ROLES.join(', ')}` }
  return { key: { name: name ?? aloneName ?? `${FORMER_MODEL_KEY_NAME}-${fingerprint(key)}`, key, role: known } }
}

/** Names a key in the audit log without telling more of it than a slow hash would. */
function fingerprint(key: string): string {
  return scryptSync(key, 'lxc-autoscale key file', 4).toString('hex')
}
