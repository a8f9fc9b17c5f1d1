import { ConfigError } from '../errors.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { MODEL_KEY_NAME } from './who.ts'

/** What a key may do; each role includes those before it. */
export const ROLES = ['read', 'scale', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** More than the keys of any installation take. */
const MOST_BYTES = 1_048_576

/** A line of the key file: a key alone, or `name:role:key`. */
export interface KeyLine {
  readonly number: number
  /** Undefined of a key that stands alone. */
  readonly name: string | undefined
  /** As it stands there; of a key that stands alone `scale`. */
  readonly role: string
  readonly key: string
}

/** The keys in the text of a key file, checked no further; comments and blank lines are passed over. */
export function keyLines(text: string): KeyLine[] {
  return text
    .split('\n')
    .map((line, at) => ({ text: line.trim(), number: at + 1 }))
    .filter(line => line.text !== '' && !line.text.startsWith('#'))
    .map(line => ({ number: line.number, ...parseLine(line.text) }))
}

function parseLine(line: string): Omit<KeyLine, 'number'> {
  const [, name = '', role = '', key = ''] = /^([A-Za-z0-9._-]{1,64}):([a-z]+):(.*)$/.exec(line) ?? []
  return name === '' || name === 'sha256' ? { name: undefined, role: 'scale', key: line } : { name, role, key }
}

/** The text of a key file. @throws {AutoscaleError} STATE_INVALID, or a system error (ENOENT, ...), when it cannot be read. */
export function readKeyText(file: string): string {
  return readRegularFile(file, MOST_BYTES)
}

/** The line whose key is that of the model: the first that is named so, else the first with a key alone, which may be hashed. */
export function modelKeyLine(lines: readonly KeyLine[]): KeyLine | undefined {
  const alone = lines.filter(({ name }) => name === undefined)
  return lines.find(({ name }) => name === MODEL_KEY_NAME) ?? alone.find(isText) ?? alone[0]
}

/**
 * The key that the model sends; undefined when the file holds no key at all.
 * @throws {ConfigError} when none of its keys is one that the model can use
 */
export function modelKey(file: string, text: string): string | undefined {
  const lines = keyLines(text)
  const line = modelKeyLine(lines)
  if (line !== undefined && isText(line) && line.role !== 'read') return line.key
  if (lines.length === 0) return undefined
  throw new ConfigError([{ file, line: line?.number, key: '', message: `${whyUnusable(line)}; ${MEND}` }])
}

const MEND =
  `write a line "${MODEL_KEY_NAME}:scale:KEY", or one with a key of 8 or more characters alone, ` +
  'and reload lxc_autoscale_api, then lxc_autoscale_ml'

function whyUnusable(line: KeyLine | undefined): string {
  if (line === undefined) return 'every key has a name, and none is that of the model'
  return isText(line) ? 'the key of the model has the role read' : 'of the key of the model only the hash is there'
}

/** The key for the operator's command: the first of those that may do most; undefined when there is none. */
export function operatorKey(text: string): string | undefined {
  const known: readonly string[] = ROLES
  const rank = ({ role }: KeyLine) => known.indexOf(role)
  const [best] = keyLines(text)
    .filter(line => isText(line) && rank(line) >= 0)
    .sort((a, b) => rank(b) - rank(a))
  return best?.key
}

/** Whether it is the key itself and not its hash. */
function isText({ key }: KeyLine): boolean {
  return !isMarkedAsHash(key)
}

/** Whether `key` begins as hashes do, which no key itself may. */
export function isMarkedAsHash(key: string): boolean {
  return /^(sha256:|\$)/.test(key)
}
