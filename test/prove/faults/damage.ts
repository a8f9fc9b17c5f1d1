import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import type { Site } from '../site.ts'
import type { EndFault, Fault } from './fault.ts'

export const DAMAGES = [
  'deleted',
  'moved',
  'cut',
  'predecessor',
  'rubbish',
  'empty',
  'symlink',
  'fifo',
  'folder',
  'endless',
] as const
export type Damage = (typeof DAMAGES)[number]

/** What the Python predecessor wrote. */
const PREDECESSOR = `${JSON.stringify([{ summary: { monitor_start: '2024-08-24 10:33:20' }, 101: { timestamp: '2024-08-24 10:33:20', cpu_usage_percent: 1.5, memory_usage_mb: 50, swap_usage_mb: 0, process_count: 12 } }], null, 4)}\n`

const STATE_FILES = [
  'audit.jsonl',
  'answers.jsonl',
  'not-made.jsonl',
  'model-sizers.jsonl',
  'model-pending.json',
  'model-status.json',
  'model-forests.jsonl',
  'steering.json',
  'api.lock',
] as const

export const metricsDamaged: Fault = {
  name: 'metrics-damaged',
  about:
    "the metrics file is deleted, moved, cut at any byte, the predecessor's, rubbish, a link, a fifo, a folder or endless",
  plan: random => ({
    forMs: random.pick([1_000, 3_000, 6_000, 11_000]),
    on: { damage: random.pick(DAMAGES), share: random.next(), killed: random.pick(['', '', 'monitor', 'model']) },
  }),
  resources: on => ['disk', 'metrics', ...(on['killed'] === '' ? [] : [`daemon:${on['killed']}`])],
  begin: async (site, on) => damage(site, site.metricsFile, on),
}

export const stateDamaged: Fault = {
  name: 'state-damaged',
  about: 'a file of state, the audit log or the kept answers is damaged in one of these ways, also with a kill',
  plan: random => ({
    forMs: random.integer(500, 5_000),
    on: {
      file: random.pick(STATE_FILES),
      damage: random.pick(DAMAGES),
      share: random.next(),
      killed: random.pick(['', '', 'model', 'api']),
    },
  }),
  resources: on => ['disk', 'state', ...(on['killed'] === '' ? [] : [`daemon:${on['killed']}`])],
  begin: async (site, on) => {
    site.beforeStateDamage()
    return damage(site, join(site.stateDirectory, String(on['file'])), on)
  },
}

interface On {
  readonly [key: string]: unknown
}

function damage(site: Site, path: string, on: On): EndFault {
  const kind = DAMAGES.find(each => each === on['damage']) ?? 'deleted'
  inflict(kind, { path, share: Number(on['share']), asideDirectory: site.asideDirectory })
  const { killed } = on
  if (killed === 'monitor' || killed === 'model' || killed === 'api') site.daemons[killed].signal('SIGKILL', 'kill')
  return () => heal(path)
}

interface Place {
  readonly path: string
  /** Where it is cut, as a share of its length. */
  readonly share: number
  readonly asideDirectory: string
}

/** Does `kind` to the file, whether it is there or not. */
function inflict(kind: Damage, { path, share, asideDirectory }: Place): void {
  const isThere = existsSync(path) && lstatSync(path).isFile()
  const aside = join(asideDirectory, `${basename(path)}.${Date.now()}.${Math.trunc(share * 1e6)}`)
  if (kind === 'cut') {
    if (isThere) truncateSync(path, Math.floor(lstatSync(path).size * share))
    return
  }
  if (kind === 'moved') {
    if (isThere) moveTo(path, aside)
    return
  }
  rmSync(path, { recursive: true, force: true })
  if (kind === 'predecessor') writeFileSync(path, PREDECESSOR)
  if (kind === 'rubbish')
    writeFileSync(
      path,
      Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 7_919 + Math.trunc(share * 256)) % 256)),
    )
  if (kind === 'empty') writeFileSync(path, '')
  if (kind === 'fifo') execFileSync('mkfifo', [path])
  if (kind === 'folder') mkdirSync(path)
  if (kind === 'endless') symlinkSync('/dev/zero', path)
  if (kind === 'symlink') {
    writeFileSync(aside, '{"not": "yours"}\n')
    symlinkSync(aside, path)
  }
}

/** Also to another file system. */
function moveTo(path: string, aside: string): void {
  try {
    renameSync(path, aside)
  } catch {
    writeFileSync(aside, readFileSync(path))
    rmSync(path)
  }
}

/** What no daemon can be asked to take away goes; a damaged file stays. */
function heal(path: string): void {
  let facts: ReturnType<typeof lstatSync>
  try {
    facts = lstatSync(path)
  } catch {
    // A daemon has put it away.
    return
  }
  if (!facts.isFile()) rmSync(path, { recursive: true, force: true })
}
