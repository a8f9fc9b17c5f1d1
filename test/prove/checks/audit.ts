import type { RoundRecord, SentRequest } from '../record.ts'
import { explained, isAuditDamaged } from './attribution.ts'
import { at, type Check, verdictOf } from './check.ts'

export const explainedByAudit: Check = {
  name: 'the audit log explains the host',
  promise: 'P5',
  about: 'each command that changed a container has a line of its own in the audit log',
  run: record => {
    const cut = cutOff(record)
    const commands = explained(record).filter(({ command }) => command.beganMs < cut)
    return verdictOf(commands, ({ command, entry }) =>
      entry === undefined
        ? `${at(command.beganMs)} pct ${command.words.join(' ')} took effect, and no line of the audit log tells of it`
        : undefined,
    )
  },
}

/** Lines may go when there are as many files as are to be kept. */
const KEPT_FILES = 20

export const historyIsKept: Check = {
  name: 'no line of the audit log is lost',
  promise: 'P5',
  about: 'what stood in the audit log stands there at the end, however often it was rotated and whatever the disk did',
  run: record => {
    const isFull = record.left.auditBytes > record.settings.maxAuditMb * 1_048_576 * (KEPT_FILES - 1)
    if (isAuditDamaged(record) || isFull) return { exercised: 0, broken: [] }
    const kept = new Set(record.left.auditIds)
    const seen = record.audit.filter(({ isOfAudit }) => isOfAudit)
    const lost = seen.filter(({ entry }) => !kept.has(entry.id))
    const text = `${lost.length} of ${seen.length} lines of the audit log are gone at the end`
    return { exercised: seen.length, broken: lost.length === 0 ? [] : [text] }
  },
}

/** What is begun while the disk is full at the end of a round is explained by the next start only. */
function cutOff({ recovery }: RoundRecord): number {
  return recovery.apiMs === undefined ? 0 : recovery.faultsOverMs
}

export const refusedMeansUntouched: Check = {
  name: 'refused means untouched',
  promise: 'P5',
  about: 'nothing that was made is called refused or unchanged',
  run: record => {
    const commands = new Map(
      explained(record).flatMap(({ command, entry }) => (entry === undefined ? [] : [[entry, command] as const])),
    )
    const refused = record.audit.filter(({ entry: { outcome } }) => outcome === 'refused' || outcome === 'unchanged')
    return verdictOf(refused, seen => {
      const command = commands.get(seen)
      if (command === undefined) return undefined
      const { id, outcome, error } = seen.entry
      return `${at(command.beganMs)} pct ${command.words.join(' ')} took effect, and the audit log says '${outcome}' (${error}, change ${id})`
    })
  },
}

export const oneIdOneEnd: Check = {
  name: 'one id, one end',
  promise: 'P5',
  about: 'no change has two ends in the audit log',
  run: ({ audit }) => {
    const ids = [...new Set(audit.map(({ entry: { id } }) => id))]
    return verdictOf(ids, id => {
      const ends = audit.filter(({ entry }) => entry.id === id).map(({ entry: { outcome } }) => outcome)
      return ends.length === 1 ? undefined : `change ${id} ended ${ends.length} times: ${ends.join(', ')}`
    })
  },
}

export const acknowledgedIsKept: Check = {
  name: 'acknowledged is in the audit log',
  promise: 'P5',
  about: 'each change that was answered with success stands in the audit log as applied',
  run: record => {
    const answered = trusted(record).filter(
      ({ answer }) => answer?.status === 200 && answer.changeId !== undefined && answer.changed !== false,
    )
    const lines = new Map(record.audit.map(({ entry }) => [entry.id, entry.outcome]))
    const unknown = isAuditDamaged(record) ? 'unknown' : 'applied'
    return verdictOf(answered, ({ answer, path, vmid }) => {
      const outcome = lines.get(answer?.changeId ?? '')
      if (outcome === 'applied' || outcome === unknown) return undefined
      if (outcome === 'unknown' && wasCutOff(record, answer?.atMs ?? 0)) return undefined
      return `${at(answer?.atMs ?? 0)} POST ${path} for container ${vmid} was answered with success; the audit log says ${outcome ?? 'nothing'} of change ${answer?.changeId}`
    })
  },
}

