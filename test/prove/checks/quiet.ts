import type { RoundRecord } from '../record.ts'
import { askedMsOf, isOfModel } from './attribution.ts'
import { at, type Check, verdictOf } from './check.ts'

/** A `pct` that runs is not broken off with its daemon: a half-done change is worse than one that nobody waits for. */
const UNDER_WAY_MS = 1_500

export const nothingWithoutDaemons: Check = {
  name: 'daemons down change nothing',
  promise: 'P7',
  about: 'while no API runs, no command of ours begins',
  run: record => {
    const runs = record.processes.filter(({ daemon }) => daemon === 'api')
    const commands = record.commands.filter(({ by }) => by === 'api')
    const gaps = runs.flatMap(({ endedMs }) => (endedMs === undefined ? [] : gapAfter(endedMs, runs)))
    return verdictOf(gaps, ({ fromMs, untilMs }) => {
      const wrong = commands.find(({ beganMs }) => beganMs > fromMs + UNDER_WAY_MS && beganMs < untilMs)
      return wrong === undefined
        ? undefined
        : `${at(wrong.beganMs)} pct ${wrong.words.join(' ')} began while no API ran`
    })
  },
}

function gapAfter(endedMs: number, runs: RoundRecord['processes']) {
  const isAnother = runs.some(run => run.startedMs < endedMs && (run.endedMs ?? Number.POSITIVE_INFINITY) > endedMs)
  const next = runs.map(({ startedMs }) => startedMs).filter(startedMs => startedMs >= endedMs)
  return isAnother ? [] : [{ fromMs: endedMs, untilMs: Math.min(...next) }]
}

/** The cycle that had begun with the old configuration, and its requests. */
const TAKEN_OVER_MS = 4_000

export const dryRunChangesNothing: Check = {
  name: 'a dry run changes nothing',
  promise: 'P8',
  about: 'while dry_run is set the model asks for no change',
  run: record => {
    const always = record.settings.isDryRun ? [{ fromMs: 0, untilMs: Number.POSITIVE_INFINITY }] : []
    const edited = record.faults
      .filter(
        ({ fault, on, notDone }) =>
          fault === 'configuration' && on['daemon'] === 'model' && on['edit'] === 'good' && notDone === undefined,
      )
      .map(({ beganMs, endedMs }) => ({ fromMs: beganMs + TAKEN_OVER_MS, untilMs: endedMs }))
    return verdictOf([...always, ...edited], ({ fromMs, untilMs }) => {
      const wrong = record.audit.find(seen => {
        const askedMs = Math.min(askedMsOf(seen), seen.askedMs ?? seen.afterMs)
        return isOfModel(seen) && seen.entry.duration_seconds !== null && askedMs > fromMs && askedMs < untilMs
      })
      return wrong === undefined
        ? undefined
        : `${at(wrong.atMs)} the model asked for a change of container ${wrong.entry.lxc_id} in a dry run`
    })
  },
}

/** By each process of the model, since what was refused is kept with what was learned, now and then. */
const MOST_ALIKE = 3
/** Of one kind, where the API has counted them together whatever was asked for. */
const MOST_COUNTED = 10
const COUNTED = 'one kind of change'

export const noEndlessAsking: Check = {
  name: 'no loop of the same refused request',
  about: `the model asks for the same refused change of a container at most ${MOST_ALIKE} times, and as often again after each restart`,
  run: record => {
    const alike = new Map<string, number>()
    for (const seen of record.audit) {
      const { outcome, asked, lxc_id, error, count } = seen.entry
      if (outcome !== 'refused' || !isOfModel(seen)) continue
      const what = count === undefined ? JSON.stringify({ ...asked, reason: undefined, expected: undefined }) : COUNTED
      const name = `${what} of container ${lxc_id}, refused with ${error}`
      alike.set(name, (alike.get(name) ?? 0) + (count ?? 1))
    }
    const starts = record.processes.filter(({ daemon }) => daemon === 'model').length
    return verdictOf([...alike], ([name, times]) =>
      times > (name.startsWith(COUNTED) ? MOST_COUNTED : MOST_ALIKE) * starts
        ? `the model asked ${times} times for ${name}`
        : undefined,
    )
  },
}
