import type { ContainerSample } from '@lxc-autoscale/core'
import type { AnomalyVerdict } from '../anomaly/anomaly-verdict.ts'
import type { ContainerConfig } from '../client/container-config.ts'
import type { Allocation, Circumstances, Verdict } from '../policy/decision.ts'
import { localTimeMs } from './local-time.ts'

export interface CircumstancesInput {
  readonly config: ContainerConfig
  readonly allocation: Allocation
  readonly newest: ContainerSample | undefined
  readonly verdict: Verdict | undefined
  readonly nowMs: number
  readonly maxDataAgeMs: number
}

/** What the policy is told about a container, from the answer of the API and the newest sample. */
export function circumstancesOf(input: CircumstancesInput): Circumstances {
  const { config, allocation, newest, verdict, nowMs, maxDataAgeMs } = input
  const isMeasured = newest !== undefined && nowMs - newest.timestampMs <= maxDataAgeMs
  return {
    nowMs,
    localTimeMs: localTimeMs(nowMs),
    allocation,
    maxDataAgeMs,
    // An older API does not say; what is measured at this moment runs.
    isRunning: config.isRunning ?? (isMeasured ? true : undefined),
    lock: config.lock,
    isMigrating: config.lock === undefined ? undefined : config.lock === 'migrate',
    // Whether a request to the HA manager waits is not to be seen; without HA none can.
    isHaQueued: config.isHaManaged === false ? false : undefined,
    uptimeMs: config.uptimeMs,
    verdict,
  }
}

export interface VerdictInput {
  readonly verdict: AnomalyVerdict | undefined
  /** The verdict's features, in words. */
  readonly why: string
  readonly minConfidence: number
  /** What makes the newest sample a spike, in words; empty when it is none. */
  readonly spike: string
}

/** The verdict for the policy: that of the forests, or a spike as long as no forest can judge. */
export function verdictOf({ verdict, why, minConfidence, spike }: VerdictInput): Verdict | undefined {
  if (verdict !== undefined && verdict.source !== 'none') {
    const isAbnormal = verdict.isAnomalous && verdict.confidence >= minConfidence
    return { isAbnormal, confidence: verdict.confidence, why }
  }
  return spike === '' ? undefined : { isAbnormal: true, confidence: 0, why: spike }
}
