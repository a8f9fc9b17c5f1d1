import { AutoscaleError, type HistoryEntryBody } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import type { AuditLog } from '../../../../packages/api/src/audit/audit-log.ts'
import {
  type Change,
  type ChangeProgress,
  ChangeRunner,
  type PerformedChange,
} from '../../../../packages/api/src/changes/change-runner.ts'
import type { ContainerFacts } from '../../../../packages/api/src/host/container-facts.ts'
import { destroyContainer, setResources, stopContainer } from '../../../../packages/api/src/pct/commands.ts'
import { ContainerQueue } from '../../../../packages/api/src/pct/container-queue.ts'
import type { HostCommand } from '../../../../packages/api/src/ports.ts'
import { allocation, containerFacts } from '../../../builders/container-facts.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'

/** A runner over an audit log in memory and commands of which `refuses` names one that does not end well. */
function newRunner(
  refuses: {
    command?: string
    error?: AutoscaleError
    isAuditBroken?: boolean
    /** What a look at the container gives after the change. */
    look?: () => ContainerFacts
  } = {},
) {
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
    containers: { list: async () => [101], read: async () => (refuses.look ?? containerFacts)() },
    steering: { pauseOf: () => null, modeOf: () => null },
    commands: {
      async run({ args }, beforeStart) {
        beforeStart?.()
        if (args[0] === refuses.command && refuses.error !== undefined) throw refuses.error
        return { stdout: '', stderr: '', durationMs: 1 }
      },
      leftEnded: async () => true,
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

describe('what came of a change that threw is told by what was begun and seen', () => {
  const unreadable = new AutoscaleError('HOST_UNREADABLE', 'cannot be read')
  const notSeen = () => {
    throw unreadable
  }
  const stop = async (progress: ChangeProgress) => {
    await progress.begin(seen)
    await progress.run(stopContainer(101))
  }

  async function outcomeOf(
    perform: (progress: ChangeProgress) => Promise<unknown>,
    refuses: Parameters<typeof newRunner>[0] = {},
  ) {
    const { runner, entries } = newRunner(refuses)
    const failing = change(async progress => {
      await perform(progress)
      return done
    })
    const answer = await runner.run(failing, origin).catch(error => error)
    const [{ outcome, error, after } = { outcome: 'none', error: null, after: undefined }] = entries
    return { outcome, error, after, leaves: answer.leaves, told: answer.code }
  }

  test('done, but it cannot be seen what: unknown, and not to be tried again', async () => {
    const perform = async (progress: ChangeProgress) => {
      await stop(progress)
      throw unreadable
    }
    expect(await outcomeOf(perform, { look: notSeen })).toEqual({
      outcome: 'unknown',
      error: 'OUTCOME_UNKNOWN',
      after: null,
      leaves: 'unknown',
      told: 'OUTCOME_UNKNOWN',
    })
  })

  test('its container is gone after it: unknown', async () => {
    const gone = new AutoscaleError('CONTAINER_NOT_FOUND', 'on another node')
    const perform = async (progress: ChangeProgress) => {
      await stop(progress)
      throw gone
    }
    const away = () => {
      throw gone
    }
    const { runner, entries } = newRunner({ look: away })
    const growing: Change = {
      action: 'storage-increase',
      vmid: 101,
      asked: { lxc_id: 101, disk_size: 1 },
      perform: async progress => {
        await perform(progress)
        return done
      },
    }
    await expect(runner.run(growing, origin)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', leaves: 'unknown' })
    expect(entries).toMatchObject([{ outcome: 'unknown', after: null }])
  })

  test('refused by a command, but what it left cannot be seen: unknown', async () => {
    const told = await outcomeOf(stop, { command: 'stop', error: locked, look: notSeen })
    expect(told).toMatchObject({ outcome: 'unknown', error: 'CONTAINER_LOCKED', leaves: 'unknown' })
  })

  test('refused by a command, and the container is not as it was: failed', async () => {
    const look = () => containerFacts({ status: 'stopped' })
    const told = await outcomeOf(stop, { command: 'stop', error: locked, look })
    expect(told).toMatchObject({ outcome: 'failed', leaves: 'half-done', after: { status: 'stopped' } })
  })

  test('refused before its command was started: refused, even when nothing can be seen', async () => {
    const perform = async (progress: ChangeProgress) => {
      await progress.begin(seen)
      await progress.run(stopContainer(101), () => {
        throw new AutoscaleError('MEMORY_BELOW_FLOOR', 'no')
      })
    }
    expect(await outcomeOf(perform, { look: notSeen })).toMatchObject({ outcome: 'refused', leaves: 'untouched' })
  })

  test('refused by Proxmox because somebody else changed the container: refused, although it is not as it was', async () => {
    const moved = new AutoscaleError('ALLOCATION_MOVED', 'detected modified configuration')
    const look = () => containerFacts({ status: 'stopped' })
    expect(await outcomeOf(stop, { command: 'stop', error: moved, look })).toMatchObject({ outcome: 'refused' })
    const refusedAtTheSecondLook = async (progress: ChangeProgress) => {
      await stop(progress).catch(() => undefined)
      throw locked
    }
    const told = await outcomeOf(refusedAtTheSecondLook, { command: 'stop', error: moved, look })
    expect(told).toMatchObject({ outcome: 'refused', error: 'CONTAINER_LOCKED' })
  })

  test('refused by Proxmox because the container moved while its lock was waited for: refused', async () => {
    const gone = new AutoscaleError('CONTAINER_NOT_FOUND', "Configuration file 'nodes/a/lxc/101.conf' does not exist")
    const set = async (progress: ChangeProgress) => {
      await progress.begin(seen)
      await progress.run(setResources(101, { cores: 2 }) as HostCommand)
    }
    const told = await outcomeOf(set, { command: 'set', error: gone, look: notSeen })
    expect(told).toMatchObject({ outcome: 'refused', leaves: 'untouched' })
    // Of another command nobody knows how far it came.
    expect(await outcomeOf(stop, { command: 'stop', error: gone, look: notSeen })).toMatchObject({ outcome: 'unknown' })
  })

  test('refused between two commands, and what the first did is seen: failed', async () => {
    const perform = async (progress: ChangeProgress) => {
      await stop(progress)
      throw new AutoscaleError('STATE_NOT_ALLOWED', 'it is protected now')
    }
    const look = () => containerFacts({ status: 'stopped' })
    const told = await outcomeOf(perform, { look })
    expect(told).toMatchObject({ outcome: 'failed', error: 'STATE_NOT_ALLOWED', after: { status: 'stopped' } })
  })

  test('refused, but something of it stays: failed', async () => {
    const perform = async (progress: ChangeProgress) => {
      await progress.begin(seen)
      progress.left('a snapshot is left')
      throw locked
    }
    expect(await outcomeOf(perform)).toMatchObject({ outcome: 'failed', leaves: 'half-done' })
  })

  test('seen at the second look: applied, with a warning', async () => {
    const { runner, entries } = newRunner({ look: () => containerFacts({ configured: allocation({ cores: 4 }) }) })
    const scaling: Change = {
      action: 'scale',
      vmid: 101,
      asked: { lxc_id: 101, cores: 4 },
      perform: async progress => {
        await stop(progress)
        throw unreadable
      },
    }
    expect(await runner.run(scaling, origin)).toMatchObject({
      changed: true,
      after: { cores: 4 },
      warning: 'it was not seen at once: cannot be read',
    })
    expect(entries).toMatchObject([{ outcome: 'applied', error: null }])
  })
})
