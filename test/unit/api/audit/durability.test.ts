import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { LineFiles } from '../../../../packages/api/src/audit/append-file.ts'
import { AuditLog } from '../../../../packages/api/src/audit/audit-log.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { allOf } from '../../../fakes/all-of.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { hastyFiles, RecordedFiles } from '../../../fakes/files-after-power-loss.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const entry = (number: number) => historyEntry({ id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` })
/** Of two lines of the log, so that it is rotated all the time. */
const MAX_BYTES = 700

function open(directory: string, files: LineFiles): Promise<AuditLog> {
  return AuditLog.open({
    directory,
    maxBytes: MAX_BYTES,
    backupCount: 20,
    keptHours: 24,
    clock: new FakeClock(),
    log: recordingLog().log,
    files,
  })
}

async function openRecorded(directory: string, recorded: RecordedFiles): Promise<AuditLog> {
  const log = await open(directory, recorded.files)
  onTestFinished(() => log.close())
  return log
}

/** How often each change stands in what was left: as a line, or as begun. */
async function ends(directory: string): Promise<Map<string, number>> {
  const log = await open(directory, hastyFiles)
  const found = new Map<string, number>()
  const count = ({ id }: { readonly id: string }) => found.set(id, (found.get(id) ?? 0) + 1)
  for await (const line of log.newestFirst()) count(line)
  for (const change of await log.interrupted()) count(change)
  await log.close()
  return found
}

test.each(['kill', 'power loss'] as const)('a %s at any moment leaves each change that has begun once', async kind => {
  const root = temporaryDirectory()
  const pictures = temporaryDirectory()
  const state = join(root, 'state')
  const recorded = new RecordedFiles(root)
  const log = await openRecorded(state, recorded)
  const taken: { readonly picture: string; readonly call: string; readonly begun: readonly string[] }[] = []
  const begun: string[] = []
  recorded.beforeCall = call => {
    const picture = join(pictures, String(taken.length))
    if (kind === 'kill') recorded.copyAfterKill(picture)
    else recorded.copyAfterPowerLoss(picture)
    taken.push({ picture, call, begun: [...begun] })
  }
  for (let number = 1; number <= 6; number++) {
    await log.begin(entry(number))
    begun.push(entry(number).id)
    await log.end(entry(number))
  }
  recorded.beforeCall = () => undefined
  for (const { picture, call, begun: expected } of taken) {
    const found = await ends(join(picture, 'state'))
    const missing = expected.filter(id => found.get(id) !== 1)
    expect({ call, missing, twice: [...found].filter(([, times]) => times > 1) }).toEqual({
      call,
      missing: [],
      twice: [],
    })
  }
  expect(taken.length).toBeGreaterThan(40)
})

test('the note of a change is on the disk before it is begun, and its line before it is over', async () => {
  const root = temporaryDirectory()
  const recorded = new RecordedFiles(root)
  const log = await openRecorded(join(root, 'state'), recorded)
  const after = async (picture: string) => {
    recorded.copyAfterPowerLoss(picture)
    const left = await open(join(picture, 'state'), hastyFiles)
    const [newest] = await allOf(left.newestFirst())
    const begun = (await left.interrupted()).map(({ id }) => id)
    await left.close()
    return { begun, line: newest?.id }
  }
  await log.begin(entry(1))
  expect(await after(join(temporaryDirectory(), 'begun'))).toEqual({ begun: [entry(1).id], line: undefined })
  await log.end(entry(1))
  expect(await after(join(temporaryDirectory(), 'ended'))).toEqual({ begun: [], line: entry(1).id })
})