/** Written when the API started again, since its disk could not take the line: it says so in the answer. */
function wasCutOff({ faults }: RoundRecord, atMs: number): boolean {
  return faults.some(
    ({ fault, beganMs, endedMs }) =>
      (fault === 'disk' || fault === 'state-damaged') && beganMs <= atMs && atMs <= endedMs + 2_000,
  )
}

export const acknowledgedIsDone: Check = {
  name: 'acknowledged is on the host',
  promise: 'P5',
  about: 'each change that was answered with success and "changed" was made on the host',
  run: record => {
    const answered = trusted(record).filter(
      ({ path, answer }) => answer?.status === 200 && answer.changed === true && path.startsWith('/scale/'),
    )
    return verdictOf(answered, ({ answer, path, vmid, body, number }) => {
      const firstSentMs = Math.min(
        ...record.requests.filter(each => each.number === number).map(({ sentMs }) => sentMs),
      )
      const isDone = record.commands.some(
        ({ by, words, beganMs, deeds }) =>
          by === 'api' &&
          words[1] === String(vmid) &&
          deeds.length > 0 &&
          beganMs > firstSentMs - 100 &&
          beganMs < (answer?.atMs ?? 0) &&
          sets(words, body),
      )
      return isDone
        ? undefined
        : `${at(answer?.atMs ?? 0)} POST ${path} for container ${vmid} was answered with "changed", and no command did it`
    })
  },
}

function sets(words: readonly string[], body: SentRequest['body']): boolean {
  if (body['disk_size'] !== undefined) return words.includes(`+${body['disk_size']}G`)
  return ['cores', 'memory'].some(key => body[key] !== undefined && words.includes(String(body[key])))
}

/** Requests whose answers came to us as they were sent. */
function trusted({ requests, faults }: RoundRecord): readonly SentRequest[] {
  const garbled = faults.filter(
    ({ fault, on }) => fault === 'network' && (on['mode'] === 'garble' || on['mode'] === 'cut'),
  )
  return requests.filter(
    ({ isDirect, sentMs, answer }) =>
      isDirect ||
      !garbled.some(
        ({ beganMs, endedMs }) => beganMs <= (answer?.atMs ?? Number.POSITIVE_INFINITY) && endedMs >= sentMs,
      ),
  )
}

export const doneOnce: Check = {
  name: 'done once per Idempotency-Key',
  promise: 'P5',
  about:
    'a disk grows at most once for one Idempotency-Key, however often the request is sent and however it is answered',
  run: record => {
    const numbers = [
      ...new Set(record.requests.filter(({ path }) => path === '/scale/storage/increase').map(({ number }) => number)),
    ]
    // Who takes the kept answers away takes the protection away.
    const lost = record.faults.filter(
      ({ fault, on }) => fault === 'state-damaged' && /^(?:answers|audit)/.test(String(on['file'])),
    )
    const cases = numbers.filter(number => {
      const sent = record.requests.filter(request => request.number === number).map(({ sentMs }) => sentMs)
      return !lost.some(({ beganMs, endedMs }) => Math.min(...sent) <= endedMs && Math.max(...sent) + 15_000 >= beganMs)
    })
    return verdictOf(cases, number => {
      const grown = record.commands.flatMap(({ by, words, deeds }) =>
        by === 'api' && words.includes(`+${number}G`) ? deeds.filter(({ kind }) => kind === 'disk') : [],
      )
      if (grown.length <= 1) return undefined
      const answers = record.requests
        .filter(request => request.number === number)
        .map(({ answer }) => answer?.error ?? answer?.status ?? 'no answer')
      return `request ${number} (${number} GB more, one Idempotency-Key) was carried out ${grown.length} times: ${grown.map(({ atMs }) => at(atMs)).join(', ')}; answered: ${answers.join(', ')}`
    })
  },
}

export const allIsValid: Check = {
  name: 'everything on disk is valid',
  promise: 'P5',
  about:
    'after the last fault and a stop every file of the daemons that no fault had damaged can be read, and no change stands begun',
  run: ({ left, faults }) => {
    const isDisturbed = faults.some(({ fault }) => fault === 'disk' || fault === 'state-damaged')
    const begun = left.begun > 0 && !isDisturbed ? [`${left.begun} changes still stand as begun`] : []
    return { exercised: left.files.length, broken: [...left.invalid, ...begun] }
  },
}
