import { fileURLToPath } from 'node:url'

export const COMMANDS = ['pct', 'pvesh', 'pvecm', 'ha-manager'] as const
export type CommandName = (typeof COMMANDS)[number]

/** The bundled entry point of the commands; also when this file runs from source, as it does in a test, or out of that bundle. */
const ENTRY = fileURLToPath(new URL('../../dist/commands/main.cjs', import.meta.url))

/** A script that is one of the pretend commands. The shell costs about a millisecond; Node.js is named by its full path. */
export function commandScript(name: CommandName, root: string): string {
  const words = [process.execPath, ENTRY, name, root].map(quote).join(' ')
  return `#!/bin/sh\nexec ${words} "$@"\n`
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
