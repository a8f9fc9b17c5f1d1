import { AutoscaleError, lastingText, localTimeText, MS_PER_SECOND, openUntilMs } from '@lxc-autoscale/core'
import { Command, Option } from 'commander'
import { durationArgument, vmidArgument } from './arguments.ts'
import { commandContext, type HostOptions, withHostOptions } from './command-context.ts'
import { type Pauses, pausesOf } from './pauses.ts'

interface IgnoreOptions extends HostOptions {
  readonly for?: number
  readonly forever?: boolean
  readonly all?: boolean
  readonly end?: boolean
}

const DEFAULT_PAUSE_MS = 7_200_000

/** `lxc-autoscale ignore ID|--all`: leaves a container alone for a while, or all; without either lists what is left alone. */
export function ignoreCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('ignore'))
    .description('leave a container alone for a while, or all of them (without either: list what is left alone)')
    .argument('[id]', 'the container', vmidArgument)
    .option('--all', 'every container, also those that are made later; they are measured all the same')
    .addOption(
      new Option('--for <duration>', 'how long: 90s, 30m, 2h, 1d ... (default: 2h)')
        .argParser(durationArgument)
        .conflicts(['end', 'forever']),
    )
    .addOption(new Option('--forever', 'until it is ended').conflicts('end'))
    .option('--end', 'end the pause now')
    .action(async (vmid: number | undefined, options: IgnoreOptions) => {
      const { terminal, api } = commandContext(options, environment)
      const nowMs = Date.now()
      const whom = whomOf(vmid, options)
      const before = pausesOf(await api.steering())
      if (whom === undefined) {
        terminal.answer(before, shown => listed(shown, nowMs).join('\n'))
        return
      }
      const target = whom === 'all' ? ({ all: true } as const) : { lxc_id: whom }
      if (options.end) await api.resume(target)
      else await api.pause(target, secondsOf(options))
      const after = pausesOf(await api.steering())
      terminal.answer(after, shown => told({ whom, before, after: shown, nowMs }).join('\n'))
    })
}

type Whom = number | 'all'

/** @throws {AutoscaleError} INVALID_REQUEST when a number and `--all` are given, or options and neither */
function whomOf(vmid: number | undefined, options: IgnoreOptions): Whom | undefined {
  if (vmid !== undefined && options.all) {
    throw new AutoscaleError('INVALID_REQUEST', 'name a container or --all, not both')
  }
  if (vmid !== undefined) return vmid
  if (options.all) return 'all'
  if (options.for === undefined && !options.forever && !options.end) return undefined
  throw new AutoscaleError('INVALID_REQUEST', 'name the container, or --all: lxc-autoscale ignore ID')
}

/** Undefined: for good. */
function secondsOf({ forever, for: pauseMs = DEFAULT_PAUSE_MS }: IgnoreOptions): number | undefined {
  return forever ? undefined : Math.max(1, Math.round(pauseMs / MS_PER_SECOND))
}

function without(pauses: Pauses, whom: Whom): Pauses {
  if (whom === 'all') {
    const { all: _, ...rest } = pauses
    return rest
  }
  const { [whom]: _, ...others } = pauses.containers
  return { ...pauses, containers: others }
}

interface Ordered {
  readonly whom: Whom
  readonly before: Pauses
  readonly after: Pauses
  readonly nowMs: number
}

/** What came of the one that was named, and what else is left alone. */
function told({ whom, before, after, nowMs }: Ordered): string[] {
  const until = (pauses: Pauses) => (whom === 'all' ? pauses.all : pauses.containers[whom])
  const name = whom === 'all' ? 'every container' : String(whom)
  const now = until(after)
  const others = listed(without(after, whom), nowMs)
  if (now !== undefined) return [`${name} is left alone ${untilText(now, nowMs)}`]
  const was = until(before) === undefined ? `${name} was not paused` : `${name} is no longer paused`
  const isStillPaused = whom !== 'all' && after.all !== undefined
  return [was, ...(isStillPaused ? [`but ${listed({ ...after, containers: {} }, nowMs)}`] : others)]
}

function listed({ all, containers }: Pauses, nowMs: number): string[] {
  const lines = [
    ...(all === undefined ? [] : [`every container is left alone ${untilText(all, nowMs)}`]),
    ...Object.entries(containers).map(([vmid, until]) => `${vmid} is left alone ${untilText(until, nowMs)}`),
  ]
  return lines.length === 0 ? ['no container is paused'] : lines
}

function untilText(until: string, nowMs: number): string {
  const untilMs = openUntilMs(until, nowMs) ?? nowMs
  if (untilMs === Number.POSITIVE_INFINITY) return 'until that is ended (--end)'
  return `until ${localTimeText(untilMs)}, for ${lastingText(untilMs - nowMs)}`
}
