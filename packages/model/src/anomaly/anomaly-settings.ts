import { MS_PER_HOUR, MS_PER_MINUTE } from '@lxc-autoscale/core'

/** Everything the anomaly model can be told. */
export interface AnomalySettings {
  /** Samples over which rolling features go (`spike_detection.rolling_window`). */
  readonly rollingWindow: number
  /** Trees per container, over all its generations (`model.n_estimators`). */
  readonly nEstimators: number
  /** Rows per tree (`model.max_samples`), see ForestOptions; `auto` = 128 here. */
  readonly maxSamples: 'auto' | number
  /** `auto`: the alarm budget sets the alarm score; a share: that share of held-out samples is flagged (`model.contamination`). */
  readonly contamination: 'auto' | number
  readonly randomState: number
  /** History that a container needs before it is judged by forests of its own. */
  readonly minHistoryMs: number
  /** How far back a forest learns; a container not seen for this long is forgotten. */
  readonly windowMs: number
  /** Rows kept per container to learn from, spread over the window. */
  readonly windowEntries: number
  /** Forests of different ages that must agree. */
  readonly generations: number
  /** Alarms per container and week on quiet data. */
  readonly alarmsPerWeek: number
  /** How long after a change of its allocation a container is neither judged nor learned from. */
  readonly settleMs: number
}

export const DEFAULT_ANOMALY_SETTINGS: AnomalySettings = {
  rollingWindow: 5,
  nEstimators: 100,
  maxSamples: 'auto',
  contamination: 'auto',
  randomState: 42,
  minHistoryMs: 6 * MS_PER_HOUR,
  windowMs: 24 * MS_PER_HOUR,
  windowEntries: 720,
  generations: 4,
  alarmsPerWeek: 1,
  settleMs: 5 * MS_PER_MINUTE,
}
