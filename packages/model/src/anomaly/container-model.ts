import { MS_PER_HOUR, MS_PER_MINUTE } from '@lxc-autoscale/core'
import type { NewSample } from '@lxc-autoscale/host'
import { FEATURE_NAMES, type FeatureName } from '../features/feature-definitions.ts'
import { FeatureExtractor } from '../features/feature-extractor.ts'
import { AlarmWatch, type Judgement } from './alarm-watch.ts'
import type { AnomalySettings } from './anomaly-settings.ts'
import type { AnomalyVerdict, FeatureShare } from './anomaly-verdict.ts'
import { ContainerDetector } from './container-detector.ts'
import { type FleetDetector, FleetMember } from './fleet-detector.ts'
import { MODEL_COLUMNS, MODEL_FEATURES, modelRow } from './model-row.ts'
import type { SavedContainer } from './saved-model.ts'

const TOP_FEATURES = 3
/** Seeds of containers lie so far apart that their forests never share one. */
const SEEDS_PER_CONTAINER = 100_000

/**
 * Samples older than this, read from the file after a start, are learned from but not judged: that takes most of the time, and these are enough to
 * set alarm scores.
 */
const LONGEST_JUDGED_MS = 6 * MS_PER_HOUR
const LONGEST_JUDGED_BY_FLEET_MS = 30 * MS_PER_MINUTE

/* The rows of the sample that is looked at, of whatever container: what is kept of them is copied. */
const featureRow = new Float64Array(FEATURE_NAMES.length)
const judgedRow = new Float64Array(MODEL_COLUMNS)

export interface ObserveOptions {
  readonly fleet: FleetDetector
  /** The fleet is to learn the sample too. */
  readonly isForFleet: boolean
  /** How long ago the sample was taken. */
  readonly ageMs: number
}

/** Everything known about one run of one container: features, forests, and the verdict on its newest sample. */
export class ContainerModel {
  readonly vmid: number
  readonly detector: ContainerDetector
  readonly #settings: AnomalySettings
  readonly #extractor: FeatureExtractor
  readonly #watch: AlarmWatch
  readonly #member: FleetMember
  #runId: number | undefined
  #newestMs: number
  #verdict: AnomalyVerdict | undefined
  #settledMs = Number.NEGATIVE_INFINITY
  /** What it was allowed in the newest sample that says it. */
  #cores: number | undefined
  #memoryMb: number | undefined

  /** @param saved what `saved()` gave before a restart */
  constructor(settings: AnomalySettings, vmid: number, saved?: SavedContainer) {
    this.vmid = vmid
    this.#settings = settings
    const seed = settings.randomState + vmid * SEEDS_PER_CONTAINER
    this.detector = new ContainerDetector(settings, seed, saved?.contents)
    this.#newestMs = saved?.newestMs ?? Number.NEGATIVE_INFINITY
    this.#runId = saved?.runId
    this.#extractor = new FeatureExtractor(settings.rollingWindow)
    this.#watch = new AlarmWatch(settings.rollingWindow)
    this.#member = new FleetMember(settings.rollingWindow)
  }

  /** Of the newest sample. */
  get verdict(): AnomalyVerdict {
    return this.#verdict ?? this.#unjudged()
  }

  get isAnomalous(): boolean {
    return this.#verdict?.isAnomalous ?? false
  }

  get alarms(): number {
    return this.#watch.alarms + this.#member.watch.alarms
  }

  /** The allocation changes at `timeMs`: until it has settled, samples are neither judged nor learned. */
  noteChange(timeMs: number): void {
    this.#settledMs = Math.max(this.#settledMs, timeMs + this.#settings.settleMs)
  }

  /** Judges a sample, then learns from it. Says whether it is learned from. */
  observe(each: NewSample, { fleet, isForFleet, ageMs }: ObserveOptions): boolean {
    const { sample, timeMs } = each
    this.#extractor.push(each)
    this.#noticeChange(each)
    this.#runId = sample.runId ?? this.#runId
    this.#newestMs = timeMs
    this.#verdict = undefined
    const isSettling = timeMs < this.#settledMs
    if (each.isAfterGap || isSettling) this.#interrupt()
    if (isSettling) return false
    const isJudged = ageMs <= LONGEST_JUDGED_MS
    if (!isJudged && !isForFleet && !this.detector.wants(timeMs)) return true
    const features = this.#extractor.row(each, featureRow)
    const row = modelRow(features, sample.cpuCores, judgedRow)
    if (isJudged) this.#verdict = this.#judge(row, timeMs, { fleet, ageMs })
    return this.#learn(row, timeMs, isForFleet ? fleet : undefined)
  }

