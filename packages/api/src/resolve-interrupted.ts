import { AutoscaleError, errorMessage, type HistoryEntryBody, isWithin } from '@lxc-autoscale/core'
import type { AuditLog, BegunChange } from './audit/audit-log.ts'
import type { IdempotencyStore } from './audit/idempotency-store.ts'
import { observeChange } from './changes/observe.ts'
import { type LeftSnapshotParts, removeLeftSnapshots } from './changes/remove-left-snapshots.ts'
import { keepInterrupted } from './http/idempotency.ts'
import { asObject } from './json-object.ts'
import { leftCommandsEnded } from './pct/left-commands.ts'
import type { Containers } from './ports.ts'

export interface InterruptedParts extends LeftSnapshotParts {
  readonly audit: AuditLog
  readonly answers: IdempotencyStore
  readonly containers: Containers
  /** The mark of this service's commands. */
  readonly mark: string
}

/** How long a command that outlived a killed daemon is waited for. Source: pct waits 10 s for a lock. */
const LEFT_COMMAND_WAIT_MS = 15_000
/** How long the start of the daemon is held up; what takes longer is resolved while it serves. */
const START_WAIT_MS = 2_000

/**
 * Writes the audit line of every change that was interrupted (by a kill, a power loss), after a look at the host. Until
 * then nothing else changes its container.
 */
export async function resolveInterrupted(parts: InterruptedParts): Promise<void> {
  const { audit, answers, clock } = parts
  const interrupted = await audit.interrupted()
  for (const { idempotency_key: key, action, id, who } of interrupted) {
    if (key !== null && action !== 'scale') await keepInterrupted(answers, { caller: who.key, key, changeId: id })
  }
  const resolved = Promise.all(interrupted.map(change => resolveInTurn(change, parts)))
  void resolved.then(() => removeLeftSnapshots(interrupted, parts))
  await isWithin(clock, START_WAIT_MS, resolved)
}

async function resolveInTurn(change: BegunChange, parts: InterruptedParts): Promise<void> {
  const { queue, log, signal } = parts
  try {
    await queue.run({ vmids: [change.lxc_id], isLong: false, signal, run: () => resolve(change, parts) })
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    log.error({ change: change.id, problem: error.message }, 'interrupted change stays open until the next start')
  }
}

async function resolve(
  change: BegunChange,
  { audit, containers, clock, log, signal, mark }: InterruptedParts,
): Promise<void> {
  const vmid = change.lxc_id
  await leftCommandsEnded({ mark, mostMs: LEFT_COMMAND_WAIT_MS, clock, signal })
  const after = await observeChange(containers, { ...change, vmid }).catch(error => {
    log.warn({ vmid, problem: errorMessage(error) }, 'container of an interrupted change cannot be read')
    return null
  })
  const message = `interrupted; ${comparison(change, after)}`
  const entry: HistoryEntryBody = { ...change, after, duration_seconds: null, outcome: 'unknown', error: null, message }
  log.warn({ change: change.id, action: change.action, vmid, before: change.before, after }, message)
  await audit.end(entry)
}

/** What the host shows of an interrupted change. */
function comparison({ action, asked, before }: BegunChange, after: unknown): string {
  if (after === null) return 'the container cannot be read now'
  if (JSON.stringify(before) === JSON.stringify(after)) return 'the container is as it was before'
  if (action !== 'scale') return 'the container is not as it was before'
  return holdsAsked(asked, after)
    ? 'the container has what was asked for'
    : 'the container has something else than before and than was asked for'
}

function holdsAsked(asked: Readonly<Record<string, unknown>>, after: unknown): boolean {
  const pairs = [
    ['cores', 'cores'],
    ['cpulimit', 'cpulimit'],
    ['memory', 'memory_mb'],
  ] as const
  return pairs.every(([field, held]) => {
    const value = asked[field]
    return value === undefined || asObject(after)?.[held] === value
  })
}
