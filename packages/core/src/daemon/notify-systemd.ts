import { writeSync } from 'node:fs'
import { USEC_PER_MS } from '../units.ts'

/** The environment variable in which the launcher of the units leaves the number of the connected notify socket. */
const NOTIFY_FD_VARIABLE = 'LXC_AUTOSCALE_NOTIFY_FD'

/** Cycles that may fail to finish in time before systemd restarts the daemon. */
const CYCLES_PER_WATCHDOG = 3

/** Tells systemd the state of this daemon; see sd_notify(3). */
export interface SystemdNotifier {
  ready(status: string): void
  reloading(): void
  stopping(): void
  /**
   * Feeds the watchdog; to be called by a finished cycle, not by a timer. `intervalMs` is the time to the next cycle:
   * where cycles are so rare that `WatchdogSec` of the unit would not wait for three of them, its time is made longer.
   */
  alive(status: string, intervalMs?: number): void
}

/**
 * A notifier on the inherited file descriptor that `environment` names; one that does nothing outside systemd.
 * Node.js cannot open a datagram socket of the Unix family, so the launcher opens and connects it.
 */
export function systemdNotifier(environment: Readonly<Record<string, string | undefined>>): SystemdNotifier {
  const fd = Number(environment[NOTIFY_FD_VARIABLE] ?? Number.NaN)
  const unitWatchdogUsec = Number(environment['WATCHDOG_USEC'] ?? Number.NaN)
  const send = (text: string) => {
    if (!Number.isInteger(fd) || fd < 3) return
    try {
      writeSync(fd, text)
    } catch {
      // systemd went away or its queue is full: it will decide by its own timeouts.
    }
  }
  const watchdogTime = (intervalMs: number) =>
    Number.isFinite(unitWatchdogUsec)
      ? `WATCHDOG_USEC=${Math.max(unitWatchdogUsec, Math.ceil(intervalMs * USEC_PER_MS * CYCLES_PER_WATCHDOG))}\n`
      : ''
  return {
    ready: status => send(`READY=1\nSTATUS=${status}`),
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => send('STOPPING=1'),
    alive: (status, intervalMs) =>
      send(`${intervalMs === undefined ? '' : watchdogTime(intervalMs)}WATCHDOG=1\nSTATUS=${status}`),
  }
}
