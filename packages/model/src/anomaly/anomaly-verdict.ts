import type { FeatureName } from '../features/feature-definitions.ts'

/** How much of the strangeness of a sample one feature makes up; shares of one sample sum to at most 1. */
export interface FeatureShare {
  readonly name: FeatureName
  readonly share: number
}

/** What the forests say about the newest sample of a container. */
export interface AnomalyVerdict {
  readonly vmid: number
  /** Time of the judged sample, milliseconds since 1970 UTC. */
  readonly timeMs: number
  readonly isAnomalous: boolean
  /** 0-1, higher is stranger, agreed by all forests of whatever age. Undefined when there is no forest yet. */
  readonly score: number | undefined
  /** The score above which a sample is an anomaly. Undefined when there is no forest yet. */
  readonly alarmScore: number | undefined
  /** 0-100: percentile of the distance from the alarm score among held-out samples on the same side of it. 0 without a forest. */
  readonly confidence: number
  /** The features that made it strange, largest share first, at most three; empty when it is not an anomaly. */
  readonly topFeatures: readonly FeatureShare[]
  /** Whose forests judged: the container's own, the fleet's pooled ones, or none (too little history, or a change settles). */
  readonly source: 'container' | 'fleet' | 'none'
}
