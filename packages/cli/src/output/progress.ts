import { setImmediate } from 'node:timers/promises'
import { SingleBar } from 'cli-progress'

/** How far something is that takes long. */
export interface Progress {
  /** `share` of the part that is worked at, 0-1. */
  update(done: number, name: string): void
  /** To be awaited between two parts, or nobody could end it. */
  nextPart(): Promise<void>
  stop(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** A bar on standard error for `parts` parts of work, which goes when all is done. Nothing is written where that is no terminal. */
export function startProgress(doing: string, parts: number): Progress {
  const bar = new SingleBar({
    format: `${doing} {bar} {percentage}% {name}`,
    clearOnComplete: true,
    noTTYOutput: false,
    gracefulExit: false,
  })
  // The bar has the terminal not wrap its lines; without it a signal ends the process at once, as it would anyway.
  const endBySignal = (signal: NodeJS.Signals) => {
    stop()
    process.kill(process.pid, signal)
  }
  const stop = () => {
    bar.stop()
    for (const signal of SIGNALS) process.off(signal, endBySignal)
  }
  if (process.stderr.isTTY) for (const signal of SIGNALS) process.on(signal, endBySignal)
  bar.start(parts, 0, { name: '' })
  return { update: (done, name) => bar.update(done, { name }), nextPart: () => setImmediate(), stop }
}
