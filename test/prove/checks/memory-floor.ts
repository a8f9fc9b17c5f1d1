import { explained, isOfModel } from './attribution.ts'
import { at, type Check, verdictOf } from './check.ts'

/** How long after a smaller limit a kill is its doing, and how much older the need for memory is then. */
const BLAMED_MS = 3_000
const OLDER_MS = 2_000

export const floorAtWrite: Check = {
  name: 'no limit under the floor',
  promise: 'P1',
  about: 'at the write, a smaller memory limit is not below what the container cannot give up at that moment',
  run: record => {
    const writes = explained(record).flatMap(({ command: { deeds }, entry }) =>
      entry?.entry.force === true
        ? []
        : deeds.flatMap(deed => (deed.kind === 'memory' && deed.toMb < deed.fromMb ? [deed] : [])),
    )
    return verdictOf(writes, ({ vmid, atMs, fromMb, toMb, floorMb, kills }) =>
      floorMb <= toMb && kills === 0
        ? undefined
        : `${at(atMs)} container ${vmid} was set from ${fromMb} to ${toMb} MB while it could not give up ${Math.ceil(floorMb)} MB; ${kills} killed`,
    )
  },
}

export const noKillByShrink: Check = {
  name: 'no kill by a shrink',
  promise: 'P1',
  about: `no process is killed within ${BLAMED_MS / 1_000} s of a smaller limit that the model decided, unless its need is younger than ${OLDER_MS / 1_000} s`,
  run: record => {
    const shrinks = explained(record).flatMap(({ command: { deeds }, entry }) =>
      entry === undefined || !isOfModel(entry)
        ? []
        : deeds.flatMap(deed => (deed.kind === 'memory' && deed.toMb < deed.fromMb ? [deed] : [])),
    )
    return verdictOf(shrinks, shrink => {
      const { vmid, atMs, fromMb, toMb } = shrink
      const killed = record.kills.find(
        kill => kill.where === 'own limit' && kill.vmid === vmid && kill.atMs > atMs && kill.atMs < atMs + BLAMED_MS,
      )
      if (killed === undefined) return undefined
      const isLaterNeed = record.faults.some(
        ({ fault, on, beganMs, endedMs }) =>
          fault === 'out-of-memory' &&
          on['vmid'] === vmid &&
          beganMs > atMs &&
          beganMs <= killed.atMs &&
          endedMs > atMs,
      )
      if (isLaterNeed) return undefined
      return `${at(killed.atMs)} ${killed.kills} killed in container ${vmid}, whose limit was lowered from ${fromMb} to ${toMb} MB ${at(atMs)}`
    })
  },
}
