import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import {
  acquireInstanceLock,
  type DaemonContext,
  type InstanceLock,
  type LogSettings,
  listenForMetrics,
  MetricsFileSource,
  type MetricsListener,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  MS_PER_SECOND,
  runDaemon,
  runEvery,
} from '@lxc-autoscale/core'
import { FleetHistory, HostFiles, openHostFigures } from '@lxc-autoscale/host'
import { AnomalyModel } from './anomaly/anomaly-model.ts'
import { anomalySettings } from './anomaly/anomaly-sections.ts'
import { ApiConnection } from './api-connection.ts'
import { MODEL_CONFIG_RULES, type ModelConfig } from './config.ts'
import { AuditTrail } from './cycle/audit-trail.ts'
import { CyclePace } from './cycle/cycle-pace.ts'
import { Fleet } from './cycle/fleet.ts'
import { SteadyTime } from './cycle/steady-time.ts'
import { type CycleSettings, ModelCycle } from './cycle.ts'
import { limitHeapGrowth } from './heap-growth.ts'
import { longestWaitMs } from './policy/container-sizer.ts'
import { StateFiles } from './state/state-files.ts'
import { StatusFile } from './status/status-file.ts'
import { ModelTelemetry } from './telemetry.ts'

type Context = DaemonContext<ModelConfig>

/** Mode of the lock file: the API shows whether the model runs. */
const READ_BY_THE_API = 0o640

/** The daemon `lxc-autoscale-ml`. */
export function main(): Promise<void> {
  limitHeapGrowth()
  return runDaemon({
    ...MODEL_CONFIG_RULES,
    command: 'lxc-autoscale-ml',
    summary: 'Decides how many cores and how much memory each container gets, and asks the scaling API for it.',
    defaultConfigFile: '/etc/lxc_autoscale_ml/lxc_autoscale_ml.yaml',
    hasOnce: true,
    logSettings,
    run,
  })
}

function logSettings(config: ModelConfig): LogSettings {
  return {
    level: config.log_level,
    file: config.log_file,
    maxBytes: config.log_max_bytes,
    backupCount: config.log_backup_count,
  }
}

async function run(context: Context): Promise<void> {
  const lock = lockInstance(context)
  const telemetry = new ModelTelemetry()
  const connection = new ApiConnection({ ...context, telemetry, random: Math.random })
  let listener: MetricsListener | undefined
  try {
    listener = await listen(context, telemetry)
    const { cycle, fleet } = await createCycle({ context, telemetry, connection })
    context.onReload(config => {
      // First what may be refused.
      const settings = cycleSettings(config, connection)
      fleet.configure(config)
      cycle.configure(settings)
    })
    await runCycles(context, cycle)
    await cycle.save()
  } finally {
    connection.close()
    await listener?.close()
    lock.release()
  }
}

function lockInstance({ config, log }: Context): InstanceLock {
  const lock = acquireInstanceLock(config.lock_file, READ_BY_THE_API)
  const { takenOverFromPid } = lock
  if (takenOverFromPid !== undefined) {
    log.warn({ file: config.lock_file, pid: takenOverFromPid }, 'took over the lock of a process that is gone')
  }
  return lock
}

async function listen({ config, once }: Context, telemetry: ModelTelemetry): Promise<MetricsListener | undefined> {
  const { port } = config.metrics
  return once || port === 0 ? undefined : listenForMetrics(telemetry.registry, port)
}

interface Composition {
  readonly context: Context
  readonly telemetry: ModelTelemetry
  readonly connection: ApiConnection
}

async function createCycle({ context, telemetry, connection }: Composition) {
  const { config, clock, log } = context
  const { directory } = config.state
  const state = new StateFiles(directory, log)
  await state.prepare()
  const forest = anomalySettings({
    forest: config.model,
    anomaly: config.anomaly_detection,
    rollingWindow: config.spike_detection.rolling_window,
  })
  const anomalies = await state.loadForests(lines => AnomalyModel.restore(forest, lines))
  const saved = await state.loadSizers()
  const time = new SteadyTime(clock, saved.moment)
  const fleet = new Fleet({
    config,
    hostSize: openHostFigures(new HostFiles(0), config.host.proc)(),
    saved,
    time,
  })
  const parts = {
    source: new MetricsFileSource({ path: config.data_file, place: saved.place }),
    history: new FleetHistory(saved.sizers, clockMs => time.ofClock(clockMs)),
    anomalies: anomalies ?? new AnomalyModel(forest),
    fleet,
    state,
    board: new StatusFile(directory),
    trail: new AuditTrail(time),
    telemetry,
    clock,
    time,
    log,
    runName: randomBytes(8).toString('hex'),
    pid: process.pid,
  }
  return { cycle: new ModelCycle(parts, cycleSettings(config, connection)), fleet }
}

function cycleSettings(config: ModelConfig, connection: ApiConnection): CycleSettings {
  const { max_metrics_age_seconds: maxAgeSeconds } = config
  return {
    api: connection.open(config),
    apiUrl: config.api.api_url,
    metricsFile: config.data_file,
    intervalMs: config.interval_seconds * MS_PER_SECOND,
    isDryRun: config.scaling.dry_run,
    maxDataAgeMs: maxAgeSeconds === undefined ? undefined : maxAgeSeconds * MS_PER_SECOND,
    windowMs: config.anomaly_detection.window_hours * MS_PER_HOUR,
    saveIntervalMs: config.state.save_interval_minutes * MS_PER_MINUTE,
    longestWaitMs: Math.max(...[config.scaling, ...Object.values(config.tiers)].map(longestWaitMs)),
  }
}

async function runCycles(context: Context, cycle: ModelCycle): Promise<void> {
  const { clock, signal, notify, once } = context
  // Each request in flight listens for the stop.
  setMaxListeners(0, signal)
  let { config } = context
  context.onReload(next => {
    config = next
  })
  const intervalMs = () => config.interval_seconds * MS_PER_SECOND
  const pace = new CyclePace()
  let isReady = false
  const oneCycle = async () => {
    const { outcome } = await cycle.run(signal)
    pace.ended(outcome)
    if (!isReady) notify.ready('running')
    isReady = true
    notify.alive(`last cycle: ${outcome}`, intervalMs())
  }
  if (once) return oneCycle()
  return runEvery({ intervalMs: () => pace.intervalMs(intervalMs()), clock, signal }, oneCycle)
}
