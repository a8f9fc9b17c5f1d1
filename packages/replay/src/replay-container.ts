import { type Allocation, type ContainerSettings, ContainerSizer } from '@lxc-autoscale/model'
import { type ReplayOptions, type ReplayRun, replay, startAllocation } from './closed-loop.ts'
import { largest } from './curves.ts'
import type { Trace } from './trace.ts'

/** Seconds between two decisions of a replay. */
export const REPLAY_INTERVAL_S = 60
/** What Proxmox gives a container unless told otherwise. Source: pct(1), `-swap`. */
export const DEFAULT_SWAP_MB = 512

export interface ContainerReplay extends Omit<ReplayOptions, 'fallback'> {
  readonly vmid: number
  readonly settings: ContainerSettings
}

/** What the model would have done with a container that has these settings. */
export function replayContainer(trace: Trace, { vmid, settings, ...options }: ContainerReplay): ReplayRun {
  return replay(trace, new ContainerSizer({ vmid, settings }), { ...options, fallback: peakFallback(trace) })
}

/** What a trace starts with: what it says, else half as much again as its peak. */
export function startingSize(trace: Trace): Allocation {
  return startAllocation(trace, peakFallback(trace))
}

function peakFallback(trace: Trace): Allocation {
  return {
    cores: Math.ceil(1.5 * largest(trace.cpuCores)) || 1,
    memoryMb: Math.max(64, Math.ceil(1.5 * largest(trace.memoryMb))),
  }
}
