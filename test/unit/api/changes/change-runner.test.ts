import { AutoscaleError, type HistoryEntryBody } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import type { AuditLog } from '../../../../packages/api/src/audit/audit-log.ts'
import {
  type Change,
  type ChangeProgress,
  ChangeRunner,
  type PerformedChange,
} from '../../../../packages/api/src/changes/change-runner.ts'
import { destroyContainer, stopContainer } from '../../../../packages/api/src/pct/commands.ts'
import { ContainerQueue } from '../../../../packages/api/src/pct/container-queue.ts'
import { containerFacts } from '../../../builders/container-facts.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'

/** A runner over an audit log in memory and commands of which `refuses` names one that does not end well. */
function newRunner(refuses: { command?: string; error?: AutoscaleError; isAuditBroken?: boolean } = {}) {
  const entries: HistoryEntryBody[] = []
  const audit = {
    begin: async () => undefined,
    async end(entry: HistoryEntryBody) {
      if (refuses.isAuditBroken === true) throw new AutoscaleError('AUDIT_UNAVAILABLE', 'no space left')
      entries.push(entry)
    },
    async notMade(entry: HistoryEntryBody) {
      entries.push(entry)
      return entry.id
    },
  }
  const runner = new ChangeRunner({
    queue: new ContainerQueue(() => ({ maxRunning: 2, maxWaiting: 8 })),
    // The runner uses nothing else of it.
    audit: audit as unknown as AuditLog,
    containers: { list: async () => [101], read: async () => containerFacts() },
    commands: {
      async run({ args }, beforeStart) {
        beforeStart?.()
        if (args[0] === refuses.command && refuses.error !== undefined) throw refuses.error
        return { stdout: '', stderr: '', durationMs: 1 }
      },
    },
    clock: new FakeClock(),
    log: recordingLog().log,
    onEnd: () => undefined,
  })
  return { runner, entries }
}

const done: PerformedChange = { before: 1, after: 2, changed: true, message: 'it was done' }

function change(perform: (progress: ChangeProgress) => Promise<PerformedChange>): Change {
  return { action: 'clone-delete', vmid: 101, asked: { lxc_id: 101 }, perform }
}

const origin = {
  who: { key: 'a', role: 'admin', address: '127.0.0.1' },
  why: undefined,
  force: false,
  idempotencyKey: undefined,
  signal: new AbortController().signal,
}

const locked = new AutoscaleError('CONTAINER_LOCKED', 'CT is locked (backup)')

/** What the container shows all the time. */
const seen = { exists: true, status: containerFacts().status }

async function stopAndDestroy(progress: ChangeProgress): Promise<PerformedChange> {
  await progress.begin(seen)
  await progress.run(stopContainer(101))
  await progress.run(destroyContainer(101))
  return done
}

describe('a change that was made with a warning', () => {
  const withWarning = change(async progress => {
    await progress.begin(1)
    progress.warn('a detail went wrong')
    return done
  })

  test('is applied, and tells the warning by itself and in the message, in the answer and in the history', async () => {
    const { runner, entries } = newRunner()
    const told = { message: 'it was done; warning: a detail went wrong', warning: 'a detail went wrong' }
    expect(await runner.run(withWarning, origin)).toMatchObject(told)
    expect(entries).toMatchObject([{ ...told, outcome: 'applied', error: null }])
  })

  test('stays made when its line in the audit log cannot be written', async () => {
    const { runner } = newRunner({ isAuditBroken: true })
    expect(await runner.run(withWarning, origin)).toMatchObject({
      changed: true,
      warning: 'a detail went wrong; no space left',
    })
  })
})

test('a change without a warning has none', async () => {
  const { runner, entries } = newRunner()
  expect((await runner.run(change(stopAndDestroy), origin)).warning).toBeUndefined()
  expect(Object.keys(entries[0] ?? {})).not.toContain('warning')
})

test('a change says when it was asked for by a clock that nobody sets, and what it overwrote', async () => {
  const { runner, entries } = newRunner()
  const found = { cores: 3, cpulimit: null, memory_mb: 3_000, swap_mb: 0 }
  const overwriting = change(async progress => {
    await progress.begin(1)
    progress.overwrote(found)
    return done
  })
  await runner.run(overwriting, origin)
  expect(entries).toMatchObject([{ boot: new FakeClock().sinceBoot(), overwritten: found }])
})

describe('a change that failed', () => {
  test.each([
    ['before it began', undefined, locked, 'refused', 'untouched'],
    ['at its first command, which left everything as it was', 'stop', locked, 'refused', 'untouched'],
    ['at its second command: the first is done', 'destroy', locked, 'failed', 'half-done'],
    ['at a command that did not work', 'stop', new AutoscaleError('PCT_FAILED', 'no'), 'failed', 'half-done'],
    ['at a command whose end nobody saw', 'stop', new AutoscaleError('PCT_TIMEOUT', 'no'), 'unknown', 'unknown'],
  ] as const)('%s', async (_, command, error, outcome, leaves) => {
    const { runner, entries } = newRunner(command === undefined ? {} : { command, error })
    const perform = command === undefined ? () => Promise.reject(error) : stopAndDestroy
    await expect(runner.run(change(perform), origin)).rejects.toMatchObject({ code: error.code, leaves })
    expect(entries).toMatchObject([{ outcome, error: error.code }])
  })

  test('tells what else went wrong', async () => {
    const { runner, entries } = newRunner()
    const failing = change(async progress => {
      progress.warn('a snapshot is left')
      throw locked
    })
    const message = 'CT is locked (backup); warning: a snapshot is left'
    await expect(runner.run(failing, origin)).rejects.toMatchObject({ message })
    expect(entries).toMatchObject([{ message }])
  })
})
