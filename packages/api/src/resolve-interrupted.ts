import { AutoscaleError, errorMessage, isWithin } from '@lxc-autoscale/core'
import type { AuditEntry, BegunChange } from './audit/audit-entry.ts'
import type { AuditLog } from './audit/audit-log.ts'
import { type Observed, observeChange, showsAllDone } from './changes/observe.ts'
import { type LeftSnapshotParts, removeLeftSnapshots } from './changes/remove-left-snapshots.ts'
import type { Idempotency } from './http/idempotency.ts'

export interface InterruptedParts extends LeftSnapshotParts, Observed {
  readonly audit: AuditLog
  readonly idempotency: Idempotency
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
  const { audit, idempotency, clock } = parts
  const interrupted = await audit.interrupted()
  const ends = interrupted.map(change => {
    const ended = resolveInTurn(change, parts)
    idempotency.waitFor(change, ended)
    return ended
  })
  const resolved = Promise.all(ends)
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
  { audit, containers, steering, commands, log, signal }: InterruptedParts,
): Promise<void> {
  const vmid = change.lxc_id
  const isOver = await commands.leftEnded(vmid, { mostMs: LEFT_COMMAND_WAIT_MS, signal })
  const after = await observeChange({ containers, steering }, { ...change, vmid }).catch(error => {
    log.warn({ vmid, problem: errorMessage(error) }, 'container of an interrupted change cannot be read')
    return null
  })
  const isMade = isOver && showsAllDone(change, change.before, after)
  const message = `interrupted; ${comparison(change, after)}`
  const end = isMade ? ({ outcome: 'applied', warning: message } as const) : ({ outcome: 'unknown' } as const)
  const entry: AuditEntry = { ...change, after, duration_seconds: null, error: null, message, ...end }
  log.warn({ change: change.id, action: change.action, vmid, before: change.before, after }, message)
  await audit.end(entry)
}

/** What the host shows of an interrupted change. */
function comparison(change: BegunChange, after: unknown): string {
  const { action, before } = change
  if (after === null) return 'the container cannot be read now'
  if (JSON.stringify(before) === JSON.stringify(after)) return 'the container is as it was before'
  if (showsAllDone(change, before, after)) return 'the container has what was asked for'
  if (action !== 'scale') return 'the container is not as it was before'
  return 'the container has something else than before and than was asked for'
}
