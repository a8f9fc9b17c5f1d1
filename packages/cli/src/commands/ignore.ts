import { AutoscaleError, openPauses, Pauses, pausesFile, readJsonFile, replaceFile } from '@lxc-autoscale/core'
import { Command, Option } from 'commander'
import { lasting, standardTerminal, timeText } from '../output/terminal.ts'
import { durationArgument, vmidArgument } from './arguments.ts'
import { modelView } from './model-view.ts'

interface IgnoreOptions {
  readonly configDir: string
  readonly for?: number
  readonly end?: boolean
  readonly json?: boolean
}

const DEFAULT_PAUSE_MS = 7_200_000

/** `lxc-autoscale ignore ID --for 2h`: leaves a container alone for a while; without a number lists what is left alone. */
export function ignoreCommand(): Command {
  return new Command('ignore')
    .description('leave a container alone for a while (without a number: list what is left alone)')
    .argument('[id]', 'the container', vmidArgument)
    .addOption(
      new Option('--for <duration>', 'how long: 90s, 30m, 2h, 1d ... (default: 2h)')
        .argParser(durationArgument)
        .conflicts('end'),
    )
    .option('--end', 'end the pause now')
    .option('--config-dir <folder>', 'where the three configuration files are', '/etc/lxc_autoscale_ml')
    .option('--json', 'print JSON')
    .action(async (vmid: number | undefined, options: IgnoreOptions) => {
      if (vmid === undefined && (options.for !== undefined || options.end)) {
        throw new AutoscaleError('INVALID_REQUEST', 'name the container: lxc-autoscale ignore ID')
      }
      const file = pausesFile(modelView(options.configDir).config.state.directory)
      const nowMs = Date.now()
      const pauses = openPauses(readJsonFile(file, Pauses) ?? {}, nowMs)
      if (vmid !== undefined) {
        if (options.end) pauses.delete(vmid)
        else pauses.set(vmid, nowMs + (options.for ?? DEFAULT_PAUSE_MS))
        await replaceFile(file, `${JSON.stringify(wire(pauses))}\n`, 0o644)
      }
      standardTerminal(options.json ?? false).answer(wire(pauses), () => words(pauses, nowMs))
    })
}

function wire(pauses: ReadonlyMap<number, number>): Pauses {
  return Object.fromEntries([...pauses].map(([vmid, untilMs]) => [String(vmid), new Date(untilMs).toISOString()]))
}

function words(pauses: ReadonlyMap<number, number>, nowMs: number): string {
  if (pauses.size === 0) return 'no container is paused'
  return [...pauses]
    .map(([vmid, untilMs]) => `${vmid} is left alone until ${timeText(untilMs)}, for ${lasting(untilMs - nowMs)}`)
    .join('\n')
}
