export { createCluster } from './cluster/create-cluster.ts'
export { HaManager } from './cluster/ha-manager.ts'
export { bringNodeBack, loseNode, loseQuorum, regainQuorum } from './cluster/power.ts'
export { startHosts } from './cluster/run-cluster.ts'
export { createHost, type HostSpec, type PretendHost } from './create-host.ts'
export { Engine, type EngineEvent } from './engine/engine.ts'
export { startEngine } from './engine/run-engine.ts'
export type { ContainerSpec } from './host/container-spec.ts'
export { hostMonotonicMs, type JournalLine } from './host/journal.ts'
export {
  DEFAULT_SETTINGS,
  type Fault,
  type HostSettings,
  INSTANT,
} from './host/settings.ts'
export { updateSettings } from './host/update-settings.ts'
export type { CommandTime } from './pct/context.ts'
export type { CommandResult } from './pct/output.ts'
export { type PretendRest, type PretendRestOptions, startPretendRest } from './rest/pretend-rest.ts'
export { runHaManager, runPct, runPvecm, runPvesh } from './run-command.ts'
export { SHAPES } from './workload/workload.ts'
