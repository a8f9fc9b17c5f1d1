import type { ContainerConfig } from '../client/container-config.ts'
import type { Allocation, Circumstances, Verdict } from '../policy/decision.ts'
import type { TrackedContainer } from './fleet.ts'
import { localTimeMs } from './local-time.ts'

export interface CircumstancesInput {
  readonly config: ContainerConfig
  readonly allocation: Allocation
  readonly container: Pick<TrackedContainer, 'newest' | 'implausible'>
  readonly verdict: Verdict | undefined
  /** This moment by steady time, and by the clock of the host. */
  readonly nowMs: number
  readonly clockMs: number
  readonly maxDataAgeMs: number
  readonly askedMs: number
  readonly isHistoryKnown: boolean
}

/** What the policy is told about a container, from the answer of the API and the newest sample. */
export function circumstancesOf(input: CircumstancesInput): Circumstances {
  const { config, allocation, container, verdict, nowMs, clockMs, maxDataAgeMs, askedMs, isHistoryKnown } = input
  const { newest, implausible } = container
  const isMeasured = newest !== undefined && clockMs - newest.timestampMs <= maxDataAgeMs
  const { cores, cpuLimit, memoryMb, swapMb } = config
  const { boost } = config.steering
  return {
    nowMs,
    localTimeMs: localTimeMs(clockMs),
    allocation,
    limits: { cores, cpuLimit, memoryMb, swapMb },
    askedMs,
    isHistoryKnown,
    maxDataAgeMs,
    // Where the API cannot tell, what is measured at this moment runs.
    isRunning: config.isRunning ?? (isMeasured ? true : undefined),
    lock: config.lock,
    isMigrating: config.lock === 'migrate',
    haBusy: config.haBusy,
    balancerHoldMs: config.balancerHoldMs,
    uptimeMs: config.uptimeMs,
    leastMemoryMb: config.leastMemoryMb,
    rawCores: config.rawCores,
    rawMemory: config.rawMemory,
    boost: boost && { ...boost, untilMs: nowMs + boost.untilMs - clockMs },
    verdict,
    implausible,
  }
}
