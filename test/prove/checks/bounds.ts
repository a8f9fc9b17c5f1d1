import type { Deed, RoundRecord } from '../record.ts'
import type { Bounds } from '../schedule.ts'
import { explained, isOfModel } from './attribution.ts'
import { at, type Check, verdictOf } from './check.ts'

export const withinBounds: Check = {
  name: 'within the limits',
  promise: 'P4',
  about:
    'no container is set outside the limits of the API, nor by the model outside its own, unless it comes nearer to them',
  run: record => {
    const { api, model, hostCores } = record.settings
    const cases = explained(record).flatMap(({ command: { deeds }, entry }) =>
      entry?.entry.force === true
        ? []
        : deeds.flatMap(deed =>
            deed.kind === 'limits' ? [{ deed, isModel: entry !== undefined && isOfModel(entry) }] : [],
          ),
    )
    return verdictOf(cases, ({ deed, isModel }) => {
      const bounds = isModel ? model : { ...api, maxCores: Math.min(api.maxCores, hostCores) }
      const wrong = outside(deed, bounds)
      return wrong === undefined ? undefined : `${at(deed.atMs)} container ${deed.vmid}: ${wrong}`
    })
  },
}

function outside({ before, after }: Extract<Deed, { kind: 'limits' }>, bounds: Bounds): string | undefined {
  const parts = [
    ['cores', before.cores, after.cores, bounds.minCores, bounds.maxCores],
    ['memory', before.memoryMb, after.memoryMb, bounds.minMemoryMb, bounds.maxMemoryMb],
  ] as const
  for (const [name, from, to, min, max] of parts) {
    if (to === undefined || to === from || (to >= min && to <= max)) continue
    const isTowards = from !== undefined && ((to < min && to > from) || (to > max && to < from))
    if (!isTowards) return `${name} ${to} is outside ${min} to ${max}`
  }
  return undefined
}

/** What was allowed before may wait behind commands that hang until their limit. */
const NOTICED_MS = 5_000

export const hostCanCarry: Check = {
  name: 'the host can carry it',
  promise: 'P4',
  about: 'no memory limit grows while others have taken all memory of the host',
  run: record => {
    const full = record.faults.filter(
      ({ fault, on, notDone }) =>
        fault === 'host-memory' && notDone === undefined && Number(on['otherMb']) >= record.settings.hostMemoryMb,
    )
    const growths = growthsOf(record)
    return verdictOf(full, ({ beganMs, endedMs }) => {
      const wrong = growths.find(({ beganAtMs }) => beganAtMs > beganMs + NOTICED_MS && beganAtMs < endedMs)
      return wrong === undefined
        ? undefined
        : `${at(wrong.beganAtMs)} container ${wrong.vmid} grew to ${wrong.toMb} MB; the host had no memory since ${(beganMs / 1_000).toFixed(1)} s`
    })
  },
}

function growthsOf(record: RoundRecord) {
  return explained(record).flatMap(({ command, entry }) =>
    entry?.entry.force === true
      ? []
      : command.deeds.flatMap(deed =>
          deed.kind === 'memory' && deed.toMb > deed.fromMb
            ? [{ vmid: deed.vmid, toMb: deed.toMb, beganAtMs: command.beganMs }]
            : [],
        ),
  )
}
