// history, features, forest, anomaly
export { AnomalyModel, type ModelCounts, type RefitOutcome } from './anomaly/anomaly-model.ts'
export { AnomalySection, anomalySettings, ForestSection } from './anomaly/anomaly-sections.ts'
export { type AnomalySettings, DEFAULT_ANOMALY_SETTINGS } from './anomaly/anomaly-settings.ts'
export type { AnomalyVerdict, FeatureShare } from './anomaly/anomaly-verdict.ts'
export { describeVerdict } from './anomaly/describe-verdict.ts'
// client, state, cycle
export { ApiConnection, type ApiConnectionOptions } from './api-connection.ts'
export type { AllocationChange, ConfiguredAllocation } from './client/allocation-change.ts'
export { firstPlainKey, readApiKey } from './client/api-key.ts'
export { type ApplyOutcome, OUTCOME_KINDS, type OutcomeKind } from './client/apply-outcome.ts'
export { BREAKER_STATES, type BreakerSettings, type BreakerState, CircuitBreaker } from './client/circuit-breaker.ts'
export { type ContainerConfig, readContainerConfig } from './client/container-config.ts'
export { HttpTransport, type HttpTransportOptions } from './client/http-transport.ts'
export type { FetchedConfigs } from './client/read-replies.ts'
export { retryDelayMs, withRetries } from './client/retry-delay.ts'
export { type BreakerChange, ScalingClient, type ScalingClientOptions } from './client/scaling-client.ts'
export { type ApiReply, type ApiRequest, ReadOnlyError, ReadOnlyTransport, type Transport } from './client/transport.ts'
export { MODEL_CONFIG_RULES, ModelConfig } from './config.ts'
export { Fleet, type FleetOptions, type TrackedContainer } from './cycle/fleet.ts'
export { PolicySizing } from './cycle/policy-sizing.ts'
export { type CycleParts, type CycleSettings, ModelCycle } from './cycle.ts'
export { buildFeatures } from './features/build-features.ts'
export { FEATURE_COUNT, FEATURE_NAMES, type FeatureName, featureColumn } from './features/feature-names.ts'
export { columnMedians, imputeMatrix } from './features/impute.ts'
export { type Matrix, matrixFromRows } from './features/matrix.ts'
export { type EvaluationInput, evaluateForest, type ForestEvaluation, type Spread } from './forest/evaluate.ts'
export type { ForestOptions } from './forest/forest-options.ts'
export { fitForest, type IsolationForest } from './forest/isolation-forest.ts'
export { loadForest, type SavedForest, saveForest } from './forest/saved-forest.ts'
export { limitHeapGrowth } from './heap-growth.ts'
export { FleetHistory } from './history/fleet-history.ts'
export type { FollowOutcome } from './history/follow-outcome.ts'
export { MetricsFileSource } from './history/metrics-file-source.ts'
export type { Reading } from './history/reading.ts'
export { type Freshness, staleness } from './history/staleness.ts'
export { readHostSize } from './host-size.ts'
// policy
export {
  type ContainerSettings,
  containerSettings,
  type Origin,
  type SettingsInput,
  TAGS,
} from './policy/container-settings.ts'
export { ContainerSizer, type ContainerSizerInput } from './policy/container-sizer.ts'
export {
  type Allocation,
  type Circumstances,
  type Decision,
  isChange,
  type Observation,
  type Reason,
  type Verdict,
} from './policy/decision.ts'
export { POLICY_NAMES, type PolicyName } from './policy/policies/policy-names.ts'
export { ScalingSection, SchedulesSection, TiersSection } from './policy/settings.ts'
export { type SharedHost, type Sharer, shareHost } from './policy/share-host.ts'
export type {
  Anomalies,
  ContainerIdentity,
  HostCapacity,
  Member,
  MetricsSource,
  ScalingApi,
  Sizer,
  Sizing,
  StateStore,
  StatusBoard,
} from './ports.ts'
// replay
export { bill, type ReplayBill, type ResourceBill, staticRun } from './replay/bill.ts'
export { type ReplayOptions, type ReplayRun, type ReplaySizer, replay, startAllocation } from './replay/closed-loop.ts'
export { decisionsCsv } from './replay/decisions-csv.ts'
export { htmlReport, type ReplayedPolicy, type ReplayedTrace } from './replay/html-report.ts'
export { SHAPE_NAMES, type ShapeOptions, shapeTrace } from './replay/shapes.ts'
export { parseTraceCsv, TRACE_HEADER, type Trace } from './replay/trace.ts'
export { MetricsTraces } from './replay/traces-from-metrics.ts'
export { type PendingChange, PendingChanges } from './state/pending-changes.ts'
export { formatSizerState, parseSizerState, type SavedSizer, type SavedSizers } from './state/sizer-state.ts'
export { StateFiles } from './state/state-files.ts'
export { ContainerStatus, ModelStatus } from './status/model-status.ts'
export { STATUS_FILE, StatusFile } from './status/status-file.ts'
export { ModelTelemetry } from './telemetry.ts'
