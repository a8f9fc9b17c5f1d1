import { accessSync, constants, mkdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { destination, type Logger, multistream, pino, stdTimeFunctions } from 'pino'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import { errorMessage } from './errors.ts'
import { behindLinks } from './files/behind-links.ts'
import { formatJournalLine } from './journal-line.ts'
import { visibleLines } from './visible-text.ts'

export type { Logger } from 'pino'

/** Levels that the configuration may name, with the spellings of the Python predecessor. */
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'WARN', 'ERROR', 'CRITICAL'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

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
  const journal = destination({ dest: 1, sync: true })
  const forPeople = {
    write: (line: string) => void journal.write(formatJournalLine(line, toJournal)),
  }
  const streams = [{ level, stream: forPeople as { write(line: string): void } }]
  const fileProblem = settings.file ? addFileStream(streams, level, settings) : undefined
  const log = pino(
    {
      level,
      base: { daemon },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: redactPaths(), censor: '[redacted]' },
      formatters: { level: label => ({ level: label }) },
    },
    multistream(streams),
  )
  if (fileProblem !== undefined) {
    log.warn({ file: settings.file, problem: fileProblem }, 'cannot write the log file; logging to the journal only')
  }
  return log
}

type LevelStream = {
  level: 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  stream: { write(line: string): void }
}

/** Adds the rotating file to `streams`; gives what is wrong with it instead when it cannot be opened. */
function addFileStream(streams: LevelStream[], level: LevelStream['level'], settings: LogSettings): string | undefined {
  const file = behindLinks(settings.file ?? '')
  try {
    mkdirSync(dirname(file), { recursive: true })
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    return errorMessage(error)
  }
  const stream = createStream(basename(file), {
    path: dirname(file),
    size: `${Math.max(1, Math.ceil(settings.maxBytes / 1024))}K`,
    rotate: Math.max(1, settings.backupCount),
    mode: 0o640,
  })
  streams.push({ level, stream: dropOnError(stream) })
  return undefined
}

/** A full disk must not end a daemon: lines are dropped while the file cannot be written. */
function dropOnError(stream: RotatingFileStream): {
  write(line: string): void
} {
  let isBroken = false
  stream.on('error', () => {
    isBroken = true
  })
  stream.on('warning', () => {})
  return {
    write(line) {
      if (!isBroken) stream.write(visibleLines(line))
    },
  }
}
