import { readFileSync } from 'node:fs'

/** How many files this process may have open; Node.js has raised it to the hard limit. */
export function openFileLimit(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined ? 1_024 : Number(limit)
}
