import type { ContainerConfig } from '../client/container-config.ts'
import type { Allocation, Circumstances, Verdict } from '../policy/decision.ts'
import type { TrackedContainer } from './fleet.ts'
import { localTimeMs } from './local-time.ts'

export interface CircumstancesInput {
  readonly config: ContainerConfig
  readonly allocation: Allocation
  readonly container: Pick<TrackedContainer, 'newest' | 'implausible'>
  readonly verdict: Verdict | undefined
  readonly nowMs: number
  readonly maxDataAgeMs: number
}

/** What the policy is told about a container, from the answer of the API and the newest sample. */
export function circumstancesOf(input: CircumstancesInput): Circumstances {
  const { config, allocation, container, verdict, nowMs, maxDataAgeMs } = input
  const { newest, implausible } = container
  const isMeasured = newest !== undefined && nowMs - newest.timestampMs <= maxDataAgeMs
  return {
    nowMs,
    localTimeMs: localTimeMs(nowMs),
    allocation,
    maxDataAgeMs,
    // Where the API cannot tell, what is measured at this moment runs.
    isRunning: config.isRunning ?? (isMeasured ? true : undefined),
    lock: config.lock,
    isMigrating: config.lock === 'migrate',
    // Whether a request to the HA manager waits is not to be seen; without HA none can.
    isHaQueued: config.isHaManaged === false ? false : undefined,
    uptimeMs: config.uptimeMs,
    leastMemoryMb: config.leastMemoryMb,
    rawCores: config.rawCores,
    rawMemory: config.rawMemory,
    verdict,
    implausible,
  }
}
