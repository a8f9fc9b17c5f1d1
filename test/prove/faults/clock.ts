import { writeFileSync } from 'node:fs'
import { DAEMON_NAMES } from '../daemon-names.ts'
import type { Fault } from './fault.ts'

const HOUR_SECONDS = 3_600
const STEPS_SECONDS = [1, -1, 24, -24].map(hours => hours * HOUR_SECONDS)

export const clock: Fault = {
  name: 'clock',
  about:
    'the clock is set forward or back by an hour or a day and later set right; or the machine is suspended for two hours',
  plan: random => ({
    forMs: random.integer(3_000, 8_000),
    on: { seconds: random.pick([...STEPS_SECONDS, 2 * HOUR_SECONDS]), isSuspend: random.isLucky(0.25) },
  }),
  resources: on => ['clock', ...(on['isSuspend'] === true ? DAEMON_NAMES.map(name => `daemon:${name}`) : [])],
  unavailable: ({ canFakeTime }) => (canFakeTime ? undefined : 'needs the Debian package faketime'),
  begin: async (site, { seconds, isSuspend }) => {
    const set = (offset: number) => writeFileSync(site.clockFile, `${offset < 0 ? '' : '+'}${offset}\n`)
    if (isSuspend !== true) {
      set(Number(seconds))
      return () => set(0)
    }
    const stopped = DAEMON_NAMES.flatMap(name => site.daemons[name].pids())
    for (const pid of stopped) signal(pid, 'SIGSTOP')
    set(2 * HOUR_SECONDS)
    const wake = () => {
      for (const pid of stopped) signal(pid, 'SIGCONT')
    }
    const timer = setTimeout(wake, 1_500)
    return () => {
      clearTimeout(timer)
      wake()
    }
  },
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}
