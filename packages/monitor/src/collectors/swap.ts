import { BYTES_PER_MB } from '@lxc-autoscale/core'
import { OPTIONAL, parseSingleValue } from '@lxc-autoscale/host'
import type { ContainerRun } from '../host/container-run.ts'
import type { Collector, CollectorContext, Source } from './collector.ts'

export interface SwapReading {
  readonly usedBytes: number | undefined
  /** Infinity without a limit. */
  readonly limitBytes: number | undefined
  readonly hostTotalMb: number | undefined
}

export interface SwapMetrics {
  readonly swapUsageMb: number | undefined
  readonly swapTotalMb: number | undefined
}

/** Swap in use, and the limit, or what the host has where there is no limit. */
export const swap: Collector<SwapReading, SwapMetrics> = {
  open: (run, context) => (run.layout.kind === 'unified' ? openUnified(run, context) : openLegacy(run, context)),

  derive({ current: { usedBytes, limitBytes, hostTotalMb } }) {
    const isUnlimited = limitBytes === Number.POSITIVE_INFINITY
    return {
      swapUsageMb: usedBytes === undefined ? undefined : usedBytes / BYTES_PER_MB,
      swapTotalMb:
        isUnlimited || limitBytes === undefined ? unlimitedMb(isUnlimited, hostTotalMb) : limitBytes / BYTES_PER_MB,
    }
  },
}

function unlimitedMb(isUnlimited: boolean, hostTotalMb: number | undefined): number | undefined {
  return isUnlimited ? hostTotalMb : undefined
}

/** A kernel without swap accounting has neither file. */
function openUnified(run: ContainerRun, { host }: CollectorContext): Source<SwapReading> {
  const current = run.file('memory', 'memory.swap.current', OPTIONAL)
  const limit = run.file('memory', 'memory.swap.max', OPTIONAL)
  return () => ({
    usedBytes: current?.read(parseSingleValue),
    limitBytes: limit?.read(parseSingleValue),
    hostTotalMb: host().swapTotalMb,
  })
}

/** v1 limits and counts memory and swap together. */
function openLegacy(run: ContainerRun, { host }: CollectorContext): Source<SwapReading> {
  const both = run.file('memory', 'memory.memsw.usage_in_bytes', OPTIONAL)
  const bothLimit = run.file('memory', 'memory.memsw.limit_in_bytes', OPTIONAL)
  const alone = run.file('memory', 'memory.usage_in_bytes')
  const aloneLimit = run.file('memory', 'memory.limit_in_bytes')
  return () => ({
    usedBytes: difference(both?.read(parseSingleValue), alone?.read(parseSingleValue)),
    limitBytes: difference(bothLimit?.read(parseSingleValue), aloneLimit?.read(parseSingleValue)),
    hostTotalMb: host().swapTotalMb,
  })
}

function difference(both: number | undefined, alone: number | undefined): number | undefined {
  if (both === undefined || alone === undefined) return undefined
  return both === Number.POSITIVE_INFINITY ? both : Math.max(0, both - alone)
}
