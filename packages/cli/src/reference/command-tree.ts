import type { Command } from 'commander'

/** A command as its reference shows it. */
export interface CommandEntry {
  /** `config check`; empty for the root. */
  readonly path: string
  readonly usage: string
  readonly description: string
  readonly options: readonly { readonly long: string; readonly flags: string; readonly description: string }[]
  readonly children: readonly string[]
}

/** The root command and all below it, in the order of the help text. */
export function commandTree(command: Command, path = ''): CommandEntry[] {
  const entry = {
    path,
    usage: command.usage().replace('[options] ', '').replace('[command]', 'COMMAND'),
    description: command.description(),
    options: command.options.map(({ long, flags, description }) => ({ long: long ?? flags, flags, description })),
    children: command.commands.map(child => child.name()),
  }
  const below = command.commands.flatMap(child =>
    commandTree(child, path === '' ? child.name() : `${path} ${child.name()}`),
  )
  return [entry, ...below]
}
