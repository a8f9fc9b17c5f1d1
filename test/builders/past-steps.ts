import type { PastStep } from '@lxc-autoscale/core'

const MINUTE_MS = 60_000
/** A Monday. */
export const PAST_START_MS = Date.UTC(2026, 0, 5)

interface Minute {
  readonly cores: number
  readonly memoryMb: number
}

/** What Proxmox would keep of a container with 4 cores and 4096 MB: half hours, and of the last hour minutes. */
export function pastSteps(hours: number, minuteAt: (minute: number) => Minute): PastStep[] {
  const minutes = hours * 60
  const steps: PastStep[] = []
  for (let from = 0; from < minutes; ) {
    const length = from < minutes - 60 ? 30 : 1
    steps.push(
      stepOf(
        from,
        Array.from({ length }, (_, at) => minuteAt(from + at)),
      ),
    )
    from += length
  }
  return steps
}

function stepOf(from: number, minutes: readonly Minute[]): PastStep {
  const figure = (values: readonly number[]) => ({
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    peak: Math.max(...values),
  })
  return {
    startMs: PAST_START_MS + from * MINUTE_MS,
    stepMs: minutes.length * MINUTE_MS,
    coresUsed: figure(minutes.map(({ cores }) => cores)),
    memoryUsedMb: figure(minutes.map(({ memoryMb }) => memoryMb)),
    cores: 4,
    memoryLimitMb: 4_096,
    cpuWaitingPercent: undefined,
  }
}
