import { AutoscaleError, type DecidingVerdict } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import type { AuditLog } from '../../../packages/api/src/audit/audit-log.ts'
import { ApiConfig } from '../../../packages/api/src/config.ts'
import { HealthChecks } from '../../../packages/api/src/health-checks.ts'
import type { ClusterFiles } from '../../../packages/api/src/host/cluster-files.ts'
import { FakeClock } from '../../fakes/fake-clock.ts'

/** Everything that is checked, well until a test breaks it. */
class Surroundings {
  readonly clock = new FakeClock()
  pctRuns = 0
  pct: () => Promise<void> = async () => undefined
  audit: () => Promise<void> = async () => undefined
  members: { node: string; isQuorate: boolean } | undefined = { node: 'pve', isQuorate: true }
  backend = 'pct'
  metricsModifiedMs: number | undefined = this.clock.nowMs()
  verdict: DecidingVerdict | undefined = { state: 'deciding', text: 'deciding', problems: [] }

  health(config: Readonly<Record<string, unknown>> = {}): HealthChecks {
    const run = async () => {
      this.pctRuns++
      await this.pct()
      return { stdout: '', stderr: '', durationMs: 600 }
    }
    return new HealthChecks({
      clock: this.clock,
      commands: { run, leftEnded: async () => true },
      // Only what the checks ask of these.
      cluster: { members: () => this.members } as unknown as ClusterFiles,
      metrics: { modifiedMs: () => this.metricsModifiedMs },
      audit: { probe: () => this.audit() } as unknown as AuditLog,
      deciding: { verdict: () => this.verdict },
      config: ApiConfig.parse({ health: config, lxc: { backend: this.backend } }),
    })
  }
}

/** What throws something that nobody foresaw. */
const UNREADABLE = {
  get() {
    throw new Error('EACCES: permission denied')
  },
}

describe('the health', () => {
  test('is good when everything works, and says what was looked at', async () => {
    const { status, checks } = await new Surroundings().health().check()
    expect(status).toBe('healthy')
    expect(Object.keys(checks)).toEqual(['lxc_commands', 'pve_files', 'audit_log', 'metrics_file', 'deciding'])
  })

  test.each<[string, (around: Surroundings) => unknown, string]>([
    [
      'lxc_commands',
      around => Object.assign(around, { pct: () => Promise.reject(new AutoscaleError('PCT_MISSING', 'not on PATH')) }),
      'not on PATH',
    ],
    [
      'audit_log',
      around =>
        Object.assign(around, { audit: () => Promise.reject(new AutoscaleError('AUDIT_UNAVAILABLE', 'disk full')) }),
      'disk full',
    ],
    ['metrics_file', around => Object.defineProperty(around, 'metricsModifiedMs', UNREADABLE), 'EACCES'],
    ['pve_files', around => Object.defineProperty(around, 'members', UNREADABLE), 'EACCES'],
    ['pve_files', around => Object.assign(around, { members: undefined }), 'is pmxcfs running?'],
    ['pve_files', around => Object.assign(around, { members: { node: 'pve', isQuorate: false } }), 'no quorum'],
    ['metrics_file', around => Object.assign(around, { metricsModifiedMs: undefined }), 'is not there'],
    [
      'metrics_file',
      around => Object.assign(around, { metricsModifiedMs: around.clock.nowMs() - 121_000 }),
      '121.0 s old',
    ],
    [
      'deciding',
      around =>
        Object.assign(around, {
          verdict: { state: 'stuck', text: 'not deciding: it stands', problems: [] },
        }),
      'it stands',
    ],
  ])('is bad when %s fails (%#)', async (name, harm, detail) => {
    const around = new Surroundings()
    harm(around)
    const { status, checks } = await around.health().check()
    expect(status).toBe('unhealthy')
    expect(checks[name]).toMatchObject({ ok: false, detail: expect.stringContaining(detail) })
    expect(Object.values(checks).filter(({ ok }) => !ok)).toHaveLength(1)
  })

  test('runs pct once for many who ask, and not again before its time', async () => {
    const around = new Surroundings()
    const health = around.health()
    await Promise.all(Array.from({ length: 50 }, () => health.check()))
    await around.clock.advance(29_000)
    await health.check()
    expect(around.pctRuns).toBe(1)
    await around.clock.advance(1_000)
    await health.check()
    expect(around.pctRuns).toBe(2)
  })

  test('looks again soon after a failure', async () => {
    const around = new Surroundings()
    const health = around.health()
    around.pct = () => Promise.reject(new AutoscaleError('PCT_FAILED', 'no'))
    expect((await health.check()).status).toBe('unhealthy')
    around.pct = async () => undefined
    await around.clock.advance(1_000)
    expect((await health.check()).status).toBe('healthy')
  })

  test('is good again after whatever was thrown, also by a look that nobody waited for', async () => {
    const around = new Surroundings()
    const health = around.health()
    expect((await health.check()).status).toBe('healthy')
    const good = around.members
    Object.defineProperty(around, 'members', { ...UNREADABLE, configurable: true })
    await around.clock.advance(600)
    expect((await health.check()).status).toBe('healthy')
    await around.clock.advance(500)
    expect((await health.check()).status).toBe('unhealthy')
    Object.defineProperty(around, 'members', { value: good })
    await around.clock.advance(1_000)
    expect((await health.check()).status).toBe('healthy')
  })

  test('is told in time while pct hangs, and starts no second one', async () => {
    const around = new Surroundings()
    const health = around.health()
    around.pct = () => new Promise(() => undefined)
    const first = health.check()
    await around.clock.advance(5_000)
    expect((await first).checks['lxc_commands']).toMatchObject({ ok: false, detail: 'no answer within 5 s' })
    await around.clock.advance(60_000)
    const second = health.check()
    await around.clock.advance(5_000)
    expect((await second).status).toBe('unhealthy')
    expect(around.pctRuns).toBe(1)
  })

  test('is good when nothing comes of the decisions because somebody set it so, and says that', async () => {
    const around = new Surroundings()
    around.verdict = {
      state: 'idle',
      text: 'dry run',
      problems: [{ code: 'dry_run', text: 'dry run', mend: 'set it' }],
    }
    expect(await around.health().check()).toMatchObject({
      status: 'healthy',
      checks: { deciding: { ok: true, detail: 'dry run' } },
      deciding: around.verdict,
    })
  })

  test('leaves the model out when nobody wants to know', async () => {
    const around = new Surroundings()
    around.verdict = undefined
    const body = await around.health().check()
    expect(body.checks['deciding'] ?? body.deciding).toBeUndefined()
  })

  test('leaves the metrics file out when there is none to look at', async () => {
    const { checks } = await new Surroundings().health({ metrics_file: '' }).check()
    expect(checks['metrics_file']).toBeUndefined()
  })
})
