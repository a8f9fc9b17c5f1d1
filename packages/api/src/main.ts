import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  acquireInstanceLock,
  BYTES_PER_MB,
  type Clock,
  type DaemonContext,
  errorMessage,
  isWithin,
  type Logger,
  MS_PER_SECOND,
  openFileLimit,
  runDaemon,
  runEvery,
} from '@lxc-autoscale/core'
import { dashboardDirectory } from '@lxc-autoscale/dashboard'
import { HostFiles } from '@lxc-autoscale/host'
import { buildApp } from './app.ts'
import { appContext } from './app-context.ts'
import { AuditLog } from './audit/audit-log.ts'
import { checkBackend, openBackends } from './backends.ts'
import { BoostKeeper } from './changes/boost-keeper.ts'
import { API_CONFIG_RULES, type ApiConfig } from './config.ts'
import { MetricsFeed } from './host/metrics-feed.ts'
import { ApiServer } from './http/api-server.ts'
import { configuredKeys } from './http/authentication-section.ts'
import { Connections } from './http/connections.ts'
import { EventStreams } from './http/event-streams.ts'
import { Idempotency } from './http/idempotency.ts'
import { readKeyFile } from './http/key-file.ts'
import { KeyRing } from './http/key-ring.ts'
import { NewsDesk } from './news/news-desk.ts'
import { NewsFile } from './news/news-file.ts'
import { ContainerQueue } from './pct/container-queue.ts'
import type { CommandKind } from './ports.ts'
import { replayProcess } from './replays/replay-process.ts'
import { WhatIfs } from './replays/what-ifs.ts'
import { resolveInterrupted } from './resolve-interrupted.ts'
import { readToken } from './rest/token-file.ts'
import type { ApiPorts } from './routes/route-context.ts'
import { SeriesStore } from './series/series-store.ts'
import { SteeringStore } from './steering/steering-store.ts'
import { ApiTelemetry } from './telemetry.ts'

/** Changes that run `pct` at once. Source of the bound: each start of pct costs a core for a second. */
const MAX_RUNNING_CHANGES = 2
/** Source: the unit asks for a sign of life every minute or so. */
const WATCHDOG_INTERVAL_MS = 15_000
/** How long running changes are waited for when the daemon stops; what lasts longer is resolved at the next start. */
const STOP_WAIT_MS = 2_500

/** The daemon lxc-autoscale-api. */
export function main(): Promise<void> {
  return runDaemon({
    ...API_CONFIG_RULES,
    command: 'lxc-autoscale-api',
    summary: 'Changes the resources of LXC containers on this Proxmox VE host, by HTTP.',
    defaultConfigFile: '/etc/lxc_autoscale_ml/lxc_autoscale_api.yaml',
    hasOnce: false,
    checkFiles: checkBackend,
    logSettings: ({ logging }) => ({
      level: logging.level,
      file: logging.log_file,
      maxBytes: logging.rotate ? logging.max_log_size_mb * BYTES_PER_MB : Number.MAX_SAFE_INTEGER,
      backupCount: logging.backup_count,
    }),
    run,
  })
}

async function run(context: DaemonContext<ApiConfig>): Promise<void> {
  const { log, clock, signal, notify } = context
  let { config } = context
  const directory = config.state.directory
  const lock = acquireInstanceLock(join(directory, 'api.lock'))
  try {
    const { max_audit_size_mb, audit_backup_count, idempotency_hours } = config.state
    const audit = await AuditLog.open({
      directory,
      maxBytes: max_audit_size_mb * BYTES_PER_MB,
      backupCount: audit_backup_count,
      keptHours: idempotency_hours,
      clock,
      log,
    })
    const queue = new ContainerQueue(() => ({
      maxRunning: MAX_RUNNING_CHANGES,
      maxWaiting: config.lxc.max_waiting_changes,
    }))
    const streams = new EventStreams()
    const telemetry = new ApiTelemetry(queue, streams)
    const files = new HostFiles(mostOpenFiles(config))
    if (config.lxc.backend === 'rest') readToken(config.lxc.rest.token_file)
    const backends = openBackends({
      clock,
      files,
      mark: directory,
      config: () => config,
      limitMs: kind => limitSeconds(config, kind) * MS_PER_SECOND,
      onEnd: report => {
        telemetry.command(report)
        log.debug(
          { args: report.command.args, outcome: report.outcome, duration_ms: report.durationMs },
          'command ended',
        )
      },
    })
    const news = new NewsDesk({ clock, log, file: await NewsFile.open(directory), counts: telemetry, signal })
    const series = await SeriesStore.open({ directory, clock, log })
    const steering = await SteeringStore.open({ directory, clock, log })
    const boosts = new BoostKeeper({ steering, clock, log, signal })
    const ports = {
      clock,
      log,
      commands: backends,
      files,
      openCgroups: new Map(),
      queue,
      audit,
      idempotency: new Idempotency(audit),
      telemetry,
      keys: keyRing(config, clock),
      connections: new Connections(config.server.max_connections, clock),
      streams,
      news,
      dashboard: dashboardDirectory,
      metrics: new MetricsFeed({ clock, log, keeper: series }),
      series,
      steering,
      boosts,
      whatIfs: new WhatIfs({
        clock,
        log,
        replay: replayProcess({ node: process.execPath, program: replayProgram() }),
        signal,
      }),
      signal,
    }
    const beforeReload = appContext(ports, config)
    const { containers, shrinks } = beforeReload
    await resolveInterrupted({ ...ports, containers })
    await shrinks.resume(audit.newestFirst(), beforeReload)
    boosts.use(beforeReload)
    // Before any request: what became due meanwhile has its turn first.
    void boosts.run()
    const app = await build(ports, config)
    const server = new ApiServer(config.server, ports.connections, app.routing)
    const port = await server.listen()
    warnOfReadableKeys(log, config)
    log.info({ host: config.server.host, port }, 'listening')
    notify.ready(`listening on ${config.server.host} port ${port}`)
    context.onReload(next => {
      warnOfRestart(context, config, next)
      const keys = keyRing(next, clock)
      checkBackend(next)
      config = next
      backends.renew()
      build({ ...ports, keys }, next).then(
        built => {
          server.use(built.routing)
          streams.endAll()
        },
        error => log.error({ problem: errorMessage(error) }, 'new configuration refused; the old one stays in force'),
      )
    })
    const told = news.run()
    const followed = ports.metrics.run(signal)
    await feedWatchdog(context, server)
    streams.endAll()
    await isWithin(clock, STOP_WAIT_MS, Promise.all([queue.close(), server.close(), told, followed]))
    await series.save()
    await audit.close()
  } finally {
    lock.release()
  }
}

