import type {
  AutoscaleError,
  ContainerSample,
  CycleSummary,
  FollowOutcome,
  MetricsCycle,
  ModelStatus,
} from '@lxc-autoscale/core'
import { FleetHistory } from '@lxc-autoscale/host'
import { ModelConfig } from '@lxc-autoscale/model'
import { AnomalyModel } from '../../packages/model/src/anomaly/anomaly-model.ts'
import { DEFAULT_ANOMALY_SETTINGS } from '../../packages/model/src/anomaly/anomaly-settings.ts'
import { ScalingClient } from '../../packages/model/src/client/scaling-client.ts'
import { AuditTrail } from '../../packages/model/src/cycle/audit-trail.ts'
import { Fleet } from '../../packages/model/src/cycle/fleet.ts'
import { SteadyTime } from '../../packages/model/src/cycle/steady-time.ts'
import { type CycleSettings, ModelCycle } from '../../packages/model/src/cycle.ts'
import type { MetricsSource, StateStore, StatusBoard } from '../../packages/model/src/ports.ts'
import type { LoadedSizers, SavedMoment, SavedSizer } from '../../packages/model/src/state/sizer-state.ts'
import type { Learned } from '../../packages/model/src/state/state-files.ts'
import { ModelTelemetry } from '../../packages/model/src/telemetry.ts'
import { sample, summary } from '../builders/snapshot.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeScalingApi } from './fake-scaling-api.ts'
import { recordingLog } from './recording-log.ts'
import { ScriptedPolicies } from './scripted-policy.ts'

/** No two models have the same name. */
let runs = 0

/** A metrics file in memory. */
class FakeSource implements MetricsSource {
  readonly waiting: MetricsCycle[] = []
  nextError: AutoscaleError | undefined

  async follow(use: (cycle: MetricsCycle) => void): Promise<FollowOutcome> {
    const { nextError } = this
    this.nextError = undefined
    if (nextError !== undefined) throw nextError
    const cycles = this.waiting.splice(0)
    for (const cycle of cycles) use(cycle)
    return { kind: cycles.length === 0 ? 'unchanged' : 'appended', cycles: cycles.length, badLines: 0, bytes: 0 }
  }
}

/** State that is kept in memory, as it would be on disk. */
export class FakeState implements StateStore {
  sizers: ReadonlyMap<number, SavedSizer> = new Map()
  moment: SavedMoment | undefined
  isLost = false
  forests: string[] = []
  nextError: Error | undefined
  /** As `nextError`, until it is taken away. */
  error: Error | undefined
  saves = 0

  loaded(): LoadedSizers {
    return { sizers: this.sizers, moment: this.moment, isLost: this.isLost }
  }

  async save({ sizers, forests, moment }: Learned): Promise<number> {
    const error = this.nextError ?? this.error
    this.nextError = undefined
    if (error !== undefined) throw error
    // As JSON, as a file would have it.
    this.sizers = new Map(JSON.parse(JSON.stringify([...sizers])))
    this.moment = moment
    this.isLost = false
    this.forests = [...forests]
    this.saves += 1
    return 1_000
  }
}

export interface FakeModelOptions {
  readonly clock?: FakeClock
  readonly api?: FakeScalingApi
  readonly state?: FakeState
  /** As in lxc_autoscale_ml.yaml. */
  readonly config?: Record<string, unknown>
  /** The policies of the product decide, instead of what the test says. */
  readonly hasRealPolicies?: boolean
  readonly settings?: Partial<CycleSettings>
  readonly maxRetries?: number
}

/** A model of which everything but the policies, the disk and the API is real. */
export class FakeModel {
  readonly clock: FakeClock
  readonly source = new FakeSource()
  /** Decides, unless the real policies do. */
  readonly scripted = new ScriptedPolicies()
  readonly api: FakeScalingApi
  readonly state: FakeState
  readonly telemetry = new ModelTelemetry()
  readonly recording = recordingLog()
  readonly client: ScalingClient
  readonly fleet: Fleet
  readonly history: FleetHistory
  readonly anomalies = new AnomalyModel(DEFAULT_ANOMALY_SETTINGS)
  readonly cycle: ModelCycle
  readonly settings: CycleSettings
  status: ModelStatus | undefined
  boardError: Error | undefined

  constructor(options: FakeModelOptions = {}) {
    this.clock = options.clock ?? new FakeClock()
    this.api = options.api ?? new FakeScalingApi()
    this.state = options.state ?? new FakeState()
    this.api.clock = this.clock
    const loaded = this.state.loaded()
    const time = new SteadyTime(this.clock, loaded.moment)
    this.client = new ScalingClient({
      transport: this.api,
      clock: this.clock,
      random: () => 0,
      retry: { maxRetries: options.maxRetries ?? 0, delayMs: 1_000 },
      breaker: { isEnabled: true, failureThreshold: 5, timeoutMs: 300_000 },
      maxConcurrent: 10,
    })
    this.settings = {
      api: this.client,
      apiUrl: 'http://127.0.0.1:5000',
      metricsFile: '/var/log/lxc_metrics.json',
      intervalMs: 60_000,
      isDryRun: false,
      maxDataAgeMs: undefined,
      windowMs: DEFAULT_ANOMALY_SETTINGS.windowMs,
      saveIntervalMs: 600_000,
      longestWaitMs: 86_400_000,
      ...options.settings,
    }
    const board: StatusBoard = {
      show: async status => {
        if (this.boardError !== undefined) throw this.boardError
        this.status = status
      },
    }
    this.fleet = new Fleet({
      config: ModelConfig.parse(options.config ?? {}),
      hostSize: { cores: undefined, memoryMb: undefined, memoryAvailableMb: undefined },
      saved: loaded,
      time,
      ...(options.hasRealPolicies ? {} : { policiesOf: this.scripted.of }),
    })
    this.history = new FleetHistory(loaded.sizers, clockMs => time.ofClock(clockMs))
    this.cycle = new ModelCycle(
      {
        source: this.source,
        history: this.history,
        anomalies: this.anomalies,
        fleet: this.fleet,
        state: this.state,
        board,
        trail: new AuditTrail(time),
        telemetry: this.telemetry,
        clock: this.clock,
        time,
        log: this.recording.log,
        runName: (this.clock.nowMs() * 1_000 + runs++).toString(16).padStart(16, '0'),
        pid: 4_711,
      },
      this.settings,
    )
  }

  /** The monitor measures the containers at this moment. */
  measure(containers: Readonly<Record<number, Partial<ContainerSample>>>, host: Partial<CycleSummary> = {}): void {
    const timestampMs = this.clock.nowMs()
    const samples = Object.entries(containers).map(([vmid, fields]): [number, ContainerSample] => [
      Number(vmid),
      sample({ timestampMs, ...fields }),
    ])
    this.source.waiting.push({
      containers: new Map(samples),
      summary: summary({ collectionStartMs: timestampMs, collectionEndMs: timestampMs + 5, ...host }),
    })
  }

  run() {
    return this.cycle.run(new AbortController().signal)
  }

  /** A cycle during which time passes, as it does while an answer is waited for. */
  async runPatiently(mostMs = 600_000) {
    let isOver = false
    const report = this.run().finally(() => {
      isOver = true
    })
    for (let passedMs = 0; !isOver && passedMs < mostMs; passedMs += 500) await this.clock.advance(500)
    return report
  }
}
