import {
  AutoscaleError,
  type Clock,
  errorMessage,
  MS_PER_SECOND,
  readRegularFile,
  systemErrorCode,
} from '@lxc-autoscale/core'
import type { HostFiles } from '@lxc-autoscale/host'
import type { ApiConfig } from './config.ts'
import type { MonitorFile } from './host/monitor-file.ts'

/** What can be told of one daemon from here. */
export interface DaemonState {
  readonly name: string
  readonly state: 'running' | 'not running' | 'not known'
  readonly detail: string
}

/** More than the number of a process has. */
const MAX_LOCK_BYTES = 32

export interface DaemonStateParts {
  readonly clock: Clock
  readonly files: HostFiles
  readonly monitorFile: MonitorFile
  readonly config: Pick<ApiConfig, 'health'>
}

/** Tells which of the three daemons run, from the traces that they leave. */
export function daemonStates(parts: DaemonStateParts): readonly DaemonState[] {
  return [
    monitorState(parts),
    modelState(parts),
    { name: 'lxc_autoscale_api', state: 'running', detail: `process ${process.pid}` },
  ]
}

function monitorState({ clock, monitorFile, config }: DaemonStateParts): DaemonState {
  return known('lxc_monitor', () => {
    const modifiedMs = monitorFile.modifiedMs()
    if (modifiedMs === undefined) return { state: 'not known', detail: 'there is no metrics file' }
    const ageSeconds = Math.max(0, Math.round((clock.nowMs() - modifiedMs) / MS_PER_SECOND))
    const isFresh = ageSeconds <= config.health.max_metrics_age_seconds
    return { state: isFresh ? 'running' : 'not running', detail: `its newest figures are ${ageSeconds} s old` }
  })
}

function modelState({ files, config }: DaemonStateParts): DaemonState {
  return known('lxc_autoscale_ml', () => {
    const pid = lockHolder(config.health.model_lock_file)
    if (pid === undefined) return { state: 'not known', detail: 'it holds no lock' }
    const isAlive = files.inode(`/proc/${pid}`) !== undefined
    return { state: isAlive ? 'running' : 'not running', detail: `process ${pid}` }
  })
}

/** The state of a daemon, or why it is not known. */
function known(name: string, look: () => Omit<DaemonState, 'name'>): DaemonState {
  try {
    return { name, ...look() }
  } catch (error) {
    if (!(error instanceof AutoscaleError) && systemErrorCode(error) === undefined) throw error
    return { name, state: 'not known', detail: errorMessage(error) }
  }
}

/** The number in a lock file; undefined when nobody holds the lock. */
function lockHolder(path: string): string | undefined {
  try {
    const text = path === '' ? '' : readRegularFile(path, MAX_LOCK_BYTES).trim()
    return /^[1-9]\d*$/.test(text) ? text : undefined
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
