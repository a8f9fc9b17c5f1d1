import type { AnomalyVerdict } from '../anomaly/anomaly-verdict.ts'
import { describeVerdict } from '../anomaly/describe-verdict.ts'
import type { Verdict } from '../policy/decision.ts'

/** What sizing hears of what the forests say; undefined when none of them judges. */
export function actedOn(verdict: AnomalyVerdict | undefined, minConfidence: number): Verdict | undefined {
  if (verdict === undefined || verdict.source === 'none') return undefined
  const { isAnomalous, confidence } = verdict
  return { isAbnormal: isAnomalous && confidence >= minConfidence, confidence, why: describeVerdict(verdict) }
}
