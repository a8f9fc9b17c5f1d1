import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import { HostFiles } from '@lxc-autoscale/host'
import { createHost, Engine, type HostSpec, INSTANT, type PretendHost } from '@lxc-autoscale/simulator'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../packages/api/src/app.ts'
import { AuditLog } from '../../packages/api/src/audit/audit-log.ts'
import { IdempotencyStore } from '../../packages/api/src/audit/idempotency-store.ts'
import { ApiConfig } from '../../packages/api/src/config.ts'
import { configuredKeys, KeyRing } from '../../packages/api/src/http/key-ring.ts'
import { ContainerQueue } from '../../packages/api/src/pct/container-queue.ts'
import { ApiTelemetry } from '../../packages/api/src/telemetry.ts'
import { RecordingCommands } from './recording-commands.ts'
import { recordingLog } from './recording-log.ts'

/** The application in this process, over the files of a pretend host and with commands that are only recorded. */
export interface ApiInProcess {
  readonly app: FastifyInstance
  readonly host: PretendHost
  readonly commands: RecordingCommands
  readonly log: ReturnType<typeof recordingLog>
  close(): Promise<void>
}

export async function apiInProcess(
  spec: Omit<HostSpec, 'root'>,
  config: Readonly<Record<string, unknown>>,
): Promise<ApiInProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-api-'))
  const host = await createHost({ root: join(directory, 'host'), settings: INSTANT, ...spec })
  const engine = new Engine(host.root)
  for (let step = 0; step < 20; step++) await engine.step(1_000)
  const { proc, cgroup, pve } = host.paths
  const settings = ApiConfig.parse({
    health: { metrics_file: '', model_lock_file: '' },
    host: { proc, cgroup, pve },
    ...config,
  })
  const state = join(directory, 'state')
  const audit = await AuditLog.open({ directory: state, maxBytes: 10_000_000, backupCount: 2 })
  const answers = await IdempotencyStore.open({ directory: state, clock: systemClock, keptHours: 1 })
  const queue = new ContainerQueue(() => ({ maxRunning: 2, maxWaiting: 64 }))
  const commands = new RecordingCommands(pve)
  const log = recordingLog()
  const stopping = new AbortController()
  const app = await buildApp(
    {
      clock: systemClock,
      log: log.log,
      commands,
      files: new HostFiles(0),
      queue,
      audit,
      answers,
      telemetry: new ApiTelemetry(queue),
      keys: new KeyRing(configuredKeys(settings.authentication)),
      signal: stopping.signal,
    },
    settings,
  )
  await app.ready()
  return {
    app,
    host,
    commands,
    log,
    async close() {
      stopping.abort()
      await app.close()
      await Promise.all([audit.close(), answers.close()])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
