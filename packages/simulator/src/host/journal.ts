import { appendFileSync } from 'node:fs'
import type { HostPaths } from '../files/host-paths.ts'
import type { ConfValues } from './conf-text.ts'
import type { HostSettings } from './settings.ts'

/** What a command did to the host, seen from inside: no line is missing, and none is of something that did not happen. */
export type JournalDeed =
  | { readonly kind: 'begin'; readonly command: string; readonly words: readonly string[] }
  | { readonly kind: 'end'; readonly exitCode: number }
  /** A configuration was written: `before` undefined when there was none. */
  | {
      readonly kind: 'conf'
      readonly vmid: number
      readonly before: ConfValues | undefined
      readonly after: ConfValues
    }
  /** A memory limit was written: what the container could not give up at that moment, and how many were killed by it. */
  | {
      readonly kind: 'memory'
      readonly vmid: number
      readonly fromBytes: number
      readonly toBytes: number
      readonly floorBytes: number
      readonly kills: number
    }
  /** A volume grew. */
  | { readonly kind: 'volume'; readonly vmid: number; readonly fromBytes: number; readonly toBytes: number }

/** One line of the journal. The time is monotonic, the same for all processes of the machine, whatever its clock says. */
export type JournalLine = JournalDeed & { readonly pid: number; readonly atMs: number }

/** Writes a line, when the settings ask for a journal. */
export function writeJournal(paths: HostPaths, { keepsJournal }: HostSettings, deed: JournalDeed): void {
  if (!keepsJournal) return
  const line: JournalLine = { ...deed, pid: process.pid, atMs: hostMonotonicMs() }
  appendFileSync(paths.journal, `${JSON.stringify(line)}\n`)
}

/** Milliseconds since the machine was started. */
export function hostMonotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
