import type { RoundRecord } from '../record.ts'
import { askedMsOf, explained, isAuditDamaged, isOfModel } from './attribution.ts'
import { at, type Check, verdictOf } from './check.ts'

/** Between the model's clock at the decision and the write: the way of the request, and pct. */
const WAY_MS = 1_000

interface ModelChange {
  readonly vmid: number
  readonly askedMs: number
  readonly isShrink: boolean
  readonly atMs: number
}

export const changeBudget: Check = {
  name: 'no more changes than allowed',
  promise: 'P3',
  about: 'the model makes at most max_changes_per_hour changes of a container in an hour, over all kills and restarts',
  run: record => {
    // Without its lines nobody can know what was changed before a restart.
    if (isAuditDamaged(record)) return { exercised: 0, broken: [] }
    const most = record.settings.maxChangesPerHour
    const changes = modelChanges(record)
    const vmids = [...new Set(changes.map(({ vmid }) => vmid))]
    return verdictOf(vmids, vmid => {
      const of = changes.filter(change => change.vmid === vmid)
      const isAnother = record.faults.some(({ fault, on }) => fault === 're-created' && on['vmid'] === vmid)
      if (of.length <= most * (isAnother ? 2 : 1)) return undefined
      const times = of.map(({ atMs }) => (atMs / 1_000).toFixed(1)).join(', ')
      return `container ${vmid} was changed ${of.length} times within a round, and ${most} in an hour are allowed: at ${times} s`
    })
  },
}

export const shrinkCooldown: Check = {
  name: 'shrinking waits',
  promise: 'P3',
  about:
    'the model shrinks a container no sooner than shrink_cooldown_seconds after the change before, whatever the clock does',
  run: record => {
    if (isAuditDamaged(record)) return { exercised: 0, broken: [] }
    const changes = modelChanges(record)
    const shrinks = changes.filter(({ isShrink }) => isShrink)
    return verdictOf(shrinks, shrink => {
      const before = changes.findLast(({ vmid, atMs }) => vmid === shrink.vmid && atMs < shrink.atMs)
      if (before === undefined) return undefined
      const gapMs = shrink.askedMs - before.atMs
      if (gapMs >= record.settings.shrinkCooldownMs - WAY_MS) return undefined
      return `${at(shrink.atMs)} container ${shrink.vmid} was shrunk ${(gapMs / 1_000).toFixed(1)} s after the change before; ${record.settings.shrinkCooldownMs / 1_000} s are the least`
    })
  },
}

function modelChanges(record: RoundRecord): readonly ModelChange[] {
  return explained(record).flatMap(({ command, vmid, entry }) => {
    if (entry === undefined || !isOfModel(entry)) return []
    const deed = command.deeds[0]
    if (deed === undefined) return []
    const isShrink = command.deeds.some(
      each =>
        (each.kind === 'memory' && each.toMb < each.fromMb) ||
        (each.kind === 'limits' && (each.after.cores ?? 0) < (each.before.cores ?? 0)),
    )
    return [{ vmid, isShrink, atMs: deed.atMs, askedMs: Math.min(deed.atMs, askedMsOf(entry)) }]
  })
}
