import { ALL_CONTAINERS, type HistoryBody, type HistoryEntryBody, lastingText, whoText } from '@lxc-autoscale/core'
import { Command } from 'commander'
import { actionText, changeTimeText, shortWhy, stateText } from '../output/changes.ts'
import type { Column } from '../output/layout.ts'
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
      const { entries, short_ids } = await api.history({ vmid, since, limit: options.limit, short: true })
      terminal.answer(entries, shown =>
        shown.length === 0 ? nothingText(vmid, options) : historyTable(shown, short_ids ?? {}),
      )
    })
}

const COLUMNS: readonly Column[] = [
  { heading: 'CHANGE' },
  { heading: 'TIME' },
  { heading: 'ID' },
  { heading: 'WHAT', dropAs: 1 },
  { heading: 'BEFORE', dropAs: 3 },
  { heading: 'AFTER' },
  { heading: 'OUTCOME' },
  { heading: 'WHO', least: 8, dropAs: 4 },
  { heading: 'WHY', least: 12 },
]

/** What was looked for, as there may well be changes of others, or older ones. */
function nothingText(vmid: number | undefined, { since }: HistoryOptions): string {
  const where = vmid === undefined ? '' : ` of container ${vmid}`
  const when = since === undefined ? '' : ` in the last ${lastingText(since)}`
  return `no change${where}${when} is known`
}

function historyTable(entries: readonly HistoryEntryBody[], shortIds: NonNullable<HistoryBody['short_ids']>): string {
  return table(
    COLUMNS,
    entries.map(entry => [
      shortIds[entry.id] ?? entry.id,
      changeTimeText(entry),
      entry.lxc_id === ALL_CONTAINERS ? 'all' : entry.lxc_id,
      actionText(entry),
      stateText(entry.before),
      stateText(entry.after),
      outcomeText(entry.outcome),
      whoText(entry),
      reasonText(entry),
    ]),
  )
}

/** Why it was asked for, and what went wrong all the same; of what was not done, why not, and how often it was asked for. */
function reasonText(entry: HistoryEntryBody): string {
  const { outcome, message, warning, count = 1 } = entry
  const why = shortWhy(entry)
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