  saved(): SavedContainer {
    return { vmid: this.vmid, runId: this.#runId, newestMs: this.#newestMs, contents: this.detector.contents() }
  }

  #judge(
    row: Float64Array,
    timeMs: number,
    { fleet, ageMs }: { readonly fleet: FleetDetector; readonly ageMs: number },
  ): AnomalyVerdict | undefined {
    const verdict = this.#judgeByOwn(row, timeMs)
    return verdict ?? (ageMs <= LONGEST_JUDGED_BY_FLEET_MS ? this.#judgeByFleet(row, timeMs, fleet) : undefined)
  }

  #learn(row: Float64Array, timeMs: number, fleet: FleetDetector | undefined): boolean {
    const isStrange = this.#watch.isAlarmed || this.#member.watch.isAlarmed
    if (!isStrange) {
      const pooled = fleet && this.#member.standardised(row)
      if (pooled !== undefined) fleet?.learn(pooled, timeMs)
      this.#member.learn(row)
    }
    return this.detector.learn(row, timeMs, isStrange)
  }

  #judgeByOwn(row: Float64Array, timeMs: number): AnomalyVerdict | undefined {
    const judgement = this.detector.judge(row, timeMs, this.#watch)
    if (judgement === undefined) return undefined
    // The fleet's judgement ends here, with whatever alarm it had.
    this.#member.watch.dismiss()
    return this.#judged({ judgement, timeMs, source: 'container', explain: () => this.detector.explain(row) })
  }

  #judgeByFleet(row: Float64Array, timeMs: number, fleet: FleetDetector): AnomalyVerdict | undefined {
    if (fleet.forestCount === 0) return undefined
    const pooled = this.#member.standardised(row)
    const judgement = pooled && fleet.judge(pooled, timeMs, this.#member)
    if (pooled === undefined || judgement === undefined) return undefined
    return this.#judged({ judgement, timeMs, source: 'fleet', explain: () => fleet.explain(pooled) })
  }

  #judged(judged: {
    readonly judgement: Judgement
    readonly timeMs: number
    readonly source: 'container' | 'fleet'
    readonly explain: () => Float64Array
  }): AnomalyVerdict {
    const { judgement, timeMs, source, explain } = judged
    const topFeatures = judgement.isAnomalous ? largestShares(explain()) : []
    return { vmid: this.vmid, timeMs, ...judgement, topFeatures, source }
  }

  #unjudged(): AnomalyVerdict {
    return {
      vmid: this.vmid,
      timeMs: this.#newestMs,
      isAnomalous: false,
      score: undefined,
      alarmScore: undefined,
      confidence: 0,
      topFeatures: [],
      source: 'none',
    }
  }

  #noticeChange({ sample: { cpuCores, memoryLimitMb }, timeMs }: NewSample): void {
    const isMoved = isOther(this.#cores, cpuCores) || isOther(this.#memoryMb, memoryLimitMb)
    this.#cores = cpuCores ?? this.#cores
    this.#memoryMb = memoryLimitMb ?? this.#memoryMb
    if (isMoved) this.noteChange(timeMs)
  }

  #interrupt(): void {
    this.#watch.interrupt()
    this.#member.watch.interrupt()
  }
}

function isOther(before: number | undefined, now: number | undefined): boolean {
  return before !== undefined && now !== undefined && before !== now
}

function largestShares(shares: Float64Array): readonly FeatureShare[] {
  const named: { readonly name: FeatureName; readonly share: number }[] = []
  MODEL_FEATURES.forEach((name, column) => {
    const share = shares[column] ?? 0
    if (share > 0) named.push({ name, share })
  })
  return named.sort((a, b) => b.share - a.share).slice(0, TOP_FEATURES)
}
