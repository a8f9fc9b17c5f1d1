import { randomBytes } from 'node:crypto'
import {
  type ContainerSample,
  type CycleSummary,
  formatCycle,
  type HistoryEntryBody,
  MS_PER_DAY,
  MS_PER_HOUR,
  MS_PER_MINUTE,
} from '@lxc-autoscale/core'
import { FleetHistory } from '@lxc-autoscale/host'
import {
  AnomalyModel,
  anomalySettings,
  ContainerSizer,
  containerSettings,
  type ModelConfig,
} from '@lxc-autoscale/model'
import type { ContainerState } from '../engine/container-state.ts'
import type { DemoContainer } from './demo-containers.ts'
import { PastContainer, type PastMoment } from './past-container.ts'
import type { Size } from './sample-of.ts'

/** What the demo begins with. */
export interface MadeUpPast {
  /** The cycles of the monitor, oldest first. */
  readonly cycles: readonly PastCycle[]
  /** The changes that were made, oldest first. */
  readonly changes: readonly HistoryEntryBody[]
  readonly containers: ReadonlyMap<number, Left>
  readonly anomalies: AnomalyModel
  /** When the model was stopped. */
  readonly stoppedMs: number
}

/** What is left of a container's past. */
export interface Left {
  readonly size: Size
  readonly state: ContainerState
  readonly processes: number
  readonly sizer: ContainerSizer
}

export interface PastCycle {
  readonly timeMs: number
  readonly samples: ReadonlyMap<number, ContainerSample>
}

export interface PastSpec {
  readonly containers: readonly DemoContainer[]
  readonly seed: number
  readonly host: { readonly cores: number; readonly memoryMb: number }
  readonly config: ModelConfig
  /** When it ends and the demo begins. */
  readonly endMs: number
}

/** The model was stopped for so long before the demo begins, so that what is due shows within the demo. */
const MODEL_STOPPED_MS = 50 * MS_PER_MINUTE
/** Forests look back no further than a day; of what is older half as many cycles are kept. */
const RECENT_MS = 36 * MS_PER_HOUR

/** How far back a past reaches, how often the model looks and decides in it, and how far apart the newer cycles are that are kept. */
interface PastSpan {
  readonly reachMs: number
  readonly lookMs: number
  readonly keptMs: number
}

/** Less of it where there are many containers to wait for. */
export function pastSpan(containers: number): PastSpan {
  const reachMs = (containers <= 16 ? 5 : 3) * MS_PER_DAY
  if (containers <= 16) return { reachMs, lookMs: 2.5 * MS_PER_MINUTE, keptMs: 5 * MS_PER_MINUTE }
  const lookMs = (containers <= 60 ? 2 : 10) * MS_PER_MINUTE
  return { reachMs, lookMs, keptMs: 5 * lookMs }
}

/**
 * Days in which the model looked after the containers of the demo: their loads went as fast as the clock, and the sizes are those that
 * its policy and its rules gave them. An hour before the demo begins the model was stopped, the monitor was not.
 */
export function makeUpPast(spec: PastSpec): MadeUpPast {
  const { containers, endMs, config } = spec
  const { reachMs, lookMs, keptMs } = pastSpan(containers.length)
  const stoppedMs = endMs - MODEL_STOPPED_MS
  const runName = randomBytes(8).toString('hex')
  const past = containers.map(container => {
    const sizer = new ContainerSizer({ vmid: container.vmid, settings: settingsOf(container, spec) })
    return new PastContainer({ container, hostSeed: spec.seed, sizer, endMs, runName })
  })
  const anomalies = new AnomalyModel(
    anomalySettings({
      forest: config.model,
      anomaly: config.anomaly_detection,
      rollingWindow: config.spike_detection.rolling_window,
    }),
  )
  const history = new FleetHistory()
  const cycles: PastCycle[] = []
  let dueMs = endMs - reachMs
  for (let timeMs = dueMs; timeMs < endMs; timeMs += lookMs) {
    const moment = { timeMs, localTimeMs: localTimeMs(timeMs) }
    const isStopped = timeMs > stoppedMs
    const there = past.filter(({ bornMs }) => timeMs >= bornMs)
    const samples = new Map(there.map(each => [each.vmid, live(each, moment, { lookMs, isStopped })]))
    if (timeMs < dueMs) continue
    const isRecent = timeMs >= endMs - RECENT_MS
    dueMs = timeMs + (isRecent ? keptMs : 2 * keptMs)
    cycles.push({ timeMs, samples })
    if (isStopped || !isRecent) continue
    anomalies.observe(history.add({ containers: samples, summary: undefined }), endMs)
    anomalies.refitDue()
  }
  return {
    cycles,
    changes: past.flatMap(({ changes }) => changes).sort((a, b) => Date.parse(a.time) - Date.parse(b.time)),
    containers: new Map(
      past.map(({ vmid, size, state, processes, sizer }) => [vmid, { size, state, processes, sizer }]),
    ),
    anomalies,
    stoppedMs,
  }
}

/** One step of a container: what happens to it, what is seen of it, and what is done. */
function live(
  container: PastContainer,
  moment: PastMoment,
  { lookMs, isStopped }: { readonly lookMs: number; readonly isStopped: boolean },
): ContainerSample {
  const sample = container.step(moment, lookMs)
  container.give(moment.timeMs)
  if (isStopped) return sample
  container.learn()
  container.decide(moment, lookMs)
  return sample
}

function settingsOf({ vmid, hostname }: DemoContainer, { config, host }: PastSpec) {
  const { scaling, tiers, schedules, ignore_lxc: ignoreLxc } = config
  const identity = { vmid, name: hostname, tags: [] }
  return containerSettings({ ...identity, scaling, tiers, schedules, ignoreLxc, host })
}

function localTimeMs(timeMs: number): number {
  return timeMs - new Date(timeMs).getTimezoneOffset() * MS_PER_MINUTE
}

/** One line of the metrics file. */
export function cycleLine(
  { timeMs, samples }: PastCycle,
  more: (vmid: number) => Partial<ContainerSample>,
  host: { readonly cores: number; readonly memoryMb: number },
): string {
  const containers = new Map([...samples].map(([vmid, sample]) => [vmid, { ...sample, ...more(vmid) }]))
  return formatCycle({ containers, summary: summaryOf(timeMs, samples, host) })
}

function summaryOf(
  timeMs: number,
  samples: ReadonlyMap<number, ContainerSample>,
  { cores, memoryMb }: { readonly cores: number; readonly memoryMb: number },
): CycleSummary {
  const sum = (of: (sample: ContainerSample) => number | undefined) =>
    [...samples.values()].reduce((total, sample) => total + (of(sample) ?? 0), 0)
  return {
    collectionStartMs: timeMs,
    collectionEndMs: timeMs,
    totalContainers: samples.size,
    failedContainers: 0,
    totalDurationSeconds: 0.01,
    monitorCpuPercent: undefined,
    monitorMemoryUsageMb: undefined,
    hostCores: cores,
    hostMemoryMb: memoryMb,
    hostMemoryAvailableMb: memoryMb - 1_400 - sum(sample => sample.memoryUsageMb),
    hostLoad1: sum(sample => sample.cpuCoresUsed),
  }
}
