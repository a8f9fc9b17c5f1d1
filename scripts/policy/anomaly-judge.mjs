import { FleetHistory } from '@lxc-autoscale/host'
import { AnomalyModel, actedOn, anomalySettings } from '@lxc-autoscale/model'
import { DEFAULTS } from './settings.mjs'

const VMID = 100
const HOUR_MS = 3_600_000
/** Abnormal spells nearer to each other are one alarm, as in the model. */
const CALM_MS = HOUR_MS / 2
const SETTINGS = anomalySettings({
  forest: DEFAULTS.model,
  anomaly: DEFAULTS.anomaly_detection,
  rollingWindow: DEFAULTS.spike_detection.rolling_window,
})

/** The way of a sample through history, features, forests and alarm, as a cycle joins them; keeps every verdict. */
export class Judge {
  #history = new FleetHistory()
  #model = new AnomalyModel(SETTINGS)
  timesMs = []
  /** What sizing would have heard. */
  isAbnormal = []
  /** Undefined while no forest judges. */
  scores = []

  observe(sample) {
    this.#model.observe(this.#history.add({ containers: new Map([[VMID, sample]]), summary: undefined }))
    this.#model.refitDue()
    const verdict = this.#model.verdict(VMID)
    this.timesMs.push(sample.timestampMs)
    this.isAbnormal.push(actedOn(verdict, DEFAULTS.scaling.min_confidence)?.isAbnormal ?? false)
    this.scores.push(verdict?.score)
  }

  noteChange(timeMs) {
    this.#model.noteChange(VMID, timeMs)
  }

  get isJudged() {
    return this.scores.map(score => score !== undefined)
  }

  /** Places at which an alarm begins. */
  get alarms() {
    let lastMs = Number.NEGATIVE_INFINITY
    return this.#abnormalPlaces().filter(place => {
      const isNew = this.timesMs[place] - lastMs > CALM_MS
      lastMs = this.timesMs[place]
      return isNew
    })
  }

  /** Whether there was an abnormal sample in the hour that ends with each. */
  get isAnnounced() {
    let lastMs = Number.NEGATIVE_INFINITY
    return this.isAbnormal.map((is, place) => {
      if (is) lastMs = this.timesMs[place]
      return this.timesMs[place] - lastMs <= HOUR_MS
    })
  }

  #abnormalPlaces() {
    return [...this.isAbnormal.keys()].filter(place => this.isAbnormal[place])
  }
}

/** The same values, later by `share` of all, those at the end first. */
export function moved(values, share) {
  const by = values.length - Math.floor(share * values.length)
  return [...values.slice(by), ...values.slice(0, by)]
}

export function count(values) {
  return values.filter(Boolean).length
}
