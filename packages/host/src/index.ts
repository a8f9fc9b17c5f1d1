export * from './bounds.ts'
export { type CgroupFiles, cgroupFiles } from './cgroup/cgroup-files.ts'
export {
  type CgroupLayout,
  type Controller,
  controllerFolder,
  findCgroupLayout,
  type HostRoots,
  processTree,
} from './cgroup/cgroup-layout.ts'
export { allowedCores, openCpuAllowance } from './cgroup/cpu-allowance.ts'
export { findInitPid } from './cgroup/find-init.ts'
export { isRunning, processLists } from './cgroup/is-running.ts'
export { openMemory, openMemoryLimit } from './cgroup/memory.ts'
export { openSwapLimit, openSwapUse } from './cgroup/swap.ts'
export { type HostFigures, type HostSize, NO_HOST_FIGURES, openHostFigures } from './host-figures.ts'
export {
  FAILURE_REASONS,
  type FailureReason,
  type FileFailure,
  type FileOptions,
  HostFiles,
  type KernelFile,
  LIST,
  OPTIONAL,
  OPTIONAL_LIST,
} from './host-files.ts'
export type { KernelText, Parse } from './kernel-text.ts'
export { asciiText } from './parse/digits.ts'
export { flatKeyed } from './parse/flat-keyed.ts'
export { parseDeviceNames } from './parse/host-lines.ts'
export { type NestedValues, nestedKeyed, nestedOperations } from './parse/nested-keyed.ts'
export { type InterfaceTraffic, parseNetDev } from './parse/net-dev.ts'
export { parsePressure, type Stalls } from './parse/pressure.ts'
export { parseSingleValue } from './parse/single-line.ts'
export { type Balancer, parseBalancer } from './pve/balancer.ts'
export { availableMb, type Broadcasts, type GuestFigures, type NodeFigures, parseBroadcasts } from './pve/broadcasts.ts'
export { type HaManager, parseHaManager } from './pve/ha-manager.ts'
export { type Limits, NO_LIMITS } from './pve/limits.ts'
export * from './pve/lxc-conf.ts'
export { type ClusterMembers, parseMembers } from './pve/members.ts'
export { parsePctList } from './pve/pct-list.ts'
export { parseStorages, type Storage } from './pve/storages.ts'
export { type GuestPlace, parseVmlist } from './pve/vmlist.ts'
export { joinSteps } from './rrd/join-steps.ts'
export { type PastContent, pastContents, pastOf } from './rrd/read-past.ts'
export { rrddataSteps } from './rrd/rrddata.ts'
export { FleetHistory } from './samples/fleet-history.ts'
export { implausible, plausibleHost } from './samples/implausible.ts'
export type { NewSample } from './samples/new-sample.ts'
