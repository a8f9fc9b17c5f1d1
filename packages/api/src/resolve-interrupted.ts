import type { HistoryEntryBody, Logger } from '@lxc-autoscale/core'
import type { AuditLog, BegunChange } from './audit/audit-log.ts'
import type { IdempotencyStore } from './audit/idempotency-store.ts'
import { keepInterrupted } from './http/idempotency.ts'

export interface InterruptedParts {
  readonly audit: AuditLog
  readonly answers: IdempotencyStore
  readonly log: Logger
  /** What the container of a change is like now. */
  readonly observe: (change: BegunChange) => Promise<unknown>
}

/**
 * Writes the audit line of every change that was interrupted (by a kill, a power loss), after a look at the host, and
 * gives those changes.
 */
export async function resolveInterrupted({
  audit,
  answers,
  log,
  observe,
}: InterruptedParts): Promise<readonly BegunChange[]> {
  const interrupted = await audit.interrupted()
  for (const change of interrupted) {
    const after = await observe(change).catch(() => null)
    const entry: HistoryEntryBody = {
      ...change,
      after,
      duration_seconds: null,
      outcome: 'unknown',
      error: null,
      message: `interrupted; ${comparison(change, after)}`,
    }
    log.warn(
      { change: change.id, action: change.action, vmid: change.lxc_id, before: change.before, after },
      entry.message,
    )
    if (change.idempotency_key !== null && change.action !== 'scale') {
      await keepInterrupted(answers, { caller: change.who.key, key: change.idempotency_key, changeId: change.id })
    }
    await audit.end(entry)
  }
  return interrupted
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
    return value === undefined || (typeof after === 'object' && after !== null && Reflect.get(after, held) === value)
  })
}
