import type { NewSample } from '@lxc-autoscale/host'
import type { AnomalySettings } from './anomaly-settings.ts'
import type { AnomalyVerdict } from './anomaly-verdict.ts'
import { ContainerModel } from './container-model.ts'
import { FleetDetector } from './fleet-detector.ts'
import { formatModel, parseModel, type SavedContainer, type SavedModel } from './saved-model.ts'

const DEFAULT_MAX_FITS = 8
/** Fewer containers say nothing about what containers do. */
const SMALLEST_FLEET = 5
/** Of a cycle that is observed, one container in so many (at least one container) may get its first forest. */
const CONTAINERS_PER_FIRST_FIT = 200
/** Containers whose samples of a cycle the fleet learns; others each time. */
const ROWS_FOR_FLEET = 8

export interface ModelCounts {
  readonly containers: number
  readonly withOwnForests: number
  /** Forests kept, those of the fleet included. */
  readonly forests: number
  readonly samplesSeen: number
  readonly samplesLearned: number
  /** Samples whose verdict was that they are anomalies. */
  readonly samplesFlagged: number
  /** Alarms begun; anomalies less than half an hour apart are one. */
  readonly alarms: number
}

export interface RefitOutcome {
  readonly fitted: number
  /** Forests that are due all the same, and wait for the next cycle. */
  readonly due: number
}

/** Features and forests of all containers: feed it the new samples of each cycle, ask it for verdicts. */
export class AnomalyModel {
  readonly #settings: AnomalySettings
  readonly #containers = new Map<number, ContainerModel>()
  /** Those without a forest of their own, and some that have got it since. */
  readonly #unfitted = new Set<ContainerModel>()
  /** Learned before a restart; taken up by the first sample of each container's run. */
  readonly #saved: Map<number, SavedContainer>
  readonly #fleet: FleetDetector
  /** Time of the newest sample. */
  #newestMs: number | undefined
  /** Whose turn it is to be learned by the fleet. */
  #turn: number
  #samplesSeen = 0
  #samplesLearned = 0
  #samplesFlagged = 0
  #pastAlarms = 0

  constructor(settings: AnomalySettings, saved?: SavedModel) {
    this.#settings = settings
    this.#saved = new Map([...(saved?.containers ?? [])].map(each => [each.vmid, each]))
    this.#fleet = new FleetDetector(settings, saved?.fleet)
    this.#turn = saved?.turn ?? 0
  }

  /** The verdict on the newest sample. */
  verdict(vmid: number): AnomalyVerdict | undefined {
    return this.#containers.get(vmid)?.verdict
  }

