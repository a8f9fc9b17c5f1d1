import { parseArgs } from 'node:util'
import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { positiveNumber, wholeNumber } from '../command-line.ts'

/** What the demo was asked for. */
export interface DemoOptions {
  readonly containers: number
  /** Undefined: until it is interrupted. */
  readonly durationMs: number | undefined
  /** Undefined: 5000, or another one when that is taken. */
  readonly port: number | undefined
  readonly speed: number
  readonly seed: number
}

export const DEMO_HELP = `Usage: scripts/demo [--containers N] [--duration SECONDS] [--port P] [--speed X] [--seed S]

Starts a pretend Proxmox host and the three daemons on it, shows what they decide, and leaves nothing behind.

  --containers N      containers on the pretend host, 1 to 200 (default 8)
  --duration SECONDS  ends by itself after this time (default: runs until Ctrl-C)
  --port P            port of the API and the dashboard (default 5000, or a free one when that is taken)
  --speed X           how many times faster than the clock the containers' loads move (default 60)
  --seed S            another seed, other loads (default 1)
`
const MOST_CONTAINERS = 200

/**
 * Reads the words of the command line; undefined when help is wanted.
 * @throws {Error} that names the option, the value and what would be right
 */
export function parseDemoOptions(words: readonly string[]): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...words],
    options: {
      containers: { type: 'string', default: '8' },
      duration: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
      port: { type: 'string' },
      seed: { type: 'string', default: '1' },
      speed: { type: 'string', default: '60' },
    },
  })
  if (values.help) return undefined
  const containers = wholeNumber('--containers', values.containers)
  if (containers < 1 || containers > MOST_CONTAINERS) {
    throw new Error(`--containers is '${values.containers}', expected 1 to ${MOST_CONTAINERS}`)
  }
  return {
    containers,
    durationMs:
      values.duration === undefined ? undefined : positiveNumber('--duration', values.duration) * MS_PER_SECOND,
    port: values.port === undefined ? undefined : portNumber(values.port),
    speed: positiveNumber('--speed', values.speed),
    seed: wholeNumber('--seed', values.seed),
  }
}

function portNumber(word: string): number {
  const port = wholeNumber('--port', word)
  if (port < 1 || port > 65_535) throw new Error(`--port is '${word}', expected 1 to 65535`)
  return port
}
