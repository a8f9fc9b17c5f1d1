import {
  AutoscaleError,
  type Clock,
  errorMessage,
  lockHolder,
  MS_PER_SECOND,
  systemErrorCode,
} from '@lxc-autoscale/core'
import type { ApiConfig } from './config.ts'
import type { MetricsFeed } from './host/metrics-feed.ts'

/** What can be told of one daemon from here. */
export interface DaemonState {
  readonly name: string
  readonly state: 'running' | 'not running' | 'not known'
  readonly detail: string
}

const START_MONITOR = 'systemctl restart lxc_monitor'

export interface DaemonStateParts {
  readonly clock: Clock
  readonly metrics: Pick<MetricsFeed, 'modifiedMs'>
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

function monitorState({ clock, metrics, config }: DaemonStateParts): DaemonState {
  return known('lxc_monitor', () => {
    const modifiedMs = metrics.modifiedMs()
    const { metrics_file: file, max_metrics_age_seconds: maxSeconds } = config.health
    if (file === '') return { state: 'not known', detail: 'health.metrics_file is empty' }
    if (modifiedMs === undefined) return { state: 'not running', detail: `${file} is not there: ${START_MONITOR}` }
    const ageSeconds = Math.max(0, Math.round((clock.nowMs() - modifiedMs) / MS_PER_SECOND))
    const detail = `its newest figures are ${ageSeconds} s old`
    if (ageSeconds <= maxSeconds) return { state: 'running', detail }
    return { state: 'not running', detail: `${detail}: ${START_MONITOR}` }
  })
}

function modelState({ config }: DaemonStateParts): DaemonState {
  return known('lxc_autoscale_ml', () => {
    const { model_lock_file: file } = config.health
    if (file === '') return { state: 'not known', detail: 'health.model_lock_file is empty' }
    const holder = lockHolder(file)
    if (holder === undefined) return { state: 'not running', detail: 'systemctl start lxc_autoscale_ml' }
    return { state: 'running', detail: `process ${holder.pid}` }
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
