import { beside } from '@lxc-autoscale/core'
import type { AnomalyVerdict } from './anomaly-verdict.ts'

const PERCENT = 100

/** What made a sample strange, in words; empty when it is not. */
export function describeVerdict({ isAnomalous, score, alarmScore, topFeatures, source }: AnomalyVerdict): string {
  if (!isAnomalous || score === undefined || alarmScore === undefined) return ''
  const shares = topFeatures.map(({ name, share }) => `${name} ${Math.round(share * PERCENT)}%`).join(', ')
  const whose = source === 'fleet' ? 'unlike the other containers' : 'unlike itself'
  const alarm = Math.floor(100 * alarmScore) / 100
  // An alarm lasts until the score is well below.
  return `${whose}: score ${beside(score, [alarm], 2)} ${score > alarm ? 'above' : 'still near'} ${alarm} (${shares})`
}
