import { constants } from 'node:fs'
import { access, readFile, stat, statfs } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { errorMessage, localTimeText } from '@lxc-autoscale/core'
import { execa } from 'execa'
import { bad, type Check, type Finding, good, UNITS, unseen } from './check.ts'
import { isByRest } from './rest-checks.ts'

/** Full enough that the next hours may fill it. */
const LEAST_FREE_PERCENT = 5
const COMMAND_TIMEOUT_MS = 10_000

export const unitsRun: Check = {
  name: 'units',
  async look() {
    if (!(await exists('/run/systemd/system'))) return unseen('systemd does not run here')
    const { stdout } = await execa('systemctl', ['is-active', ...UNITS], { reject: false, timeout: COMMAND_TIMEOUT_MS })
    const states = stdout.split('\n')
    const idle = UNITS.filter((_, index) => states[index]?.trim() !== 'active')
    return idle.length === 0
      ? good('all three run')
      : bad(`not running: ${idle.join(', ')}`, `systemctl start ${idle.join(' ')} || journalctl -u ${idle[0]} -n 50`)
  },
}

/** PATH comes in, so that a test can have one of its own. */
export function pctIsThere(path: string): Check {
  return {
    name: 'pct',
    async look(patient) {
      if (isByRest(patient)) return []
      for (const folder of path.split(delimiter)) {
        if (await isExecutable(join(folder, 'pct'))) return good(join(folder, 'pct'))
      }
      return bad('pct is not on PATH', 'run this on a Proxmox VE host; in a root shell /usr/sbin must be on PATH')
    },
  }
}

export const cgroupMode: Check = {
  name: 'cgroups',
  async look({ monitor }) {
    const root = monitor?.host.cgroup ?? '/sys/fs/cgroup'
    if (await exists(join(root, 'cgroup.controllers')))
      return controllersOf(await readFile(join(root, 'cgroup.controllers'), 'utf8'))
    if (await exists(join(root, 'memory', 'memory.stat')))
      return good('version 1: measured, but without pressure figures')
    return bad(`${root} is no cgroup file system`, 'check host.cgroup in lxc_monitor.yaml, and mount | grep cgroup')
  },
}

function controllersOf(text: string): Finding {
  const missing = ['cpu', 'memory'].filter(name => !text.split(/\s+/).includes(name))
  return missing.length === 0
    ? good('version 2')
    : bad(
        `version 2 without the controllers ${missing.join(', ')}`,
        'the kernel command line ties them to version 1: remove systemd.unified_cgroup_hierarchy=0 and reboot',
      )
}

export const quorum: Check = {
  name: 'quorum',
  async look({ api }) {
    const file = join(api?.host.pve ?? '/etc/pve', '.members')
    try {
      const members: unknown = JSON.parse(await readFile(file, 'utf8'))
      return isQuorate(members)
        ? good('the cluster can be written')
        : bad('the cluster has no quorum, Proxmox refuses every change', 'pvecm status; bring the missing nodes back')
    } catch (error) {
      return unseen(`${file}: ${errorMessage(error)}`)
    }
  },
}

/** A single node has no `cluster` and is always quorate. */
function isQuorate(members: unknown): boolean {
  if (typeof members !== 'object' || members === null || !('cluster' in members)) return true
  const { cluster } = members
  return !(typeof cluster === 'object' && cluster !== null && 'quorate' in cluster && cluster.quorate === 0)
}

export const clock: Check = {
  name: 'clock',
  async look({ monitor, nowMs }) {
    const file = monitor?.monitoring.export_file
    if (nowMs < Date.UTC(2026, 0)) return bad(`it says ${localTimeText(nowMs)}`, 'timedatectl set-ntp true')
    const changedMs = file === undefined ? undefined : await modifiedMs(file)
    if (changedMs === undefined || changedMs <= nowMs + 60_000) return good(localTimeText(nowMs))
    return bad(
      `${file} was written in the future: the clock went back`,
      'timedatectl; when the clock is right: systemctl restart lxc_monitor',
    )
  },
}

export const diskSpace: Check = {
  name: 'disk space',
  async look({ monitor, model, api }) {
    const files = [
      monitor?.monitoring.export_file,
      monitor?.logging.log_file,
      model?.log_file,
      model && join(model.state.directory, 'x'),
      api?.logging.log_file,
      api && join(api.state.directory, 'x'),
    ]
    const folders = [...new Set(files.flatMap(file => (file ? [dirname(file)] : [])))]
    const found = await Promise.all(folders.map(async folder => ({ folder, free: await freePercent(folder) })))
    const full = found.filter(({ free }) => free !== undefined && free < LEAST_FREE_PERCENT)
    if (full.length > 0) {
      const words = full.map(({ folder, free }) => `${folder} has ${free?.toFixed(1)} % left`)
      return bad(words.join(', '), `du -xh ${full[0]?.folder} | sort -h | tail`)
    }
    return good(
      found
        .map(({ folder, free }) => `${folder} ${free === undefined ? 'missing' : `${free.toFixed(0)} % free`}`)
        .join(', '),
    )
  },
}

async function freePercent(folder: string): Promise<number | undefined> {
  try {
    const { bavail, blocks } = await statfs(folder)
    return blocks === 0 ? undefined : (100 * bavail) / blocks
  } catch {
    // Not there yet: the daemon makes it.
    return undefined
  }
}

async function modifiedMs(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs
  } catch {
    // No file yet: the check of the data says so.
    return undefined
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
