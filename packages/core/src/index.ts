export { beside } from './beside.ts'
export { type BootTime, type Clock, isWithin, systemClock } from './clock.ts'
export {
  configKeys,
  defaultYaml,
  markdownReference,
} from './config/describe-config.ts'
export { HostSection } from './config/host-section.ts'
export { type ConfigRules, keyText, parseConfig } from './config/parse-config.ts'
export { loadConfig, readConfigText, readConfigValues } from './config/read-config.ts'
export { retiredAdvice } from './config/retired-keys.ts'
export { isSection, namedNode, nodeAt, type Path, type SchemaNode, schemaTree } from './config/schema-tree.ts'
export { isSecretKey } from './config/secret-key.ts'
export { sizeFor } from './config/sizes.ts'
export { stateDirectory } from './config/state-directory.ts'
export { checkValues } from './config/value-words.ts'
export { readYaml } from './config/yaml-values.ts'
export { isBegun } from './contracts/begun.ts'
export { changeKey, isDecidedByModel } from './contracts/change-key.ts'
export * from './contracts/cluster.ts'
export {
  DECIDING_PROBLEMS,
  DECIDING_STATES,
  type DecidingProblem,
  DecidingVerdict,
} from './contracts/deciding-verdict.ts'
export { givenCores } from './contracts/given-cores.ts'
export { anotherSince, mayHaveMoved } from './contracts/history-meaning.ts'
export { asciiBytes, JsonText } from './contracts/json-text.ts'
export {
  isMarkedAsHash,
  type KeyLine,
  keyLines,
  modelKey,
  modelKeyLine,
  operatorKey,
  ROLES,
  type Role,
  readKeyText,
} from './contracts/key-file.ts'
export { knownText } from './contracts/known-text.ts'
export type {
  ContainerSample,
  CycleSummary,
  MemoryEvents,
  MetricsCycle,
  NetworkUsage,
  Pressure,
} from './contracts/metrics-file.ts'
export { emptySample, parseCycle } from './contracts/metrics-file-read.ts'
export { formatCycle, formatTime, putSample, putSummary } from './contracts/metrics-file-write.ts'
export {
  BREAKER_STATES,
  type BreakerState,
  type ChangeStatus,
  ContainerStatus,
  CYCLE_OUTCOMES,
  type CycleOutcome,
  type DecisionStatus,
  ExplainBody,
  explainedContainer,
  ModelStatus,
  OUTCOME_KINDS,
  type OutcomeKind,
  STATUS_FILE,
  type VerdictStatus,
} from './contracts/model-status.ts'
export * from './contracts/overview.ts'
export * from './contracts/past.ts'
export * from './contracts/preview.ts'
export * from './contracts/scaling-api.ts'
export * from './contracts/series.ts'
export * from './contracts/steering.ts'
export * from './contracts/stream-times.ts'
export * from './contracts/what-if.ts'
export { API_ITSELF, FORMER_MODEL_KEY_NAME, MODEL_KEY_NAME, whoText } from './contracts/who.ts'
export { AllocationBody, MAX_REASON_CHARACTERS, WireVmid } from './contracts/wire-values.ts'
export { countText } from './count-text.ts'
export {
  type DaemonContext,
  type DaemonSpec,
  runDaemon,
} from './daemon/run-daemon.ts'
export { runEvery } from './daemon/run-every.ts'
export {
  acquireInstanceLock,
  type InstanceLock,
  lockHolder,
} from './daemon/single-instance.ts'
export { asideMend, type DecidingFacts, decidingVerdict } from './deciding.ts'
export { modelFacts, statusFacts } from './deciding-files.ts'
export {
  AutoscaleError,
  ConfigError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorVerdict,
  errorMessage,
  errorVerdict,
  isErrorCode,
  systemErrorCode,
} from './errors.ts'
export { behindLinks } from './files/behind-links.ts'
export { openFileLimit } from './files/open-file-limit.ts'
export { openRegularFile, openRegularFileSync, readRegularFile } from './files/regular-file.ts'
export {
  openBeside,
  removeFiles,
  removeTemporaries,
  replaceFile,
  replacePassingFile,
  syncDirectory,
} from './files/replace-file.ts'
export { asObject, isObject, parseJson } from './json-object.ts'
export { lastingText, localTimeText } from './local-time.ts'
export type { Logger, LogSettings } from './log.ts'
export { LOG_LEVELS } from './log-levels.ts'
export { inBytes, labels, type MetricFamily } from './metric-families.ts'
export type { FollowOutcome } from './metrics/follow-outcome.ts'
export { MetricsFileSource, type MetricsPlace } from './metrics/metrics-file-source.ts'
export {
  Counter,
  DaemonRegistry,
  Gauge,
  Histogram,
  listenForMetrics,
  type MetricsListener,
} from './telemetry.ts'
export * from './units.ts'
export { VERSION } from './version.ts'
export { jsonText, visibleLines, visibleText } from './visible-text.ts'
export { MAX_VMID, MIN_VMID, parseVmid, Vmid } from './vmid.ts'
