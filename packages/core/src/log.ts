import { writeFileSync } from 'node:fs'
import { type Logger, multistream, pino, stdTimeFunctions } from 'pino'
import { systemErrorCode } from './errors.ts'
import { formatJournalLine } from './journal-line.ts'
import { LogFile } from './log-file.ts'
import type { LogLevel } from './log-levels.ts'

export type { Logger } from 'pino'

const STDOUT_FD = 1

const PINO_LEVEL = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  WARN: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
} as const

export interface LogSettings {
  readonly level: LogLevel
  /** Path of the log file; undefined or empty logs to standard output only. */
  readonly file: string | undefined
  /** Size at which the file is rotated. */
  readonly maxBytes: number
  /** Rotated files that are kept. */
  readonly backupCount: number
}

/** Values under these names never reach a log, however deep an object holds them (two levels). */
const SECRET_FIELDS = ['api_key', 'apiKey', 'api_keys', 'apiKeys', 'key', 'password', 'authorization', 'x-api-key']

function redactPaths(): string[] {
  return SECRET_FIELDS.flatMap(field => {
    const step = `["${field}"]`
    return [step, `*${step}`, `*.*${step}`]
  })
}

/**
 * A logger that writes lines for people to standard output (the journal) and JSON lines to `settings.file`,
 * which it rotates by size. `toJournal` says that standard output is the journal of systemd. A file that cannot be written is reported once and left out: logging never stops a daemon.
 */
export function createLogger(daemon: string, settings: LogSettings, toJournal = false): Logger {
  const level = PINO_LEVEL[settings.level]
  const forPeople = { write: (line: string) => print(formatJournalLine(line, toJournal)) }
  const { file } = settings
  const logFile =
    file && new LogFile({ ...settings, file }, { monotonicMs: () => performance.now(), onProblem: sayProblem })
  const log = pino(
    {
      level,
      base: { daemon },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: redactPaths(), censor: '[redacted]' },
      formatters: { level: label => ({ level: label }) },
    },
    multistream([forPeople, ...(logFile ? [logFile] : [])].map(stream => ({ level, stream }))),
  )
  function sayProblem(problem: string | undefined): void {
    if (problem === undefined) log.info({ file }, 'log file can be written again')
    else log.warn({ file, problem }, 'cannot write the log file; logging to the journal only until it can be written')
  }
  return log
}

/** Nobody may be listening any more, or standard output be a file on a full disk: then the line is lost, not the daemon. */
function print(text: string): void {
  try {
    writeFileSync(STDOUT_FD, text)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}
