import { BYTES_PER_MB } from '@lxc-autoscale/core'
import type { ContainerRun } from '../host/container-run.ts'
import { OPTIONAL } from '../host/host-files.ts'
import { parseSingleValue } from '../parse/single-value.ts'
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
function openUnified(run: ContainerRun, { files, host }: CollectorContext): Source<SwapReading> {
  const folder = run.folder('memory') ?? ''
  const current = files.file(folder, 'memory.swap.current', OPTIONAL)
  const limit = files.file(folder, 'memory.swap.max', OPTIONAL)
  return {
    read: () => ({
      usedBytes: current.read(parseSingleValue),
      limitBytes: limit.read(parseSingleValue),
      hostTotalMb: host().swapTotalMb,
    }),
    close() {
      for (const file of [current, limit]) file.close()
    },
  }
}

/** v1 limits and counts memory and swap together. */
function openLegacy(run: ContainerRun, { files, host }: CollectorContext): Source<SwapReading> {
  const folder = run.folder('memory') ?? ''
  const [both, bothLimit] = ['memory.memsw.usage_in_bytes', 'memory.memsw.limit_in_bytes'].map(name =>
    files.file(folder, name, OPTIONAL),
  )
  const [alone, aloneLimit] = ['memory.usage_in_bytes', 'memory.limit_in_bytes'].map(name => files.file(folder, name))
  return {
    read: () => ({
      usedBytes: difference(both?.read(parseSingleValue), alone?.read(parseSingleValue)),
      limitBytes: difference(bothLimit?.read(parseSingleValue), aloneLimit?.read(parseSingleValue)),
      hostTotalMb: host().swapTotalMb,
    }),
    close() {
      for (const file of [both, bothLimit, alone, aloneLimit]) file?.close()
    },
  }
}

function difference(both: number | undefined, alone: number | undefined): number | undefined {
  if (both === undefined || alone === undefined) return undefined
  return both === Number.POSITIVE_INFINITY ? both : Math.max(0, both - alone)
}
