import { type Clock, errorMessage, type HealthBody, isWithin, MS_PER_SECOND, VERSION } from '@lxc-autoscale/core'
import { parsePctList } from '@lxc-autoscale/host'
import type { AuditLog } from './audit/audit-log.ts'
import type { ApiConfig } from './config.ts'
import type { Deciding } from './deciding.ts'
import type { ClusterFiles } from './host/cluster-files.ts'
import type { MetricsFeed } from './host/metrics-feed.ts'
import { listContainers } from './pct/commands.ts'
import type { HostCommands } from './ports.ts'

/** How old the answer of a health check may be. */
const KEPT_MS = 1_000
/** How old it is when it is made anew. */
const RENEWED_MS = 500
/** How long `pct` is waited for. */
const PATIENCE_MS = 5_000

interface CheckResult {
  readonly ok: boolean
  readonly detail: string
}

/** A check that may take long: never started twice at once, and not waited for beyond patience. */
class RunningCheck {
  readonly startedMs: number
  /** Undefined while it runs. */
  found: CheckResult | undefined
  readonly #result: Promise<CheckResult>
  readonly #before: CheckResult | undefined

  /** `before` is the last result, which stands for this one while it runs if it was good. */
  constructor(result: Promise<CheckResult>, startedMs: number, before: CheckResult | undefined) {
    this.startedMs = startedMs
    this.#before = before
    this.#result = result.then(found => {
      this.found = found
      return found
    })
  }

  async within(patienceMs: number, clock: Clock): Promise<CheckResult> {
    const isRecent = clock.monotonicMs() - this.startedMs < patienceMs
    if (this.found === undefined && this.#before?.ok && isRecent) return this.#before
    if (await isWithin(clock, patienceMs, this.#result)) return this.#result
    return { ok: false, detail: `no answer within ${patienceMs / MS_PER_SECOND} s` }
  }
}

export interface HealthCheckParts {
  readonly clock: Clock
  readonly commands: HostCommands
  readonly cluster: ClusterFiles
  readonly metrics: Pick<MetricsFeed, 'modifiedMs'>
  readonly audit: AuditLog
  readonly deciding: Pick<Deciding, 'verdict'>
  readonly config: Pick<ApiConfig, 'health' | 'host' | 'lxc'>
}

/** Checks what can really fail. However many ask, each check runs once at a time and its result is kept for a while. */
export class HealthChecks {
  readonly #parts: HealthCheckParts
  #newest: { readonly body: HealthBody; readonly startedMs: number } | undefined
  #running: Promise<HealthBody> | undefined
  #pct: RunningCheck | undefined

  constructor(parts: HealthCheckParts) {
    this.#parts = parts
  }

  /**
   * What was found, at most a second ago (by running `pct`: at most `health.pct_interval_seconds`). It is looked at again
   * before that second is over, so that of many who ask nobody waits for a disk.
   */
  check(): HealthBody | Promise<HealthBody> {
    const ageMs = this.#newest === undefined ? KEPT_MS : this.#parts.clock.monotonicMs() - this.#newest.startedMs
    if (ageMs < RENEWED_MS && this.#newest !== undefined) return this.#newest.body
    this.#running ??= this.#renew()
    return ageMs < KEPT_MS && this.#newest !== undefined ? this.#newest.body : this.#running
  }

  async #renew(): Promise<HealthBody> {
    const startedMs = this.#parts.clock.monotonicMs()
    try {
      const body = await this.#checkAll()
      this.#newest = { body, startedMs }
      return body
    } finally {
      this.#running = undefined
    }
  }

  async #checkAll(): Promise<HealthBody> {
    const [lxc_commands, pve_files, audit_log, metrics_file] = await Promise.all([
      this.#keptPct(),
      attempt(() => this.#pveFiles()),
      attempt(() => this.#auditLog()),
      attempt(() => this.#metricsFile()),
    ])
    const verdict = this.#parts.deciding.verdict()
    const checks: Record<string, CheckResult> = {
      lxc_commands,
      pve_files,
      audit_log,
      ...(this.#parts.config.health.metrics_file === '' ? {} : { metrics_file }),
      ...(verdict === undefined ? {} : { deciding: { ok: verdict.state !== 'stuck', detail: verdict.text } }),
    }
    const isHealthy = Object.values(checks).every(({ ok }) => ok)
    return {
      status: isHealthy ? 'healthy' : 'unhealthy',
      version: VERSION,
      checks,
      ...(verdict === undefined ? {} : { deciding: verdict }),
    }
  }

  /** Starting `pct` costs a core for a second, so a good result is kept for longer than the others; a bad one is not. */
  async #keptPct(): Promise<CheckResult> {
    const { clock, config } = this.#parts
    const nowMs = clock.monotonicMs()
    const keptMs = config.health.pct_interval_seconds * MS_PER_SECOND
    const known = this.#pct
    const isOver = known?.found !== undefined && (!known.found.ok || nowMs - known.startedMs >= keptMs)
    const isNew = known === undefined || isOver
    const check = isNew ? new RunningCheck(this.#runPct(), nowMs, known?.found) : known
    this.#pct = check
    return check.within(PATIENCE_MS, clock)
  }

  #runPct(): Promise<CheckResult> {
    return attempt(async () => {
      const { stdout, durationMs } = await this.#parts.commands.run(listContainers())
      const seconds = (durationMs / MS_PER_SECOND).toFixed(1)
      const who = this.#parts.config.lxc.backend === 'pct' ? 'pct list' : 'the REST interface of Proxmox'
      return { ok: true, detail: `${who} named ${parsePctList(stdout).length} containers in ${seconds} s` }
    })
  }

  async #auditLog(): Promise<CheckResult> {
    const notice = await this.#parts.audit.probe()
    return { ok: true, detail: ['can be written', notice].filter(Boolean).join('; ') }
  }

  #pveFiles(): CheckResult {
    const { cluster, config } = this.#parts
    const members = cluster.members()
    if (members === undefined)
      return { ok: false, detail: `${config.host.pve}/.members cannot be read; is pmxcfs running?` }
    if (!members.isQuorate) return { ok: false, detail: 'readable, but the cluster has no quorum' }
    return { ok: true, detail: `readable and quorate, node ${members.node}` }
  }

  #metricsFile(): CheckResult {
    const { metrics, clock, config } = this.#parts
    const { metrics_file: path, max_metrics_age_seconds: maxSeconds } = config.health
    const modifiedMs = metrics.modifiedMs()
    if (modifiedMs === undefined) return { ok: false, detail: `${path} is not there; does lxc_monitor run?` }
    const ageSeconds = Math.max(0, (clock.nowMs() - modifiedMs) / MS_PER_SECOND)
    const detail = `${ageSeconds.toFixed(1)} s old`
    return ageSeconds <= maxSeconds
      ? { ok: true, detail }
      : { ok: false, detail: `${path} is ${detail}; does lxc_monitor run?` }
  }
}

/** What a check found; one that throws, whatever it throws, has found that something is wrong. */
async function attempt(check: () => CheckResult | Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await check()
  } catch (error) {
    return { ok: false, detail: errorMessage(error) }
  }
}
