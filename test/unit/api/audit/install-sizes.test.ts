import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changeKey, type HistoryEntryBody } from '@lxc-autoscale/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AuditLog } from '../../../../packages/api/src/audit/audit-log.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const size = (cores: number, memory_mb = 1_024) => ({ cores, cpulimit: null, memory_mb, swap_mb: 512 })

let changes = 0

/** A change by a person from `before` to `after` cores. */
function byPerson(before: number, after: number, overrides: Partial<HistoryEntryBody> = {}): HistoryEntryBody {
  const id = `00000000-0000-4000-8000-${String(++changes).padStart(12, '0')}`
  return historyEntry({ id, before: size(before), after: size(after), ...overrides })
}

function byModel(before: number, after: number, overrides: Partial<HistoryEntryBody> = {}): HistoryEntryBody {
  return byPerson(before, after, { idempotency_key: changeKey('0123456789abcdef', 101, changes), ...overrides })
}

async function open(directory: string, { maxBytes = 1_000_000, backupCount = 3 } = {}): Promise<AuditLog> {
  const { log } = recordingLog()
  const audit = await AuditLog.open({ directory, maxBytes, backupCount, keptHours: 24, clock: new FakeClock(), log })
  onTestFinished(() => audit.close())
  return audit
}

const coresOf = (audit: AuditLog, vmid = 101) => audit.installSizes.get(vmid)?.cores

describe('the size of a container at the install', () => {
  test('is what the first change of the model found, with what a person had set before', async () => {
    const audit = await open(temporaryDirectory())
    for (const entry of [byPerson(1, 4), byModel(4, 3), byModel(3, 2), byPerson(2, 8), byModel(8, 7)]) {
      await audit.end(entry)
    }
    expect(audit.installSizes.all()).toEqual([expect.objectContaining({ lxc_id: 101, name: 'shop', ...size(4) })])
  })

  test('is not that before a change which moved nothing, an undo, or one of the service itself', async () => {
    const audit = await open(temporaryDirectory())
    await audit.end(byModel(1, 1, { outcome: 'failed' }))
    await audit.end(byModel(1, 2, { outcome: 'refused' }))
    await audit.end(byModel(2, 3, { undo_of: 'another' }))
    expect(audit.installSizes.all()).toEqual([])
    await audit.end(byModel(5, 6, { outcome: 'unknown', after: null }))
    expect(coresOf(audit)).toBe(5)
  })

  test('is what a person set in the same second and was overwritten', async () => {
    const audit = await open(temporaryDirectory())
    await audit.end(byModel(4, 2, { overwritten: size(6) }))
    expect(coresOf(audit)).toBe(6)
  })

  test('outlives the rotation of the log', async () => {
    const directory = temporaryDirectory()
    const audit = await open(directory, { maxBytes: 1_000, backupCount: 1 })
    for (let cores = 40; cores > 1; cores--) await audit.end(byModel(cores, cores - 1))
    await audit.close()
    expect(coresOf(await open(directory, { maxBytes: 1_000, backupCount: 1 }))).toBe(40)
  })

  test('is read from the log of an earlier version, and where the file is damaged', async () => {
    const directory = temporaryDirectory()
    const lines = [byPerson(1, 4), byModel(4, 3), byModel(3, 2)].map(entry => `${JSON.stringify(entry)}\n`)
    writeFileSync(join(directory, 'audit.jsonl'), lines.join(''))
    expect(coresOf(await open(directory))).toBe(4)
    writeFileSync(join(directory, 'install-sizes.json'), '{"version":1,"containers":')
    expect(coresOf(await open(directory))).toBe(4)
  })

  test.each(['before the file was written', 'after it'])('survives a kill %s', async moment => {
    const directory = temporaryDirectory()
    const file = join(directory, 'install-sizes.json')
    const audit = await open(directory)
    await audit.end(byModel(4, 3, { lxc_id: 102 }))
    await audit.installSizes.close()
    const saved = readFileSync(file, 'utf8')
    await audit.end(byModel(8, 7))
    await audit.installSizes.close()
    if (moment !== 'after it') writeFileSync(file, saved)
    const reopened = await open(directory)
    expect([coresOf(reopened), coresOf(reopened, 102)]).toEqual([8, 4])
  })

  test('is forgotten with the container, also by a log that is read anew', async () => {
    const directory = temporaryDirectory()
    const audit = await open(directory)
    await audit.end(byModel(4, 3))
    await audit.end(byModel(4, 3, { lxc_id: 102 }))
    audit.installSizes.forgetGone(vmid => vmid === 102)
    await audit.end(byModel(9, 8, { lxc_id: 103 }))
    await audit.installSizes.close()
    const reopened = await open(directory)
    expect(reopened.installSizes.all().map(({ lxc_id }) => lxc_id)).toEqual([102, 103])
    await reopened.end(byModel(2, 1))
    expect(coresOf(reopened)).toBe(2)
  })

  test('begins anew with a clone that has the number of one that was destroyed', async () => {
    const directory = temporaryDirectory()
    const audit = await open(directory)
    const clone = { action: 'clone-create', lxc_id: 102, asked: { lxc_id: 102, new_lxc_id: 101 } } as const
    const entries = [
      byModel(4, 3),
      byPerson(0, 0, { action: 'clone-delete', before: { exists: true }, after: { exists: false } }),
      byModel(9, 8, { lxc_id: 102 }),
      byPerson(0, 0, clone),
      byModel(2, 1),
    ]
    for (const entry of entries) await audit.end(entry)
    const expected = [101, 102].map(vmid => [vmid, vmid === 101 ? 2 : 9])
    const found = (log: AuditLog) => log.installSizes.all().map(({ lxc_id, cores }) => [lxc_id, cores])
    expect(found(audit)).toEqual(expected)
    await audit.close()
    // From the log alone, which is read the other way round.
    writeFileSync(join(directory, 'install-sizes.json'), 'damaged')
    expect(found(await open(directory))).toEqual(expected)
  })

  test('leaves no file where nothing was changed', async () => {
    const directory = temporaryDirectory()
    await (await open(directory)).close()
    expect(existsSync(join(directory, 'install-sizes.json'))).toBe(false)
  })
})
