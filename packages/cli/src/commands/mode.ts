import { AutoscaleError, MODES, type Mode } from '@lxc-autoscale/core'
import { Argument, Command } from 'commander'
import { table } from '../output/terminal.ts'
import { vmidArgument } from './arguments.ts'
import { commandContext, type HostOptions, withHostOptions } from './command-context.ts'
import { type Pauses, pausesOf } from './pauses.ts'

interface ModeOptions extends HostOptions {
  readonly asConfigured?: boolean
}

/** `lxc-autoscale mode ID MODE`: what the model does with a container, whatever tags and configuration say. */
export function modeCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('mode'))
    .description(
      'say what the model does with a container, without editing a file (without a number: list what is said)',
    )
    .argument('[id]', 'the container', vmidArgument)
    .addArgument(new Argument('[mode]', 'what it does: see scaling.mode of `config reference`').choices(MODES))
    .option('--as-configured', 'from now on as its tags and the configuration say')
    .action(async (vmid: number | undefined, mode: Mode | undefined, options: ModeOptions) => {
      const { terminal, api } = commandContext(options, environment)
      if (vmid === undefined) {
        if (options.asConfigured)
          throw new AutoscaleError('INVALID_REQUEST', 'name the container: lxc-autoscale mode ID')
        terminal.answer(pausesOf(await api.steering()).modes, listed)
        return
      }
      if ((mode === undefined) !== (options.asConfigured === true)) {
        const message = `name one of ${MODES.join(', ')}, or --as-configured`
        throw new AutoscaleError('INVALID_REQUEST', message)
      }
      const before = pausesOf(await api.steering())
      await api.setMode(vmid, mode ?? null)
      const after = pausesOf(await api.steering())
      terminal.answer(after.modes, () => told(vmid, mode, before))
    })
}

function told(vmid: number, mode: Mode | undefined, { modes }: Pauses): string {
  if (mode !== undefined) return `${vmid} has the mode ${mode} from the next decision on, until --as-configured`
  const was = modes[vmid]
  return was === undefined
    ? `${vmid} had its mode as configured already`
    : `${vmid} has its mode as configured from the next decision on, no longer ${was}`
}

function listed(modes: Pauses['modes']): string {
  const rows = Object.entries(modes)
  return rows.length === 0 ? 'every container has its mode as configured' : table(['ID', 'MODE'], rows)
}
