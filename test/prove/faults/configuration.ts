import { readFileSync, writeFileSync } from 'node:fs'
import { DAEMON_NAMES, type DaemonName } from '../daemon-names.ts'
import type { Fault } from './fault.ts'

const GOOD: Readonly<Record<DaemonName, Readonly<Record<string, unknown>>>> = {
  monitor: { monitoring: { enable_network: false, rolling_window: 5 } },
  model: { scaling: { dry_run: true } },
  api: { rate_limiting: { max_requests_per_minute: 1_000 }, health: { pct_interval_seconds: 10 } },
}

export const configuration: Fault = {
  name: 'configuration',
  about: 'the configuration of a daemon is edited, well or badly, and the daemon is told; later it is put right',
  plan: random => ({
    forMs: random.integer(4_000, 7_000),
    on: {
      daemon: random.pick(DAEMON_NAMES),
      edit: random.pick(['good', 'good', 'misspelt', 'cut', 'rubbish', 'deep']),
    },
  }),
  resources: on => [`daemon:${on['daemon']}`],
  begin: async (site, on) => {
    const name = DAEMON_NAMES.find(each => each === on['daemon']) ?? 'model'
    const file = site.configFile(name)
    const before = readFileSync(file, 'utf8')
    const edit = String(on['edit'])
    if (edit === 'good') site.configure(name, GOOD[name])
    if (edit === 'misspelt') writeFileSync(file, `${before}\nno_such_section:\n  key: 1\n`)
    if (edit === 'cut') writeFileSync(file, `${before.slice(0, Math.floor(before.length * 0.6))}\n  : : [`)
    if (edit === 'rubbish') writeFileSync(file, Buffer.from([0, 255, 1, 254, 58, 10, 0]))
    if (edit === 'deep') writeFileSync(file, `a: ${'['.repeat(3_000)}`)
    site.daemons[name].signal('SIGHUP', undefined)
    return () => {
      writeFileSync(file, before)
      site.daemons[name].signal('SIGHUP', undefined)
    }
  },
}
