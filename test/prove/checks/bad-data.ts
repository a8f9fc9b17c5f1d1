import type { CarriedOutFault, RoundRecord } from '../record.ts'
import { explained, isOfModel } from './attribution.ts'
import { at, type Check, verdictOf } from './check.ts'

/** Two cycles, the request and the start of `pct`. */
const UNDER_WAY_MS = 3_000

interface Blindness {
  readonly fromMs: number
  readonly untilMs: number
  readonly vmid: number | undefined
  readonly why: string
}

export const noShrinkOnBadData: Check = {
  name: 'no shrink on bad data',
  promise: 'P2',
  about:
    'the model shrinks nothing while the metrics are missing or stale, or the memory of the container cannot be measured',
  run: record => {
    const shrinks = modelShrinks(record)
    return verdictOf(blindnesses(record), ({ fromMs, untilMs, vmid, why }) => {
      const wrong = shrinks.find(
        shrink => shrink.askedMs > fromMs && shrink.askedMs < untilMs && (vmid === undefined || vmid === shrink.vmid),
      )
      return wrong === undefined
        ? undefined
        : `${at(wrong.askedMs)} container ${wrong.vmid} was shrunk although ${why} since ${(fromMs / 1_000).toFixed(1)} s`
    })
  },
}

function modelShrinks(record: RoundRecord) {
  return explained(record).flatMap(({ command, vmid, entry }) => {
    if (entry === undefined || !isOfModel(entry) || entry.entry.duration_seconds === null) return []
    const isShrink = command.deeds.some(deed => deed.kind === 'memory' && deed.toMb < deed.fromMb)
    const askedMs = entry.askedMs ?? command.beganMs - entry.entry.duration_seconds * 1_000
    return isShrink ? [{ vmid, askedMs }] : []
  })
}

/** Times in which nobody could know: after the data had become too old, until they could be there again. */
function blindnesses({ faults, settings }: RoundRecord): readonly Blindness[] {
  return faults.flatMap(fault => {
    if (fault.notDone !== undefined) return []
    const isMetrics =
      fault.fault === 'metrics-damaged' &&
      !['cut', 'deleted', 'moved', 'rubbish', 'empty', 'predecessor'].includes(String(fault.on['damage']))
    const isMonitor = fault.fault === 'stand-still' && fault.on['daemon'] === 'monitor'
    if (isMetrics || isMonitor) {
      const fromMs = fault.beganMs + settings.maxMetricsAgeMs + UNDER_WAY_MS
      return fromMs < fault.endedMs
        ? [{ fromMs, untilMs: fault.endedMs, vmid: undefined, why: `there were no new metrics (${fault.fault})` }]
        : []
    }
    return unmeasurable(fault)
  })
}

function unmeasurable({ fault, on, beganMs, endedMs }: CarriedOutFault): readonly Blindness[] {
  const isMemory = fault === 'kernel-files' && on['file'] === 'memory.stat' && on['says'] !== 'cut'
  const fromMs = beganMs + UNDER_WAY_MS
  if (!isMemory || fromMs >= endedMs) return []
  return [{ fromMs, untilMs: endedMs, vmid: Number(on['vmid']), why: `its memory.stat was ${on['says']}` }]
}
