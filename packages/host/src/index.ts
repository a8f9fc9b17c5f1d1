export { type CgroupLayout, type Controller, controllerFolder, findCgroupLayout, processTree } from './cgroup-layout.ts'
export { findInitPid } from './find-init.ts'
export {
  type FileCalls,
  type FileFailure,
  type FileOptions,
  HostFiles,
  KernelFile,
  LIST,
  OPTIONAL,
  OPTIONAL_LIST,
} from './host-files.ts'
export type { KernelText, Parse } from './kernel-text.ts'
export { parseCpuCount } from './parse/cpu-list.ts'
export { parseCpuMax } from './parse/cpu-max.ts'
export { flatKeyed } from './parse/flat-keyed.ts'
export { parseDeviceNames, parseLoad1, parseOnlineCpus } from './parse/host-lines.ts'
export { parseMeminfo } from './parse/meminfo.ts'
export { type NestedValues, nestedKeyed, nestedOperations } from './parse/nested-keyed.ts'
export { type InterfaceTraffic, parseNetDev } from './parse/net-dev.ts'
export { parsePressure, type Stalls } from './parse/pressure.ts'
export { parseSingleValue } from './parse/single-value.ts'
export { hasWord } from './parse/words.ts'
