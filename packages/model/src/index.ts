// client, state, cycle
export type { AllocationChange, ConfiguredAllocation } from './client/allocation-change.ts'
export { firstPlainKey, readApiKey } from './client/api-key.ts'
export { type ApplyOutcome, OUTCOME_KINDS, type OutcomeKind } from './client/apply-outcome.ts'
export { BREAKER_STATES, type BreakerSettings, type BreakerState, CircuitBreaker } from './client/circuit-breaker.ts'
export { type ContainerConfig, readContainerConfig } from './client/container-config.ts'
export { HttpTransport, type HttpTransportOptions } from './client/http-transport.ts'
export type { FetchedConfigs } from './client/read-replies.ts'
export { retryDelayMs, withRetries } from './client/retry-delay.ts'
export { type BreakerChange, ScalingClient, type ScalingClientOptions } from './client/scaling-client.ts'
export {
  type ApiReply,
  type ApiRequest,
  ReadOnlyError,
  ReadOnlyTransport,
  type Transport,
} from './client/transport.ts'
export { type PendingChange, PendingChanges } from './state/pending-changes.ts'
export { formatSizerState, parseSizerState, type SavedSizer } from './state/sizer-state.ts'
export { StateFiles } from './state/state-files.ts'
