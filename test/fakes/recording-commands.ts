import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandFailure } from '../../packages/api/src/pct/failure.ts'
import { formatCommand } from '../../packages/api/src/pct/pct-cli.ts'
import type { CommandOutput, HostCommand, HostCommands } from '../../packages/api/src/ports.ts'

/** How a command ends after it did its work. */
export interface SaidEnd {
  readonly exitCode?: number
  readonly stdout?: string
  readonly stderr?: string
}

/** Commands that do at once, in this process, what the simplest host would do: `set` edits the configuration file. */
export class RecordingCommands implements HostCommands {
  readonly run: (command: HostCommand, beforeStart?: () => void) => Promise<CommandOutput>
  seen: HostCommand[] = []
  leftEnded = async () => true
  /** Subcommands that end otherwise than well, and how. */
  says: Readonly<Record<string, SaidEnd>> = {}
  /** What else a command does. */
  also: (command: HostCommand) => void = () => undefined

  constructor(pve: string) {
    this.run = async (command, beforeStart) => {
      beforeStart?.()
      this.seen.push(command)
      const [subcommand = ''] = command.args
      if (command.program === 'pct' && subcommand === 'set') applySet(pve, command.args)
      this.also(command)
      const usual = command.program === 'pvesh' ? '{}' : ''
      const { exitCode = 0, stdout = usual, stderr = '' } = this.says[subcommand] ?? {}
      if (exitCode !== 0) throw commandFailure({ commandLine: formatCommand(command), exitCode, stdout, stderr })
      return { stdout, stderr, durationMs: 0 }
    }
  }
}

function applySet(pve: string, [, vmid = '', ...options]: readonly string[]): void {
  const path = join(pve, 'lxc', `${vmid}.conf`)
  let text = readFileSync(path, 'utf8')
  for (let at = 0; at < options.length; at += 2) {
    const [option = '', value = ''] = options.slice(at, at + 2)
    if (option === '--digest') continue
    const keys = option === '-delete' ? value.split(',') : [option.slice(1)]
    for (const key of keys) {
      text = text.replace(new RegExp(`^${key}: .*\n`, 'm'), '')
      if (option !== '-delete') text = `${key}: ${value}\n${text}`
    }
  }
  writeFileSync(path, text)
}
