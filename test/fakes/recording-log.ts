import type { Logger } from '@lxc-autoscale/core'

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A logger that keeps its lines. */
export function recordingLog(): { log: Logger; lines: LogLine[]; messages: (level?: string) => string[] } {
  const lines: LogLine[] = []
  const at =
    (level: string) =>
    (first: unknown, second?: unknown): void => {
      const isPlain = typeof first === 'string'
      const fields = isPlain || typeof first !== 'object' || first === null ? {} : { ...first }
      lines.push({ level, message: String(isPlain ? first : second), fields })
    }
  const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace']
  // Only the methods that our code calls; pino's interface has many more.
  const log = Object.fromEntries(levels.map(level => [level, at(level)])) as unknown as Logger
  const messages = (level?: string) =>
    lines.filter(line => level === undefined || line.level === level).map(({ message }) => message)
  return { log, lines, messages }
}
