import * as files from 'node:fs/promises'

/** The calls of the operating system that keeping the metrics file needs. */
export type HistoryFiles = Pick<typeof files, 'open' | 'link' | 'realpath' | 'rename' | 'rm' | 'stat'>

/** The calls themselves. */
export const SYSTEM_FILES: HistoryFiles = files
