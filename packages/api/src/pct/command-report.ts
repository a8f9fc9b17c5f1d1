import type { HostCommand } from '../ports.ts'

/** How one command ended, for the metrics. */
export interface CommandReport {
  readonly command: HostCommand
  readonly durationMs: number
  readonly outcome: 'ok' | 'failed' | 'timeout' | 'missing'
}
