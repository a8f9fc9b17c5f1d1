import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '@lxc-autoscale/core'
import { HostFiles } from '@lxc-autoscale/host'
import { createHost, Engine, type HostSpec, INSTANT, type PretendHost } from '@lxc-autoscale/simulator'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../packages/api/src/app.ts'
import { appContext } from '../../packages/api/src/app-context.ts'
import type { LineFiles } from '../../packages/api/src/audit/append-file.ts'
import { AuditLog } from '../../packages/api/src/audit/audit-log.ts'
import { BoostKeeper } from '../../packages/api/src/changes/boost-keeper.ts'
import { ApiConfig } from '../../packages/api/src/config.ts'
import { MetricsFeed } from '../../packages/api/src/host/metrics-feed.ts'
import { configuredKeys } from '../../packages/api/src/http/authentication-section.ts'
import { Connections } from '../../packages/api/src/http/connections.ts'
import { EventStreams } from '../../packages/api/src/http/event-streams.ts'
import { Idempotency } from '../../packages/api/src/http/idempotency.ts'
import { KeyRing } from '../../packages/api/src/http/key-ring.ts'
import { NewsDesk } from '../../packages/api/src/news/news-desk.ts'
import { NewsFile } from '../../packages/api/src/news/news-file.ts'
import { ContainerQueue } from '../../packages/api/src/pct/container-queue.ts'
import { replayProcess } from '../../packages/api/src/replays/replay-process.ts'
import { WhatIfs } from '../../packages/api/src/replays/what-ifs.ts'
import { resolveInterrupted } from '../../packages/api/src/resolve-interrupted.ts'
import { SeriesStore } from '../../packages/api/src/series/series-store.ts'
import { SteeringStore } from '../../packages/api/src/steering/steering-store.ts'
import { ApiTelemetry } from '../../packages/api/src/telemetry.ts'
import { nodeFile, programFile } from './program-file.ts'
import { RecordingCommands } from './recording-commands.ts'
import { recordingLog } from './recording-log.ts'

/** The application in this process, over the files of a pretend host and with commands that are only recorded. */
export interface ApiInProcess {
  readonly app: FastifyInstance
  readonly host: PretendHost
  readonly commands: RecordingCommands
  readonly log: ReturnType<typeof recordingLog>
  /** Folder of the built dashboard: one page. */
  readonly dashboard: string
  close(): Promise<void>
}

export async function apiInProcess(
  spec: Omit<HostSpec, 'root'>,
  config: Readonly<Record<string, unknown>>,
): Promise<ApiInProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-api-'))
  const host = await pretendHost(join(directory, 'host'), spec)
  const commands = new RecordingCommands(host.paths.pve)
  const api = await apiOnHost({ host, commands, config, state: join(directory, 'state') })
  return {
    ...api,
    host,
    commands,
    async close() {
      await api.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A pretend host whose containers have run for a while. */
export async function pretendHost(root: string, spec: Omit<HostSpec, 'root'>): Promise<PretendHost> {
  const host = await createHost({ root, settings: INSTANT, ...spec })
  const engine = new Engine(host.root)
  for (let step = 0; step < 20; step++) await engine.step(1_000)
  return host
}

export interface ApiOnHost {
  readonly host: PretendHost
  readonly commands: RecordingCommands
  readonly config: Readonly<Record<string, unknown>>
  /** Directory of its state, in which an earlier one may have left something. */
  readonly state: string
  readonly files?: LineFiles
  readonly clock?: Clock
  /** Changes that may wait for their turn. */
  readonly maxWaiting?: number
}

/** A folder with a page, as the dashboard is built. */
function dashboardFolder(directory: string): string {
  const folder = join(directory, 'dashboard')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>')
  return folder
}

/** The application as the daemon starts it on a host that is there already. */
export async function apiOnHost(api: ApiOnHost) {
  const { host, commands, config, state, files, clock = systemClock, maxWaiting = 64 } = api
  const { proc, cgroup, pve, rrd } = host.paths
  const settings = ApiConfig.parse({
    health: { metrics_file: '', model_lock_file: '', model_status_file: '' },
    host: { proc, cgroup, pve, rrd },
    ...config,
  })
  const log = recordingLog()
  const stopping = new AbortController()
  const audit = await AuditLog.open({
    directory: state,
    maxBytes: 10_000_000,
    backupCount: 2,
    keptHours: 1,
    clock,
    log: log.log,
    ...(files === undefined ? {} : { files }),
  })
  const queue = new ContainerQueue(() => ({ maxRunning: 2, maxWaiting }))
  const streams = new EventStreams()
  const telemetry = new ApiTelemetry(queue, streams)
  const about = { clock, log: log.log, signal: stopping.signal }
  const series = await SeriesStore.open({ directory: state, ...about })
  const steering = await SteeringStore.open({ ...about, directory: state })
  const ports = {
    ...about,
    steering,
    boosts: new BoostKeeper({ ...about, steering }),
    commands,
    files: new HostFiles(100),
    openCgroups: new Map(),
    queue,
    audit,
    idempotency: new Idempotency(audit),
    telemetry,
    keys: new KeyRing(configuredKeys(settings.authentication), systemClock),
    streams,
    dashboard: dashboardFolder(state),
    connections: new Connections(settings.server.max_connections, systemClock),
    metrics: new MetricsFeed({ ...about, keeper: series }),
    series,
    whatIfs: new WhatIfs({
      ...about,
      replay: replayProcess({ node: nodeFile(), program: programFile('replay/bin/lxc-autoscale-what-if.mjs') }),
    }),
    news: new NewsDesk({ ...about, file: await NewsFile.open(state), counts: telemetry }),
  }
  const context = appContext(ports, settings)
  await resolveInterrupted({ ...ports, containers: context.containers })
  ports.boosts.use(context)
  void ports.boosts.run()
  const app = await buildApp(ports, settings)
  await app.ready()
  return {
    app,
    log,
    dashboard: ports.dashboard,
    async close() {
      stopping.abort()
      await app.close()
      await audit.close()
    },
  }
}
