export { createHost, type HostSpec, type PretendHost } from './create-host.ts'
export { Engine, type EngineEvent, type EngineOptions } from './engine/engine.ts'
export { type RunOptions, startEngine } from './engine/run-engine.ts'
export { type HostPaths, hostPaths } from './files/host-paths.ts'
export type { ContainerSpec } from './host/container-spec.ts'
export {
  DEFAULT_SETTINGS,
  type Fault,
  type HostSettings,
  INSTANT,
  readSettings,
  type StorageType,
} from './host/settings.ts'
export { updateSettings } from './host/update-settings.ts'
export type { CommandTime } from './pct/context.ts'
export type { CommandResult } from './pct/output.ts'
export { runPct, runPvecm, runPvesh } from './run-command.ts'
export { type Load, SHAPES, type Shape, type ShapeName } from './workload/workload.ts'
