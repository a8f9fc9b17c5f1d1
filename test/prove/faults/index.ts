import { clock } from './clock.ts'
import { hostMemory, noQuorum } from './cluster.ts'
import { configuration } from './configuration.ts'
import { comesAndGoes, frozen, goneAtOnce, locked, lockHeld, migrated, outOfMemory, recreated } from './containers.ts'
import { metricsDamaged, stateDamaged } from './damage.ts'
import { disk, slowDisk } from './disk.ts'
import type { Fault } from './fault.ts'
import { kernelFiles } from './kernel-files.ts'
import { network } from './network.ts'
import { pctFails, pctLate, pctMissing, pctOdd } from './pct.ts'
import { person, personAtOnce } from './person.ts'
import { allDown, hangUp, kill, killAtOnce, second, standStill } from './processes.ts'

/** All that can go wrong in a round. ADD YOURS HERE. */
export const FAULTS: readonly Fault[] = [
  kill,
  standStill,
  second,
  hangUp,
  allDown,
  killAtOnce,
  pctFails,
  pctLate,
  pctMissing,
  pctOdd,
  locked,
  lockHeld,
  migrated,
  goneAtOnce,
  recreated,
  comesAndGoes,
  outOfMemory,
  frozen,
  noQuorum,
  hostMemory,
  person,
  personAtOnce,
  disk,
  slowDisk,
  metricsDamaged,
  stateDamaged,
  configuration,
  clock,
  network,
  kernelFiles,
]
