import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandOutput, HostCommand, HostCommands } from '../../packages/api/src/ports.ts'

/** Commands that do at once, in this process, what the simplest host would do: `set` edits the configuration file. */
export class RecordingCommands implements HostCommands {
  readonly run: (command: HostCommand, beforeStart?: () => void) => Promise<CommandOutput>
  seen: HostCommand[] = []

  constructor(pve: string) {
    this.run = async (command, beforeStart) => {
      beforeStart?.()
      this.seen.push(command)
      if (command.args[0] === 'set') applySet(pve, command.args)
      const stdout = command.program === 'pvesh' ? '{}' : ''
      return { stdout, stderr: '', durationMs: 0 }
    }
  }
}

function applySet(pve: string, [, vmid = '', ...options]: readonly string[]): void {
  const path = join(pve, 'lxc', `${vmid}.conf`)
  let text = readFileSync(path, 'utf8')
  for (let at = 0; at < options.length; at += 2) {
    const [option = '', value = ''] = options.slice(at, at + 2)
    const keys = option === '-delete' ? value.split(',') : [option.slice(1)]
    for (const key of keys) {
      text = text.replace(new RegExp(`^${key}: .*\n`, 'm'), '')
      if (option !== '-delete') text = `${key}: ${value}\n${text}`
    }
  }
  writeFileSync(path, text)
}
