import { AutoscaleError, type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { HostFiles } from '@lxc-autoscale/host'
import type { ApiConfig } from './config.ts'
import type { MonitorFile } from './host/monitor-file.ts'

/** What can be told of one daemon from here. */
export interface DaemonState {
  readonly name: string
  readonly state: 'running' | 'not running' | 'not known'
  readonly detail: string
}

export interface DaemonStateParts {
  readonly clock: Clock
  readonly files: HostFiles
  readonly monitorFile: MonitorFile
  readonly config: Pick<ApiConfig, 'health'>
}

/** Tells which of the three daemons run, from the traces that they leave. */
export function daemonStates(parts: DaemonStateParts): readonly DaemonState[] {
  return [
    orNotKnown('lxc_monitor', () => monitorState(parts)),
    orNotKnown('lxc_autoscale_ml', () => modelState(parts)),
    { name: 'lxc_autoscale_api', state: 'running', detail: `process ${process.pid}` },
  ]
}

/** A trace that cannot be read tells nothing of the daemon, and must not cost the page the rest. */
function orNotKnown(name: string, look: () => Omit<DaemonState, 'name'>): DaemonState {
  try {
    return { name, ...look() }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return { name, state: 'not known', detail: error.message }
  }
}

function monitorState({ clock, monitorFile, config }: DaemonStateParts): Omit<DaemonState, 'name'> {
  const modifiedMs = monitorFile.modifiedMs()
  if (modifiedMs === undefined) return { state: 'not known', detail: 'there is no metrics file' }
  const ageSeconds = Math.max(0, Math.round((clock.nowMs() - modifiedMs) / MS_PER_SECOND))
  const isFresh = ageSeconds <= config.health.max_metrics_age_seconds
  return { state: isFresh ? 'running' : 'not running', detail: `its newest figures are ${ageSeconds} s old` }
}

function modelState({ files, config }: DaemonStateParts): Omit<DaemonState, 'name'> {
  const path = config.health.model_lock_file
  const text = path === '' ? undefined : files.readText(path)?.trim()
  if (text === undefined || !/^[1-9]\d*$/.test(text)) return { state: 'not known', detail: 'it holds no lock' }
  const isAlive = files.inode(`/proc/${text}`) !== undefined
  return { state: isAlive ? 'running' : 'not running', detail: `process ${text}` }
}
