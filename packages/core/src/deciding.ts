import type { DecidingProblem, DecidingVerdict } from './contracts/deciding-verdict.ts'
import type { ContainerStatus, ModelStatus } from './contracts/model-status.ts'
import type { LockHolder } from './daemon/single-instance.ts'
import { type ErrorCode, errorVerdict } from './errors.ts'
import { MS_PER_MINUTE, MS_PER_SECOND } from './units.ts'

/** What is known from outside of the model. */
export interface DecidingFacts {
  readonly nowMs: number
  /** Who holds the lock of the model; undefined when that cannot be known. */
  readonly model: LockHolder | 'not running' | undefined
  readonly statusFile: string
  /** What the model wrote down after its last cycle; undefined when nothing that can be used is there. */
  readonly status: ModelStatus | undefined
  /** Why what is there cannot be used; undefined when it can, or nothing is there. */
  readonly statusProblem: string | undefined
  /** What came of asking the API: `answers`, or why it does not; undefined when nobody asked. */
  readonly api?: 'answers' | { readonly problem: string } | undefined
}

type Problem = DecidingVerdict['problems'][number]

const INTERVALS_TO_LATE = 3
/** A cycle that waits for the API or for much to read takes as long, however short the interval is. */
const LEAST_LATE_MS = 30 * MS_PER_SECOND
/** Source: TimeoutStartSec of the unit, within which the first cycle must end. */
const START_MS = 2 * MS_PER_MINUTE
/** Clocks are read at different moments; more than this ahead is a clock that was set back. */
const AHEAD_TOLERANCE_MS = MS_PER_MINUTE
/** Measured so long before the newest figures of all is not measured now. */
const INTERVALS_TO_GONE = 3

/** What somebody set so: nothing is wrong. */
const AS_SET: ReadonlySet<DecidingProblem> = new Set(['dry_run', 'all_paused'])
/** The model decides all the same. */
const HAMPERING: ReadonlySet<DecidingProblem> = new Set(['audit_unreadable', 'learned_unsaved'])

/** Is it deciding? What keeps it from that, the cause before what follows from it, each with what mends it. */
export function decidingVerdict(facts: DecidingFacts): DecidingVerdict {
  const absent = absence(facts)
  const problems = absent === undefined ? problemsOf(facts) : [absent, ...silence(facts)]
  const stuck = problems.find(({ code, mend }) => !AS_SET.has(code) && !HAMPERING.has(code) && mend !== '')
  if (stuck !== undefined) return { state: 'stuck', text: `not deciding: ${stuck.text}`, problems }
  if (absent !== undefined) return { state: 'idle', text: `not deciding yet: ${absent.text}`, problems }
  const asSet = problems.find(({ code }) => AS_SET.has(code))
  if (asSet !== undefined) return { state: 'idle', text: `deciding, but nothing is changed: ${asSet.text}`, problems }
  const but = problems.map(({ text }) => `; but ${text}`).join('')
  return { state: 'deciding', text: `${decidingText(facts)}${but}`, problems }
}

function decidingText({ status, nowMs }: DecidingFacts): string {
  const containers = status?.containers.length ?? 0
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(status?.updated_at ?? '')) / MS_PER_SECOND))
  return `deciding: the last cycle ended ${seconds} s ago, ${containers} ${containers === 1 ? 'container' : 'containers'}`
}

