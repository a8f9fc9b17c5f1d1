import { readFileSync } from 'node:fs'
import { DAEMON_NAMES, type DaemonName } from '../daemon-names.ts'
import { type Fault, nothingToEnd } from './fault.ts'
import { slowSyncs } from './slow-syncs.ts'

const daemonOf = (on: { readonly [key: string]: unknown }) => String(on['daemon']) as DaemonName
const ofDaemon = (on: { readonly [key: string]: unknown }) => [`daemon:${daemonOf(on)}`]

/** So that it may have begun to work again. */
const KILL_EVERY_MS = 3_000

export const kill: Fault = {
  name: 'kill',
  about: 'kill -9 of a daemon, once or several times in a row',
  plan: random => {
    const times = random.isLucky(0.3) ? random.integer(2, 4) : 1
    return { forMs: times * KILL_EVERY_MS, on: { daemon: random.pick(DAEMON_NAMES), times } }
  },
  resources: ofDaemon,
  begin: async (site, on) => {
    const daemon = site.daemons[daemonOf(on)]
    const shoot = () => daemon.signal('SIGKILL', 'kill')
    shoot()
    const later = Array.from({ length: Number(on['times']) - 1 }, (_, at) =>
      setTimeout(shoot, (at + 1) * KILL_EVERY_MS),
    )
    return () => {
      for (const timer of later) clearTimeout(timer)
    }
  },
}

export const standStill: Fault = {
  name: 'stand-still',
  about: 'SIGSTOP and, later, SIGCONT of a daemon',
  // Also longer than metrics may be old.
  plan: random => ({ forMs: random.pick([800, 3_000, 6_000, 11_000]), on: { daemon: random.pick(DAEMON_NAMES) } }),
  resources: ofDaemon,
  begin: async (site, on) => {
    const daemon = site.daemons[daemonOf(on)]
    const { pid } = daemon
    daemon.signal('SIGSTOP', undefined)
    return () => {
      if (pid !== undefined && daemon.pids().includes(pid)) process.kill(pid, 'SIGCONT')
    }
  },
}

export const second: Fault = {
  name: 'second',
  about: 'a second process of a daemon is started while the first stands still for 12 s',
  plan: random => ({ forMs: 12_500, on: { daemon: random.pick(['monitor', 'model'] as const) } }),
  resources: ofDaemon,
  begin: async (site, on) => {
    const daemon = site.daemons[daemonOf(on)]
    const { pid } = daemon
    daemon.signal('SIGSTOP', undefined)
    const timer = setTimeout(() => daemon.startSecond(), 11_000)
    return () => {
      clearTimeout(timer)
      if (pid !== undefined && daemon.pids().includes(pid)) process.kill(pid, 'SIGCONT')
    }
  },
}

export const hangUp: Fault = {
  name: 'hang-up',
  about: 'SIGHUP of a daemon, also while it starts, also many times',
  plan: random => {
    const isStarting = random.isLucky(0.3)
    const times = isStarting ? 1 : random.pick([1, 1, 4])
    return {
      forMs: 2_000,
      on: { daemon: random.pick(DAEMON_NAMES), times, isStarting, cpuMs: random.integer(12, 45) * 10 },
    }
  },
  resources: ofDaemon,
  begin: async (site, on) => {
    const daemon = site.daemons[daemonOf(on)]
    if (on['isStarting'] === true) {
      daemon.signal('SIGKILL', 'kill')
      const before = daemon.pid
      const timer = setInterval(() => {
        const { pid } = daemon
        if (pid === undefined || pid === before || cpuMsOf(pid) < Number(on['cpuMs'])) return
        clearInterval(timer)
        daemon.signal('SIGHUP', undefined)
      }, 5)
      return () => clearInterval(timer)
    }
    for (let time = 0; time < Number(on['times']); time++) {
      setTimeout(() => daemon.signal('SIGHUP', undefined), time * 400)
    }
    return nothingToEnd
  },
}

export const killAtOnce: Fault = {
  name: 'kill-at-once',
  about:
    'the API is killed in one of the moments after pct has done its work, each of them long since the disk is slow',
  plan: (random, { vmids }) => {
    const own = vmids.filter((_, at) => at % 2 === 1)
    const on = { vmid: random.pick(own.length > 0 ? own : vmids), afterMs: random.integer(0, 900) }
    return { forMs: 5_000, on }
  },
  resources: () => ['daemon:api', 'disk'],
  unavailable: ({ canSlowSync }) => (canSlowSync ? undefined : 'needs root and strace, to hold a system call'),
  begin: async (site, on) => {
    const { api } = site.daemons
    const endSlowness = api.pid === undefined ? nothingToEnd : slowSyncs(api.pid, 150)
    let timer: NodeJS.Timeout | undefined
    site.onDeed(Number(on['vmid']), () => {
      timer = setTimeout(() => api.signal('SIGKILL', 'kill'), Number(on['afterMs']))
    })
    return () => {
      site.onDeed(Number(on['vmid']), undefined)
      clearTimeout(timer)
      return endSlowness()
    }
  },
}

/** CPU time that a process has used: how far its start has come, however busy the machine is. The runtime itself needs 50 ms. */
function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    // It has ended meanwhile.
    return 0
  }
}

export const allDown: Fault = {
  name: 'all-down',
  about: 'all daemons are killed at the same moment, again and again for some seconds',
  plan: random => ({ forMs: random.integer(1_500, 3_000), on: {} }),
  resources: () => DAEMON_NAMES.map(name => `daemon:${name}`),
  begin: async site => {
    const shoot = () => {
      for (const name of DAEMON_NAMES) site.daemons[name].signal('SIGKILL', 'kill')
    }
    shoot()
    const timer = setInterval(shoot, 200)
    return () => clearInterval(timer)
  },
}