  /**
   * Judges the new samples of a cycle, then learns from them.
   * @param nowMs wall clock: with it, samples many hours old are learned from without being judged
   */
  observe(samples: readonly NewSample[], nowMs?: number): void {
    if (samples.length === 0) return
    samples.forEach((each, place) => {
      const isForFleet = (place + this.#turn) % samples.length < ROWS_FOR_FLEET
      this.#newestMs = Math.max(this.#newestMs ?? each.timeMs, each.timeMs)
      this.#observe(each, isForFleet, nowMs ?? each.sample.timestampMs)
    })
    this.#turn += ROWS_FOR_FLEET
    if (this.#newestMs !== undefined) this.#fitFirst(this.#newestMs)
  }

  /** Takes a sample that was learned before a restart: only what follows from it for the next ones is of use. */
  recall(each: NewSample): void {
    const container = this.#containers.get(each.vmid) ?? this.#takeUp(each)
    container?.recall(each)
  }

  /**
   * Call it when a change of ours was made: the container is neither judged nor learned from until it has settled.
   * @param timeMs when, by the time of the history
   */
  noteChange(vmid: number, timeMs: number): void {
    this.#containers.get(vmid)?.noteChange(timeMs)
  }

  /** Grows the forests that are due, those that wait longest first, but not more than `maxFits`. */
  refitDue({ maxFits = DEFAULT_MAX_FITS }: { readonly maxFits?: number } = {}): RefitOutcome {
    const nowMs = this.#newestMs
    if (nowMs === undefined) return { fitted: 0, due: 0 }
    const isFleetDue = maxFits > 0 && this.#isFleetDue(nowMs)
    if (isFleetDue) this.#fleet.fit(nowMs)
    const due = [...this.#containers.values()].filter(({ detector }) => detector.isFitDue(nowMs))
    due.sort((a, b) => (a.detector.fittedMs ?? 0) - (b.detector.fittedMs ?? 0))
    const taken = due.slice(0, maxFits - Number(isFleetDue))
    for (const { detector } of taken) detector.fit(nowMs)
    return { fitted: taken.length + Number(isFleetDue), due: due.length - taken.length }
  }

  /** These containers are gone. */
  forget(vmids: Iterable<number>): void {
    for (const vmid of vmids) this.#forget(vmid)
  }

  counts(): ModelCounts {
    const containers = [...this.#containers.values()]
    const sum = (of: (container: ContainerModel) => number) => containers.reduce((total, each) => total + of(each), 0)
    return {
      containers: containers.length,
      withOwnForests: sum(({ detector }) => Number(detector.forestCount > 0)),
      forests: this.#fleet.forestCount + sum(({ detector }) => detector.forestCount),
      samplesSeen: this.#samplesSeen,
      samplesLearned: this.#samplesLearned,
      samplesFlagged: this.#samplesFlagged,
      alarms: this.#pastAlarms + sum(({ alarms }) => alarms),
    }
  }

  /** What was learned, as lines of text for `restore`. */
  *serialise(): Generator<string> {
    yield* formatModel({ containers: this.#contents(), fleet: this.#fleet.contents(), turn: this.#turn })
  }

  /**
   * A model that goes on where the saved one was.
   * @throws {AutoscaleError} STATE_INVALID when the lines are damaged or of another version.
   */
  static restore(settings: AnomalySettings, lines: Iterable<string>): AnomalyModel {
    return new AnomalyModel(settings, parseModel(lines))
  }

  /* What nothing has been seen of since a restart is kept for the next one, as long as the window is. */
  *#contents(): Generator<SavedContainer> {
    const oldestMs = (this.#newestMs ?? Number.NEGATIVE_INFINITY) - this.#settings.windowMs
    for (const saved of this.#saved.values()) if (saved.newestMs >= oldestMs) yield saved
    for (const container of this.#containers.values()) yield container.saved()
  }

  #observe(each: NewSample, isForFleet: boolean, nowMs: number): void {
    const container = this.#container(each)
    this.#samplesSeen++
    const ageMs = nowMs - each.sample.timestampMs
    if (container.observe(each, { fleet: this.#fleet, isForFleet, ageMs })) this.#samplesLearned++
    if (container.isAnomalous) this.#samplesFlagged++
  }

  /** The model of the run that the sample belongs to. */
  #container({ vmid, sample, isNewRun }: NewSample): ContainerModel {
    const known = isNewRun ? undefined : this.#containers.get(vmid)
    if (known !== undefined) return known
    this.#forget(vmid)
    return this.#begin(vmid, this.#takeSaved(vmid, sample.runId))
  }

  #takeUp({ vmid, sample }: NewSample): ContainerModel | undefined {
    const saved = this.#takeSaved(vmid, sample.runId)
    return saved && this.#begin(vmid, saved)
  }

  #begin(vmid: number, saved: SavedContainer | undefined): ContainerModel {
    const container = new ContainerModel(this.#settings, vmid, saved)
    this.#containers.set(vmid, container)
    this.#unfitted.add(container)
    return container
  }

  #takeSaved(vmid: number, runId: number | undefined): SavedContainer | undefined {
    const saved = this.#saved.get(vmid)
    const isOtherRun = saved?.runId !== undefined && runId !== undefined && saved.runId !== runId
    if (saved === undefined || isOtherRun) return undefined
    this.#saved.delete(vmid)
    return saved
  }

  #fitFirst(nowMs: number): void {
    if (this.#fleet.forestCount === 0 && this.#isFleetDue(nowMs)) this.#fleet.fit(nowMs)
    let left = Math.ceil(this.#containers.size / CONTAINERS_PER_FIRST_FIT)
    for (const container of this.#unfitted) {
      if (left === 0) return
      const { detector } = container
      if (detector.forestCount > 0) this.#unfitted.delete(container)
      else if (detector.isFitDue(nowMs)) {
        detector.fit(nowMs)
        left--
      }
    }
  }

  #isFleetDue(nowMs: number): boolean {
    return this.#containers.size >= SMALLEST_FLEET && this.#fleet.isFitDue(nowMs)
  }

  #forget(vmid: number): void {
    const container = this.#containers.get(vmid)
    if (container === undefined) return
    this.#pastAlarms += container.alarms
    this.#containers.delete(vmid)
    this.#unfitted.delete(container)
  }
}