/** Why nothing is known of this moment: no model, or none that finishes cycles. */
function absence({ model, status, statusFile, statusProblem, nowMs }: DecidingFacts): Problem | undefined {
  if (model === 'not running') {
    return problem(
      'model_not_running',
      'lxc_autoscale_ml is not running',
      'systemctl start lxc_autoscale_ml || journalctl -u lxc_autoscale_ml -n 5',
    )
  }
  if (statusProblem !== undefined) {
    return problem('status_unreadable', statusProblem, `rm -r ${statusFile}; systemctl restart lxc_autoscale_ml`)
  }
  if (status === undefined || (model !== undefined && status.pid !== model.pid)) return firstCycle(model, nowMs)
  const ageMs = nowMs - Date.parse(status.updated_at)
  if (ageMs < -AHEAD_TOLERANCE_MS) {
    const text = `the last cycle ended ${inSeconds(-ageMs)} in the future: the clock was set back, and no cycle ended since`
    return problem('clock_set_back', text, 'timedatectl; when the clock is right: systemctl restart lxc_autoscale_ml')
  }
  const lateMs = Math.max(LEAST_LATE_MS, INTERVALS_TO_LATE * status.cycle.interval_seconds * MS_PER_SECOND)
  if (ageMs <= lateMs) return undefined
  const text = `lxc_autoscale_ml finished its last cycle ${inSeconds(ageMs)} ago; one is due every ${status.cycle.interval_seconds} s`
  return problem('cycle_late', text, 'systemctl restart lxc_autoscale_ml')
}

function firstCycle(model: LockHolder | undefined, nowMs: number): Problem {
  if (model === undefined) {
    const text = 'lxc_autoscale_ml has not finished a cycle'
    return problem('no_cycle_yet', text, 'systemctl restart lxc_autoscale_ml')
  }
  const runsMs = nowMs - model.sinceMs
  const text = `lxc_autoscale_ml was started ${inSeconds(Math.max(0, runsMs))} ago and has not finished its first cycle`
  // Nothing to do yet.
  return problem('no_cycle_yet', text, runsMs <= START_MS ? '' : 'systemctl restart lxc_autoscale_ml')
}

/** What was in the way of the last cycle. */
function problemsOf(facts: DecidingFacts): Problem[] {
  const { status } = facts
  if (status === undefined) return []
  return [
    ...silence(facts),
    ...cycleProblem(status, facts),
    ...breakerProblem(status),
    ...warnings(status),
    ...(status.dry_run ? [DRY_RUN] : []),
    ...pausedProblem(status),
  ]
}

function silence({ api }: DecidingFacts): Problem[] {
  return typeof api === 'object' ? [problem('api_silent', api.problem, 'systemctl restart lxc_autoscale_api')] : []
}

function cycleProblem(status: ModelStatus, { api }: DecidingFacts): Problem[] {
  const { outcome, text } = status.cycle
  const { file } = status.metrics
  switch (outcome) {
    case 'stale':
      return [problem('data_stale', text, 'systemctl restart lxc_monitor; journalctl -u lxc_monitor -n 20')]
    case 'unreadable':
      return [problem('metrics_unreadable', text, `${asideMend(file)}; systemctl restart lxc_monitor`)]
    case 'no-allocations':
      return allocationsProblem(status, api)
    case 'decided':
      return [...refusedChange(status), ...unknownAllocations(status)]
  }
}

/** Puts what stands at `file`, or where a link there leads to, out of the way. */
export function asideMend(file: string): string {
  return `mv "$(readlink -f ${file})"{,.old}`
}

/** The API gave no allocations. */
function allocationsProblem({ cycle, api: { url } }: ModelStatus, api: DecidingFacts['api']): Problem[] {
  const { text, code } = cycle
  if (code !== null && isOfKey(code)) {
    return [problem('key_refused', `lxc_autoscale_ml has no key that the API accepts: ${text}`, KEY_MEND)]
  }
  // It was asked too: then that is said already, in words of now.
  if (typeof api === 'object') return []
  return [problem('api_failing', text, apiMend(code, url, api))]
}

const KEY_MEND =
  'systemctl reload lxc_autoscale_api lxc_autoscale_ml; api.api_key_file and authentication.key_file must be one file'

function isOfKey(code: ErrorCode): boolean {
  return code === 'UNAUTHORIZED' || code === 'FORBIDDEN'
}

