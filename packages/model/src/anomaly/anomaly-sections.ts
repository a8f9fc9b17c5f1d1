import { MS_PER_HOUR, MS_PER_SECOND } from '@lxc-autoscale/core'
import { z } from 'zod'
import { type AnomalySettings, DEFAULT_ANOMALY_SETTINGS } from './anomaly-settings.ts'

/** The section `model` of lxc_autoscale_ml.yaml. */
export const ForestSection = z.strictObject({
  contamination: z
    .union([z.literal('auto'), z.number().gt(0).max(0.5)])
    .default('auto')
    .describe('Share of samples to call anomalies (0-0.5); auto = as few as anomaly_detection.alarms_per_week allows.'),
  n_estimators: z
    .int()
    .min(4)
    .max(1_000)
    .default(DEFAULT_ANOMALY_SETTINGS.nEstimators)
    .describe('Trees per container.'),
  max_samples: z
    .union([z.literal('auto'), z.number().gt(0).max(1), z.int().min(2).max(10_000)])
    .default('auto')
    .describe('Samples each tree learns from: auto = 128, a number, or a share of all.'),
  random_state: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(DEFAULT_ANOMALY_SETTINGS.randomState)
    .describe('Seed: the same data and seed give the same verdicts.'),
})
export type ForestSection = z.output<typeof ForestSection>

/** The section `anomaly_detection` of lxc_autoscale_ml.yaml. */
export const AnomalySection = z
  .strictObject({
    min_history_hours: z
      .number()
      .min(0.5)
      .max(168)
      .default(DEFAULT_ANOMALY_SETTINGS.minHistoryMs / MS_PER_HOUR)
      .describe('Hours of history before a container is judged by itself; until then by the other containers.'),
    window_hours: z
      .number()
      .min(2)
      .max(720)
      .default(DEFAULT_ANOMALY_SETTINGS.windowMs / MS_PER_HOUR)
      .describe('Hours back that forests learn from; a container not seen for this long is forgotten.'),
    window_entries: z
      .int()
      .min(128)
      .max(10_000)
      .default(DEFAULT_ANOMALY_SETTINGS.windowEntries)
      .describe('Samples kept per container to learn from, spread over the window.'),
    generations: z
      .int()
      .min(1)
      .max(16)
      .default(DEFAULT_ANOMALY_SETTINGS.generations)
      .describe('Forests of different ages that have to agree on an anomaly.'),
    alarms_per_week: z
      .number()
      .gt(0)
      .max(1_000)
      .default(DEFAULT_ANOMALY_SETTINGS.alarmsPerWeek)
      .describe('Alarms per container and week to allow while nothing is wrong; sets the alarm score.'),
    settle_seconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(DEFAULT_ANOMALY_SETTINGS.settleMs / MS_PER_SECOND)
      .describe('Seconds after a change of its size in which a container is neither judged nor learned from.'),
  })
  .refine(section => section.min_history_hours <= section.window_hours, {
    path: ['min_history_hours'],
    error: 'has to be at most window_hours',
  })
export type AnomalySection = z.output<typeof AnomalySection>

/** @param sections.rollingWindow `spike_detection.rolling_window` */
export function anomalySettings(sections: {
  readonly forest: ForestSection
  readonly anomaly: AnomalySection
  readonly rollingWindow: number
}): AnomalySettings {
  const { forest, anomaly, rollingWindow } = sections
  return {
    rollingWindow,
    nEstimators: forest.n_estimators,
    maxSamples: forest.max_samples,
    contamination: forest.contamination,
    randomState: forest.random_state,
    minHistoryMs: anomaly.min_history_hours * MS_PER_HOUR,
    windowMs: anomaly.window_hours * MS_PER_HOUR,
    windowEntries: anomaly.window_entries,
    generations: anomaly.generations,
    alarmsPerWeek: anomaly.alarms_per_week,
    settleMs: anomaly.settle_seconds * MS_PER_SECOND,
  }
}
