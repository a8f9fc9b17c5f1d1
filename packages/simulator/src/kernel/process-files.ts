import { mkdirSync, writeFileSync } from 'node:fs'

/** One process as the host's /proc shows it. */
export interface ProcessFacts {
  readonly pid: number
  readonly parentPid: number
  /** Its number inside its container; undefined for a process of the host. */
  readonly innerPid?: number
  readonly name: string
  readonly commandLine: readonly string[]
  /** Path below the cgroup root. */
  readonly cgroup: string
  readonly startedAtSeconds: number
  /** Uid on the host: 100000 is root of an unprivileged container. */
  readonly uid: number
}

const TICKS_PER_SECOND = 100

/** Fills the directory of a process (`proc/<pid>`), which must exist and be empty. */
export function writeProcessFiles(directory: string, facts: ProcessFacts): void {
  const files: Record<string, string> = {
    status: statusText(facts),
    stat: statText(facts),
    comm: `${facts.name}\n`,
    cmdline: facts.commandLine.map(word => `${word}\0`).join(''),
    cgroup: `0::/${facts.cgroup}\n`,
    oom_score_adj: '0\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text)
}

/** What only the init of a container has here: its network, its root directory, its user namespace. */
export function writeInitFiles(directory: string, hostname: string, isUnprivileged: boolean): void {
  mkdirSync(`${directory}/net`)
  mkdirSync(`${directory}/root/etc`, { recursive: true })
  writeFileSync(`${directory}/net/dev`, '')
  writeFileSync(`${directory}/root/etc/hostname`, `${hostname}\n`)
  const map = isUnprivileged ? [0, 100_000, 65_536] : [0, 0, 4_294_967_295]
  const line = `${map.map(value => String(value).padStart(10)).join(' ')}\n`
  writeFileSync(`${directory}/uid_map`, line)
  writeFileSync(`${directory}/gid_map`, line)
}

/** Source: Documentation/filesystems/proc.rst, table 1-2; NSpid has one number for each PID namespace. */
function statusText({ pid, parentPid, innerPid, name, uid }: ProcessFacts): string {
  const namespaces = innerPid === undefined ? `${pid}` : `${pid}\t${innerPid}`
  const ids = `${uid}\t${uid}\t${uid}\t${uid}`
  return [
    `Name:\t${name}`,
    'Umask:\t0022',
    'State:\tS (sleeping)',
    `Tgid:\t${pid}`,
    'Ngid:\t0',
    `Pid:\t${pid}`,
    `PPid:\t${parentPid}`,
    'TracerPid:\t0',
    `Uid:\t${ids}`,
    `Gid:\t${ids}`,
    'FDSize:\t64',
    'Groups:\t ',
    `NStgid:\t${namespaces}`,
    `NSpid:\t${namespaces}`,
    `NSpgid:\t${namespaces}`,
    `NSsid:\t${namespaces}`,
    'VmPeak:\t   22696 kB',
    'VmSize:\t   22696 kB',
    'VmRSS:\t   13336 kB',
    'Threads:\t1',
    '',
  ].join('\n')
}

/** Source: Documentation/filesystems/proc.rst, table 1-4; field 22 is the start, in ticks after boot. */
function statText({ pid, parentPid, name, startedAtSeconds }: ProcessFacts): string {
  const startTicks = Math.round(startedAtSeconds * TICKS_PER_SECOND)
  const before = `${pid} (${name}) S ${parentPid} ${pid} ${pid} 0 -1 4194560 1341 9795 0 0 87 77 191 130 20 0 1 0`
  const after =
    '23240704 3254 18446744073709551615 0 0 0 0 0 0 671173123 4096 1260 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0'
  return `${before} ${startTicks} ${after}\n`
}