function apiMend(code: ErrorCode | null, url: string, api: DecidingFacts['api']): string {
  const isOfHost = code !== null && errorVerdict(code).blames === 'host'
  if (isOfHost) return 'systemctl restart pve-cluster; journalctl -u lxc_autoscale_api -n 20'
  if (code === 'SCALING_API_MALFORMED') {
    return `ss -ltnp shows what listens at ${url}; when it is lxc_autoscale_api: systemctl restart lxc_autoscale_api lxc_autoscale_ml`
  }
  if (api === 'answers') {
    return `systemctl reload lxc_autoscale_ml; if it stays: api.api_url is ${url}, the API listens on server.host and server.port`
  }
  return 'systemctl restart lxc_autoscale_api; journalctl -u lxc_autoscale_api -n 20'
}

/** The key may read, and changes nothing: the newest change that was sent says so. */
function refusedChange({ containers }: ModelStatus): Problem[] {
  const newest = containers
    .flatMap(({ last_change }) => last_change ?? [])
    .reduce<ContainerStatus['last_change']>(
      (last, each) => (last !== null && last.time >= each.time ? last : each),
      null,
    )
  if (newest?.code !== 'FORBIDDEN' && newest?.code !== 'UNAUTHORIZED') return []
  return [
    problem(
      'key_refused',
      newest.text,
      'the key of the model needs the role scale; then systemctl reload lxc_autoscale_api',
    ),
  ]
}

/** Of no container that is measured is it known what it has. */
function unknownAllocations({ containers, metrics }: ModelStatus): Problem[] {
  const goneMs = INTERVALS_TO_GONE * (metrics.interval_seconds ?? 0) * MS_PER_SECOND
  const newestMs = Date.parse(metrics.newest ?? '')
  const measured = containers.filter(({ newest }) => newest !== null && Date.parse(newest.time) >= newestMs - goneMs)
  const [first] = measured
  if (first === undefined || first.problem === null || measured.some(({ allocation }) => allocation !== null)) return []
  const text = `nothing is known of what the containers have; of ${first.vmid}: ${first.problem}`
  return [problem('allocations_unknown', text, 'journalctl -u lxc_autoscale_api -n 20')]
}

function breakerProblem({ api }: ModelStatus): Problem[] {
  if (api.breaker !== 'open') return []
  const text = 'after many failures lxc_autoscale_ml asks the API only now and then (circuit_breaker.timeout_seconds)'
  return [problem('breaker_open', text, 'when the cause is gone: systemctl reload lxc_autoscale_ml')]
}

const WARNING_MENDS: Readonly<Record<ModelStatus['warnings'][number]['code'], string>> = {
  pauses_unreadable: 'set that file right, or remove it, which ends all pauses, modes and boosts',
  audit_unreadable: 'journalctl -u lxc_autoscale_api -n 20',
  learned_unsaved: 'df -h /var/lib/lxc_autoscale_ml; systemd-tmpfiles --create lxc-autoscale-ml.conf',
}

function warnings(status: ModelStatus): Problem[] {
  return status.warnings.map(({ code, text }) => problem(code, text, WARNING_MENDS[code]))
}

const DRY_RUN: Problem = problem(
  'dry_run',
  'dry run (scaling.dry_run)',
  'scaling.dry_run: false in lxc_autoscale_ml.yaml, then systemctl reload lxc_autoscale_ml',
)

function pausedProblem({ containers }: ModelStatus): Problem[] {
  const isActive = ({ mode, paused_until }: ContainerStatus) =>
    paused_until === null && mode !== 'off' && mode !== 'recommend'
  if (containers.length === 0 || containers.some(isActive)) return []
  const text = `all ${containers.length} containers are paused, off or on recommend`
  const mend = 'lxc-autoscale ignore shows what is paused, lxc-autoscale explain ID where the mode comes from'
  return [problem('all_paused', text, mend)]
}

function problem(code: DecidingProblem, text: string, mend: string): Problem {
  return { code, text, mend }
}

function inSeconds(durationMs: number): string {
  return `${Math.round(durationMs / MS_PER_SECOND)} s`
}
