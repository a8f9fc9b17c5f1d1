import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, type PastFigure, type PastStep } from '@lxc-autoscale/core'
import { z } from 'zod'

/** What is known of a container from Proxmox. */
export const KnownPast = z.object({
  /** All of its steps, without the gaps between them. */
  knownMs: z.number(),
  /** For how much of the time of learning it stands. */
  countedMs: z.number(),
})
export type KnownPast = z.output<typeof KnownPast>

/** Means and peaks are added up apart. */
const ROUNDING = 1e-6
/** What a step longer than a minute is worth: its peak is known, but not when it was nor how long it lasted. */
const COARSE_WORTH = 0.5
/** Of the time of learning this share stays: Proxmox tells nothing of shared memory and throttling. */
const OWN_SHARE = 1 / 3

/** From this share of the memory limit on nobody knows how much would have been used without it. */
const CUT_OFF_SHARE = 0.9

/**
 * Undefined: nothing is. Nothing counts of a past that ended long ago, of which too much may be otherwise by now, nor what was cut off
 * by the memory limit of its time.
 */
export function knownPast(steps: readonly PastStep[], endedAgoMs = 0): KnownPast | undefined {
  const known = steps.filter(({ coresUsed, memoryUsedMb }) => coresUsed !== undefined && memoryUsedMb !== undefined)
  if (known.length === 0) return undefined
  const counted = endedAgoMs >= GAP_MS ? [] : known.filter(step => !isCutOff(step))
  return {
    knownMs: known.reduce((sum, { stepMs }) => sum + stepMs, 0),
    countedMs: counted.reduce((sum, { stepMs }) => sum + stepMs * (stepMs > MS_PER_MINUTE ? COARSE_WORTH : 1), 0),
  }
}

function isCutOff({ memoryUsedMb, memoryLimitMb = Number.POSITIVE_INFINITY }: PastStep): boolean {
  return memoryUsedMb !== undefined && memoryUsedMb.peak >= CUT_OFF_SHARE * memoryLimitMb
}

/** How long a container must be watched before it may shrink, when so much is known of it. */
export function learningMs(hours: number, past: KnownPast | undefined): number {
  const wholeMs = hours * MS_PER_HOUR
  return Math.max(OWN_SHARE * wholeMs, wholeMs - (past?.countedMs ?? 0))
}

/** A week: Proxmox keeps none that are longer. */
const MOST_STEP_MS = 7 * MS_PER_DAY

/** Steps in their order, without what overlaps or cannot be. */
export function soundSteps(steps: readonly PastStep[]): readonly PastStep[] {
  let endMs = Number.NEGATIVE_INFINITY
  return steps.filter(({ startMs, stepMs, coresUsed, memoryUsedMb }) => {
    const isSound =
      startMs >= endMs && stepMs > 0 && stepMs <= MOST_STEP_MS && isFigure(coresUsed) && isFigure(memoryUsedMb)
    if (isSound) endMs = startMs + stepMs
    return isSound
  })
}

function isFigure(figure: PastFigure | undefined): boolean {
  return figure === undefined || (figure.mean >= 0 && figure.mean <= figure.peak * (1 + ROUNDING))
}

/** A container that is not there leaves a gap; longer ones are looked at. */
const GAP_MS = 6 * MS_PER_HOUR

/** What a container is allowed from a moment on. */
type Allowed = Pick<PastStep, 'startMs' | 'memoryLimitMb' | 'cores'>

/**
 * The steps that are of the container that has the number now. One that was destroyed leaves what was kept of it to the next of
 * its number: when nothing at all was known for hours, and what it was allowed is another since then, what was before counts no more.
 * @param now what it is allowed now: of one that was just made nothing may be kept yet
 */
export function ofThisContainer(steps: readonly PastStep[], now: Allowed): readonly PastStep[] {
  const there = steps.filter(({ cores, memoryLimitMb }) => cores !== undefined || memoryLimitMb !== undefined)
  const isOther = (next: Allowed, at: number) => {
    const before = there[at - 1]
    if (before === undefined) return true
    const gapMs = next.startMs - before.startMs - before.stepMs
    return gapMs >= Math.max(GAP_MS, before.stepMs) && !isAllowedTheSame(before, next)
  }
  const first = isOther(now, there.length) ? undefined : there[there.findLastIndex(isOther)]
  return first === undefined ? [] : steps.filter(({ startMs }) => startMs >= first.startMs)
}

function isAllowedTheSame(before: Allowed, next: Allowed): boolean {
  return isSame(before.memoryLimitMb, next.memoryLimitMb) && isSame(before.cores, next.cores)
}

/** The kernel rounds to pages. */
function isSame(one: number | undefined, other: number | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Math.abs(one - other) < 1 / 8
}
