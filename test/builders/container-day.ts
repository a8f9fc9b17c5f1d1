import type { ContainerSample } from '@lxc-autoscale/core'
import { FleetHistory } from '@lxc-autoscale/host'
import { ModelConfig } from '@lxc-autoscale/model'
import { AnomalyModel } from '../../packages/model/src/anomaly/anomaly-model.ts'
import { DEFAULT_ANOMALY_SETTINGS } from '../../packages/model/src/anomaly/anomaly-settings.ts'
import { actedOn } from '../../packages/model/src/cycle/acted-on.ts'
import { circumstancesOf } from '../../packages/model/src/cycle/circumstances.ts'
import { Fleet } from '../../packages/model/src/cycle/fleet.ts'
import type { Allocation, Decision } from '../../packages/model/src/policy/decision.ts'
import { MONDAY_MS } from './sizing.ts'
import { sample, summary } from './snapshot.ts'

const MINUTE_MS = 60_000
/** What is tried here does not depend on how many there are. */
const FEW_TREES = { ...DEFAULT_ANOMALY_SETTINGS, nEstimators: 8, maxSamples: 64 }
const UNKNOWN = { cores: undefined, memoryMb: undefined, memoryAvailableMb: undefined }

/** What a container wants in a minute. */
export interface Wanted {
  readonly cores: number
  readonly memoryMb: number
}

/** A sample that is put between two others. */
export interface Inserted {
  readonly minute: number
  readonly figures: (usual: ContainerSample) => Partial<ContainerSample>
}

/**
 * Everything that learns of one container, joined as a cycle joins it: history, forests, policy and safety rules. A
 * sample a minute, a decision on each; what is decided is in force from the next one on.
 */
export class ContainerDay {
  readonly #history = new FleetHistory()
  readonly #anomalies = new AnomalyModel(FEW_TREES)
  readonly #fleet: Fleet
  #allocation: Allocation
  #nowMs = MONDAY_MS
  refused = 0

  constructor(policy: string, allocation: Allocation) {
    const config = ModelConfig.parse({ scaling: { policy, learning_hours: 0, max_changes_per_hour: 60 } })
    const saved = { sizers: new Map(), isLost: false }
    const time = { nowMs: () => this.#nowMs, ofClock: (clockMs: number) => clockMs }
    this.#fleet = new Fleet({ config, hostSize: UNKNOWN, saved, time })
    this.#allocation = allocation
  }

  /** The decisions of all minutes. */
  live(wanted: readonly Wanted[], inserted?: Inserted): Decision[] {
    return wanted.map((want, minute) => {
      const timestampMs = MONDAY_MS + minute * MINUTE_MS
      const usual = this.#sample(want, timestampMs)
      if (inserted?.minute === minute) {
        const early = timestampMs - MINUTE_MS / 2
        this.#observe({ ...usual, ...inserted.figures(usual), timestampMs: early }, early)
      }
      this.#observe(usual, timestampMs)
      const decision = this.#decide(timestampMs, want)
      this.#allocation = decision.to
      if (decision.cores !== 'keep' || decision.memory !== 'keep') this.#sizer.applied(decision.to, timestampMs)
      return decision
    })
  }

  get #sizer() {
    return this.#fleet.meet(101).sizer
  }

  #sample({ cores, memoryMb }: Wanted, timestampMs: number): ContainerSample {
    const { cores: allowed = 1, memoryMb: limitMb = 64 } = this.#allocation
    const used = Math.min(cores, allowed)
    return sample({
      timestampMs,
      cpuCores: allowed,
      cpuCoresUsed: used,
      cpuUsagePercent: (100 * used) / allowed,
      memoryLimitMb: limitMb,
      memoryUsageMb: Math.min(memoryMb, limitMb),
    })
  }

  #observe(measured: ContainerSample, nowMs: number): void {
    this.#nowMs = nowMs
    const cycle = { containers: new Map([[101, measured]]), summary: summary({ hostMemoryAvailableMb: 30_000 }) }
    if (cycle.summary !== undefined) {
      this.#fleet.setHost({ cores: 8, memoryMb: 32_768, memoryAvailableMb: 30_000 })
    }
    const samples = this.#history.add(cycle, nowMs, { refuse: () => this.refused++ })
    this.#anomalies.observe(samples, nowMs)
    for (const each of samples) this.#fleet.observe(each)
    this.#anomalies.refitDue()
  }

  #decide(nowMs: number, { memoryMb }: Wanted): Decision {
    const container = this.#fleet.meet(101)
    return container.sizer.decide(
      circumstancesOf({
        config: {
          vmid: 101,
          name: 'web',
          tags: [],
          isRunning: true,
          isTemplate: false,
          lock: '',
          isHaManaged: false,
          haBusy: undefined,
          balancerHoldMs: undefined,
          uptimeMs: 3_600_000,
          cores: this.#allocation.cores ?? null,
          cpuLimit: null,
          memoryMb: this.#allocation.memoryMb ?? null,
          swapMb: null,
          leastMemoryMb: memoryMb + 32,
          rawCores: undefined,
          rawMemory: undefined,
          steering: {
            pausedUntilMs: undefined,
            isAllPaused: false,
            mode: undefined,
            boost: undefined,
            problem: undefined,
          },
        },
        allocation: this.#allocation,
        container,
        verdict: actedOn(this.#anomalies.verdict(101), container.sizer.settings.scaling.min_confidence),
        nowMs,
        clockMs: nowMs,
        askedMs: nowMs,
        isHistoryKnown: true,
        maxDataAgeMs: 3 * MINUTE_MS,
      }),
    )
  }
}
