import {
  AutoscaleError,
  type BoostBody,
  lastingText,
  localTimeText,
  MS_PER_SECOND,
  type SteeringsBody,
  sizeFor,
} from '@lxc-autoscale/core'
import { Command, InvalidArgumentError, Option } from 'commander'
import { allocationText } from '../output/changes.ts'
import { table } from '../output/terminal.ts'
import { durationArgument, megabytesArgument, vmidArgument } from './arguments.ts'
import { commandContext, type HostOptions, withHostOptions } from './command-context.ts'

interface BoostOptions extends HostOptions {
  readonly cores?: number
  readonly memory?: number
  readonly for?: number
  readonly dryRun?: boolean
  readonly end?: boolean
}

/** `lxc-autoscale boost ID`: more for a time; without a number lists what is boosted. */
export function boostCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('boost'))
    .description('give a container more for a time, after which it gets back what it had (without a number: list them)')
    .argument('[id]', 'the container', vmidArgument)
    .addOption(new Option('--cores <n>', 'cores that it gets').argParser(coresArgument).conflicts('end'))
    .addOption(
      new Option('--memory <size>', 'memory that it gets: 4G, 512M, or MB').argParser(memoryArgument).conflicts('end'),
    )
    .addOption(new Option('--for <duration>', 'how long: 30m, 2h, 1d ...').argParser(durationArgument).conflicts('end'))
    .option('--end', 'give back now what it was given')
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(async (vmid: number | undefined, options: BoostOptions) => {
      const { terminal, api } = commandContext(options, environment)
      const { cores, memory, end, for: boostMs } = options
      if (vmid === undefined) {
        if (cores !== undefined || memory !== undefined || boostMs !== undefined || end)
          throw new AutoscaleError('INVALID_REQUEST', 'name the container: lxc-autoscale boost ID')
        terminal.answer((await api.steering()).boosts, listed)
        return
      }
      if (end) return terminal.answer(await api.endBoost(vmid), ({ message }) => message)
      const isAsked = cores !== undefined || memory !== undefined
      if (!isAsked || boostMs === undefined) {
        throw new AutoscaleError('INVALID_REQUEST', 'say what it gets and how long: --cores or --memory, and --for')
      }
      const seconds = Math.round(boostMs / MS_PER_SECOND)
      const more = { cores, memory, seconds, ...(options.dryRun ? { dry_run: true as const } : {}) }
      terminal.answer(await api.boost(vmid, more), ({ message }) => message)
    })
}

function listed(boosts: SteeringsBody['boosts']): string {
  if (boosts.length === 0) return 'no container is boosted'
  return table(['ID', 'HAS', 'GETS BACK', 'UNTIL', 'WHO', ''], boosts.map(boostRow))
}

function boostRow({ lxc_id: vmid, before, given, until, who, trouble }: BoostBody) {
  const untilMs = Date.parse(until)
  const left = untilMs > Date.now() ? `, for ${lastingText(untilMs - Date.now())}` : ''
  const [has, getsBack] = [allocationText(given, before), allocationText(before, given)]
  return [vmid, has, getsBack, `${localTimeText(untilMs)}${left}`, who, trouble ?? '']
}

/** @throws {InvalidArgumentError} when `text` is no number of cores. */
function coresArgument(text: string): number {
  if (!/^\d{1,4}(\.\d{1,2})?$/.test(text)) throw new InvalidArgumentError('must be a number of cores such as 4 or 1.5')
  return Number(text)
}

/** @throws {InvalidArgumentError} when `text` is no amount of memory. */
function memoryArgument(text: string): number {
  const memoryMb = sizeFor('memory_mb', text)
  return memoryMb ?? megabytesArgument(text)
}
