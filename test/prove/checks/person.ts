import type { RoundRecord } from '../record.ts'
import { explained, isOfModel } from './attribution.ts'
import { at, type Check, verdictOf } from './check.ts'

/** The model counts from when it looked. */
const ROUNDING_MS = 1_000

interface PersonsChange {
  readonly atMs: number
  readonly vmid: number
  readonly how: string
}

export const personWins: Check = {
  name: "a person's change wins",
  promise: 'P6',
  about:
    'after a change by a person, on the host or through the API, the model leaves the container alone for truce_hours',
  run: record => {
    const lost = record.faults.filter(
      ({ fault, on }) => fault === 'state-damaged' && /^(?:audit|model-)/.test(String(on['file'])),
    )
    const another = (vmid: number) =>
      record.faults.filter(({ fault, on }) => (fault === 're-created' || fault === 'migrated') && on['vmid'] === vmid)
    const cases = personsChanges(record).filter(
      ({ atMs, vmid }) =>
        ![...lost, ...another(vmid)].some(
          ({ beganMs, endedMs }) =>
            endedMs > atMs - record.settings.truceMs && beganMs < atMs + record.settings.truceMs,
        ),
    )
    const changes = explained(record).flatMap(({ command, vmid, entry }) =>
      entry !== undefined && isOfModel(entry)
        ? command.deeds.flatMap(deed =>
            deed.kind === 'limits' ? [{ vmid, atMs: deed.atMs, words: command.words }] : [],
          )
        : [],
    )
    return verdictOf(cases, person => {
      const wrong = changes.find(
        ({ vmid, atMs }) =>
          vmid === person.vmid && atMs > person.atMs && atMs < person.atMs + record.settings.truceMs - ROUNDING_MS,
      )
      if (wrong === undefined) return undefined
      const afterS = ((wrong.atMs - person.atMs) / 1_000).toFixed(2)
      return `${at(wrong.atMs)} the model changed container ${person.vmid} (pct ${wrong.words.join(' ')}) ${afterS} s after a person had (${person.how}); ${record.settings.truceMs / 1_000} s are to pass`
    })
  },
}

function personsChanges(record: RoundRecord): readonly PersonsChange[] {
  const byHand = record.commands.flatMap(({ by, words, deeds }) =>
    by === 'person' && words[0] === 'set'
      ? deeds.flatMap(deed =>
          deed.kind === 'limits' ? [{ atMs: deed.atMs, vmid: deed.vmid, how: `pct ${words.join(' ')}` }] : [],
        )
      : [],
  )
  const byRequest = explained(record).flatMap(({ command, vmid, entry }) =>
    entry !== undefined && entry.entry.who.key === 'client'
      ? command.deeds.flatMap(deed =>
          deed.kind === 'limits' ? [{ atMs: deed.atMs, vmid, how: 'through the API' }] : [],
        )
      : [],
  )
  const all = [...byHand, ...byRequest].sort((a, b) => a.atMs - b.atMs)
  return all.filter(one => !isTakenBack(one, record))
}

/** Two changes between two looks that leave what was there are none to whoever looks. */
function isTakenBack(one: PersonsChange, record: RoundRecord): boolean {
  const near = record.commands
    .flatMap(({ deeds }) => deeds)
    .filter(deed => deed.kind === 'limits' && deed.vmid === one.vmid && Math.abs(deed.atMs - one.atMs) < 3_000)
    .sort((a, b) => a.atMs - b.atMs)
  const [first, last] = [near[0], near.at(-1)]
  if (first?.kind !== 'limits' || last?.kind !== 'limits' || near.length < 2) return false
  return JSON.stringify(first.before) === JSON.stringify(last.after)
}
