import { writeSync } from 'node:fs'

/** The environment variable in which the launcher of the units leaves the number of the connected notify socket. */
export const NOTIFY_FD_VARIABLE = 'LXC_AUTOSCALE_NOTIFY_FD'

/** Tells systemd the state of this daemon; see sd_notify(3). */
export interface SystemdNotifier {
  ready(status: string): void
  reloading(): void
  stopping(): void
  /** Feeds the watchdog; to be called by a finished cycle, not by a timer. */
  alive(status: string): void
}

/**
 * A notifier on the inherited file descriptor that `environment` names; one that does nothing outside systemd.
 * Node.js cannot open a datagram socket of the Unix family, so the launcher opens and connects it.
 */
export function systemdNotifier(environment: Readonly<Record<string, string | undefined>>): SystemdNotifier {
  const fd = Number(environment[NOTIFY_FD_VARIABLE] ?? Number.NaN)
  const send = (text: string) => {
    if (!Number.isInteger(fd) || fd < 3) return
    try {
      writeSync(fd, text)
    } catch {
      // systemd went away or its queue is full: it will decide by its own timeouts.
    }
  }
  return {
    ready: status => send(`READY=1\nSTATUS=${status}`),
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => send('STOPPING=1'),
    alive: status => send(`WATCHDOG=1\nSTATUS=${status}`),
  }
}
