import type { HistoryEntryBody } from '@lxc-autoscale/core'
import type { HostCommandRun, RoundRecord, SeenEntry } from '../record.ts'

/** A command of the API that changed something, and the line of the audit log that tells of it. */
export interface ExplainedCommand {
  readonly command: HostCommandRun
  readonly vmid: number
  readonly entry: SeenEntry | undefined
}

const ACTIONS: Readonly<Record<string, HistoryEntryBody['action']>> = { set: 'scale', resize: 'storage-increase' }
/** Between the end of a change and its line being seen, and before its first command. */
const SLACK_MS = 2_000
/** Of a time in a line. */
const ROUNDING_MS = 100
/** A change that was interrupted has no duration: its line is written when the API runs again. */
const LONGEST_INTERRUPTED_MS = 60_000

const known = new WeakMap<RoundRecord, readonly ExplainedCommand[]>()

/** The commands of the API that changed a container that was there, each with its line; a line explains one command, and what brought a limit back. */
export function explained(record: RoundRecord): readonly ExplainedCommand[] {
  const before = known.get(record)
  if (before !== undefined) return before
  const used = new Set<SeenEntry>()
  const commands = record.commands
    .filter(({ by, command, words, deeds }) => by === 'api' && command === 'pct' && isChange(words) && deeds.length > 0)
    .sort((a, b) => a.beganMs - b.beganMs)
  const all = commands.map(command => {
    const vmid = Number(command.words[1])
    const fitting = record.audit.filter(seen => !used.has(seen) && fits(seen, command, vmid))
    // One that says that nothing was done is the last that is taken for an explanation.
    const entry =
      fitting.find(({ entry: { outcome } }) => outcome !== 'refused' && outcome !== 'unchanged') ?? fitting[0]
    if (entry !== undefined) used.add(entry)
    return {
      command,
      vmid,
      entry: entry ?? record.audit.find(seen => used.has(seen) && tellsOfBringingBack(seen, command)),
    }
  })
  known.set(record, all)
  return all
}

function isChange(words: readonly string[]): boolean {
  return words[0] !== undefined && ACTIONS[words[0]] !== undefined
}

function fits(seen: SeenEntry, command: HostCommandRun, vmid: number): boolean {
  const { entry, atMs } = seen
  if (entry.lxc_id !== vmid || entry.action !== ACTIONS[command.words[0] ?? '']) return false
  const { fromMs, untilMs } = spanOf(seen)
  if (command.beganMs > Math.min(atMs, untilMs) || command.beganMs < fromMs) return false
  return command.words[0] === 'resize' ? fitsDisk(entry, command) : fitsLimits(entry, command)
}

/** A line that tells of a limit that was brought back, in two steps, explains the commands for that as well. */
function tellsOfBringingBack(seen: SeenEntry, { words, beganMs }: HostCommandRun): boolean {
  const { lxc_id: vmid, before, warning = '' } = seen.entry
  const { fromMs, untilMs } = spanOf(seen)
  const [action, id, option, value] = words
  const aboveMb = Number(value) - Number(asObject(before)['memory_mb'])
  const isStep = action === 'set' && option === '-memory' && (aboveMb === 0 || aboveMb === 1)
  const isInTime = beganMs >= fromMs && beganMs <= Math.min(seen.atMs, untilMs)
  return isStep && isInTime && Number(id) === vmid && warning.includes('brought back into force')
}

/** The time in which a change can have been made, by its line: one that could not be written at once is late. */
function spanOf(seen: SeenEntry): { readonly fromMs: number; readonly untilMs: number } {
  const { duration_seconds: seconds } = seen.entry
  const durationMs = seconds === null ? LONGEST_INTERRUPTED_MS : seconds * 1_000
  if (seen.askedMs === undefined) return { fromMs: seen.afterMs - durationMs - SLACK_MS, untilMs: seen.atMs }
  return { fromMs: seen.askedMs - ROUNDING_MS, untilMs: seen.askedMs + durationMs + ROUNDING_MS }
}

/** When a change was asked for, at the latest. */
export function askedMsOf(seen: SeenEntry): number {
  return seen.askedMs ?? seen.atMs - (seen.entry.duration_seconds ?? 0) * 1_000
}

function fitsDisk({ asked }: HistoryEntryBody, { words }: HostCommandRun): boolean {
  return words.some(word => word === `+${asked['disk_size']}G`)
}

/** What was asked for on the wire and what is set may differ by keys that the container has already. */
function fitsLimits({ asked, after }: HistoryEntryBody, { words }: HostCommandRun): boolean {
  const values = { ...asObject(after), ...asked }
  return [
    ['cores', values['cores']],
    ['cpulimit', values['cpulimit']],
    ['memory', asked['memory'] ?? values['memory_mb']],
  ].every(([option, value]) => {
    const at = words.findIndex(word => word === `-${option}` || word === `--${option}`)
    return at < 0 || Number(words[at + 1]) === Number(value)
  })
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Whose decision a line was: the model's key is the first of the key file. */
export function isOfModel({ entry }: SeenEntry): boolean {
  return entry.who.key !== 'client' && entry.who.key !== 'lxc-autoscale'
}

/** Whether a fault has taken lines out of the log or kept the API from writing them. */
export function isAuditDamaged({ faults }: RoundRecord): boolean {
  return faults.some(
    ({ fault, on, notDone }) => fault === 'state-damaged' && on['file'] === 'audit.jsonl' && notDone === undefined,
  )
}
