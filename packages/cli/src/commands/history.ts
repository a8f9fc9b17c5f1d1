import { AutoscaleError, type HistoryEntryBody } from '@lxc-autoscale/core'
import { Command } from 'commander'
import { bad, good, table, warned } from '../output/terminal.ts'
import { countArgument, durationArgument, vmidArgument } from './arguments.ts'
import { commandContext, type HostOptions, withHostOptions } from './command-context.ts'

interface HistoryOptions extends HostOptions {
  readonly since?: number
  readonly limit: number
}

/** `lxc-autoscale history [ID]`: the audit log, newest first. */
export function historyCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('history'))
    .description('what was changed, by whom and why, newest first')
    .argument('[id]', 'only this container', vmidArgument)
    .option('--since <duration>', 'only the last 90s, 30m, 2h, 1d ...', durationArgument)
    .option('--limit <n>', 'how many at the most', countArgument, 50)
    .action(async (vmid: number | undefined, options: HistoryOptions) => {
      const { api, terminal } = commandContext(options, environment)
      const since = options.since === undefined ? undefined : new Date(Date.now() - options.since).toISOString()
      const entries = await api.history({ vmid, since, limit: options.limit })
      terminal.answer(entries, historyTable)
    })
}

/** `lxc-autoscale undo CHANGE`: puts the values back that a change found. */
export function undoCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('undo'))
    .description('put back what a container had before a change (its number stands in `history`)')
    .argument('<change>', 'the change')
    .action(async (change: string, options: HostOptions) => {
      const { api, terminal } = commandContext(options, environment)
      const answer = await api.undo(change).catch(explainMoved)
      terminal.answer(answer, ({ message }) => message)
    })
}

/** @throws {AutoscaleError} the same one, with what to do where the container was changed since. */
function explainMoved(error: unknown): never {
  if (!(error instanceof AutoscaleError && error.code === 'ALLOCATION_MOVED')) throw error
  throw new AutoscaleError(
    error.code,
    `${error.message}; it was changed since then: take back its newest change first (lxc-autoscale history ID)`,
    { cause: error },
  )
}

function historyTable(entries: readonly HistoryEntryBody[]): string {
  if (entries.length === 0) return 'nothing was changed'
  return table(
    ['CHANGE', 'TIME', 'ID', 'WHAT', 'BEFORE', 'AFTER', 'OUTCOME', 'WHO', 'WHY'],
    entries.map(entry => [
      entry.id,
      entry.time.replace('T', ' ').replace(/\.\d+Z$/, 'Z'),
      entry.lxc_id,
      entry.action,
      allocationText(entry.before),
      allocationText(entry.after),
      outcomeText(entry.outcome),
      entry.who.key,
      reasonText(entry),
    ]),
  )
}

/** Why it was asked for, and what went wrong all the same; of what was not done, why not, and how often it was asked for. */
function reasonText({ outcome, why, message, warning, count = 1 }: HistoryEntryBody): string {
  if (count > 1) return `${count} times: ${message}`
  if (why === null || (outcome !== 'applied' && outcome !== 'unchanged')) return message
  return warning === undefined ? why : `${why}; warning: ${warning}`
}

const PAINT_OUTCOME: Readonly<Record<string, (text: string) => string>> = {
  applied: good,
  success: good,
  unchanged: text => text,
  unknown: warned,
}

function outcomeText(outcome: string): string {
  return (PAINT_OUTCOME[outcome] ?? bad)(outcome)
}

/** `2 cores, 1024 MB` of what an audit line holds. */
function allocationText(allocation: unknown): string {
  if (typeof allocation !== 'object' || allocation === null) return '-'
  const { cores, cpulimit, memory_mb: memoryMb }: Record<string, unknown> = { ...allocation }
  const parts = [
    ...(typeof cores === 'number' ? [`${cores} ${cores === 1 ? 'core' : 'cores'}`] : []),
    ...(typeof cpulimit === 'number' ? [`limit ${cpulimit}`] : []),
    ...(typeof memoryMb === 'number' ? [`${memoryMb} MB`] : []),
  ]
  return parts.length === 0 ? '-' : parts.join(', ')
}
