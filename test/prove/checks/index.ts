import {
  acknowledgedIsDone,
  acknowledgedIsKept,
  allIsValid,
  doneOnce,
  explainedByAudit,
  historyIsKept,
  oneIdOneEnd,
  refusedMeansUntouched,
} from './audit.ts'
import { noShrinkOnBadData } from './bad-data.ts'
import { hostCanCarry, withinBounds } from './bounds.ts'
import { changeBudget, shrinkCooldown } from './change-budget.ts'
import type { Check } from './check.ts'
import { fewSetAside, logsBounded, noProcessesLeft, noTemporaryFiles } from './left-overs.ts'
import { floorAtWrite, noKillByShrink } from './memory-floor.ts'
import { personWins } from './person.ts'
import { endsOnlyWhenAsked, noLeaks, oneOfEach, recovers, stopsWhenAsked } from './processes.ts'
import { dryRunChangesNothing, noEndlessAsking, nothingWithoutDaemons } from './quiet.ts'

/** All rules that a record must keep. ADD YOURS HERE. */
export const CHECKS: readonly Check[] = [
  floorAtWrite,
  noKillByShrink,
  noShrinkOnBadData,
  changeBudget,
  shrinkCooldown,
  withinBounds,
  hostCanCarry,
  explainedByAudit,
  historyIsKept,
  refusedMeansUntouched,
  oneIdOneEnd,
  acknowledgedIsKept,
  acknowledgedIsDone,
  doneOnce,
  allIsValid,
  personWins,
  nothingWithoutDaemons,
  dryRunChangesNothing,
  noEndlessAsking,
  recovers,
  endsOnlyWhenAsked,
  oneOfEach,
  noLeaks,
  stopsWhenAsked,
  noTemporaryFiles,
  fewSetAside,
  logsBounded,
  noProcessesLeft,
]