/** Those of 1,000 containers; the kernel takes almost 5 KB for each. */
const MOST_OPEN_FILES = 7_168
/** Left for logs, state, commands and the runtime itself. */
const OTHER_FILES = 512

/** Files of the kernel that may be kept open beside all connections; others are opened each time. */
function mostOpenFiles({ server }: ApiConfig): number {
  return Math.max(0, Math.min(MOST_OPEN_FILES, openFileLimit() - server.max_connections - OTHER_FILES))
}

const REPLAY_PROGRAM = 'lxc-autoscale-what-if.mjs'

/** In the package it lies beside this program. */
function replayProgram(): string {
  const here = dirname(realpathSync(process.argv[1] ?? ''))
  return [join(here, REPLAY_PROGRAM)].find(existsSync) ?? join(here, '../../replay/bin', REPLAY_PROGRAM)
}

async function build(ports: ApiPorts, config: ApiConfig) {
  const app = await buildApp(ports, config)
  await app.ready()
  return app
}

/** @throws {ConfigError} when the key file cannot be understood, or names a key as another one is named */
function keyRing({ authentication }: ApiConfig, clock: Clock): KeyRing {
  const configured = configuredKeys(authentication)
  const taken = configured.map(({ name }) => name)
  return new KeyRing([...configured, ...readKeyFile(authentication.key_file, taken)], clock)
}

/** Keys that every user of the host can read are no keys. */
function warnOfReadableKeys(log: Logger, { authentication: { key_file: file } }: ApiConfig): void {
  const mode = file === '' ? undefined : statSync(file, { throwIfNoEntry: false })?.mode
  if (mode !== undefined && (mode & 0o004) !== 0)
    log.warn({ file }, 'every user of this host can read the key file; chmod 0640 it')
}

function limitSeconds({ lxc }: ApiConfig, kind: CommandKind): number {
  const limits = {
    set: lxc.timeout_seconds,
    read: lxc.timeout_seconds,
    resize: lxc.resize_timeout_seconds,
    snapshot: lxc.snapshot_timeout_seconds,
    clone: lxc.clone_timeout_seconds,
    power: lxc.power_timeout_seconds,
    destroy: lxc.destroy_timeout_seconds,
  } as const
  return limits[kind]
}

/** Keys of the configuration that are read only once. */
function warnOfRestart({ log }: DaemonContext<ApiConfig>, old: ApiConfig, next: ApiConfig): void {
  for (const section of ['server', 'state', 'logging'] as const) {
    if (JSON.stringify(old[section]) !== JSON.stringify(next[section])) {
      log.warn({ section }, 'some keys of this section take effect only after a restart')
    }
  }
}

/** Tells systemd that requests are answered, until the daemon is asked to stop. */
async function feedWatchdog(
  { clock, signal, notify, log }: DaemonContext<ApiConfig>,
  server: ApiServer,
): Promise<void> {
  const intervalMs = () => WATCHDOG_INTERVAL_MS
  await runEvery({ intervalMs, clock, signal }, async () => {
    if (await server.answersItself()) notify.alive('answering')
    else if (!signal.aborted) log.warn('a request to this daemon itself was not answered')
  })
}
