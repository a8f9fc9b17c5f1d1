import { FleetHistory } from '@lxc-autoscale/host'
import { AnomalyModel } from '../../packages/model/src/anomaly/anomaly-model.ts'
import { type AnomalySettings, DEFAULT_ANOMALY_SETTINGS } from '../../packages/model/src/anomaly/anomaly-settings.ts'
import type { AnomalyVerdict } from '../../packages/model/src/anomaly/anomaly-verdict.ts'
import { type Shape, Workload } from './workload.ts'

export const HOUR_S = 3_600
export const DAY_S = 86_400
export const WEEK_S = 604_800

export interface AnomalyRun {
  readonly shape: Shape
  readonly seed?: number
  readonly everySeconds: number
  readonly seconds: number
  readonly settings?: Partial<AnomalySettings>
  readonly onVerdict?: (seconds: number, verdict: AnomalyVerdict) => void
}

/** Lets a model watch one container for so long, and refit in each cycle. */
export function watch({ shape, seed = 1, everySeconds, seconds, settings = {}, onVerdict }: AnomalyRun): AnomalyModel {
  const model = new AnomalyModel({ ...DEFAULT_ANOMALY_SETTINGS, randomState: seed, ...settings })
  const history = new FleetHistory()
  const workload = new Workload(shape, seed)
  for (let at = 0; at < seconds; at += everySeconds) {
    model.observe(history.add({ containers: new Map([[101, workload.at(at)]]), summary: undefined }))
    model.refitDue()
    const verdict = model.verdict(101)
    if (verdict !== undefined) onVerdict?.(at, verdict)
  }
  return model
}
