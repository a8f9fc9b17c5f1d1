import { visibleText } from './visible-text.ts'

/** syslog priorities as sd-daemon(3) reads them at the start of a line. */
const PRIORITY: Readonly<Record<string, number>> = {
  fatal: 2,
  error: 3,
  warn: 4,
  info: 6,
  debug: 7,
  trace: 7,
}
const HIDDEN_FIELDS: ReadonlySet<string> = new Set(['level', 'time', 'daemon', 'msg', 'err'])

/**
 * One JSON log line of pino as a line for people: `LEVEL message key=value ...`. A line that is not a JSON object
 * is given back unchanged. `withPriority` puts the priority in front that journald takes from a line (sd-daemon(3)).
 */
export function formatJournalLine(jsonLine: string, withPriority = false): string {
  const fields = parseObject(jsonLine)
  if (fields === undefined) return jsonLine
  const level = typeof fields['level'] === 'string' ? fields['level'] : 'info'
  const message = typeof fields['msg'] === 'string' ? fields['msg'] : ''
  const values = Object.entries(fields)
    .filter(([name]) => !HIDDEN_FIELDS.has(name))
    .map(([name, value]) => `${name}=${formatValue(value)}`)
  const priority = withPriority ? `<${PRIORITY[level] ?? 6}>` : ''
  const line = [level.toUpperCase().padEnd(5), message, ...values, ...formatError(fields['err'])].join(' ')
  return `${priority}${visibleText(line.replaceAll('\n', ' | '))}\n`
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    // Not a line of ours; the caller passes it on as it is.
    return undefined
  }
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'undefined'
  return /^[\w./:@%+-]+$/.test(value) ? value : JSON.stringify(value)
}

function formatError(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return []
  const fields: { message?: unknown; stack?: unknown } = error
  const text = fields.stack ?? fields.message
  return typeof text === 'string' ? [`error=${text}`] : []
}
