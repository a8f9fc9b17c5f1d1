import { MS_PER_HOUR, MS_PER_MINUTE, type PastFigure, type PastStep } from '@lxc-autoscale/core'
import { z } from 'zod'

/** What is known of a container from Proxmox. */
export const KnownPast = z.object({
  /** From its first to its last step. */
  spanMs: z.number(),
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

/** Undefined: nothing is. */
export function knownPast(steps: readonly PastStep[]): KnownPast | undefined {
  const known = steps.filter(({ coresUsed, memoryUsedMb }) => coresUsed !== undefined && memoryUsedMb !== undefined)
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const countedMs = known.reduce((sum, { stepMs }) => sum + stepMs * (stepMs > MS_PER_MINUTE ? COARSE_WORTH : 1), 0)
  return { spanMs: last.startMs + last.stepMs - first.startMs, countedMs }
}

/** How long a container must be watched before it may shrink, when so much is known of it. */
export function learningMs(hours: number, past: KnownPast | undefined): number {
  const wholeMs = hours * MS_PER_HOUR
  return Math.max(OWN_SHARE * wholeMs, wholeMs - (past?.countedMs ?? 0))
}

/** Steps in their order, without what overlaps or cannot be. */
export function soundSteps(steps: readonly PastStep[]): readonly PastStep[] {
  let endMs = Number.NEGATIVE_INFINITY
  return steps.filter(({ startMs, stepMs, coresUsed, memoryUsedMb }) => {
    const isSound = startMs >= endMs && stepMs > 0 && isFigure(coresUsed) && isFigure(memoryUsedMb)
    if (isSound) endMs = startMs + stepMs
    return isSound
  })
}

function isFigure(figure: PastFigure | undefined): boolean {
  return figure === undefined || (figure.mean >= 0 && figure.mean <= figure.peak * (1 + ROUNDING))
}

/** A container that is not there leaves a gap; longer ones are looked at. */
const GAP_MS = 6 * MS_PER_HOUR

/**
 * The steps that are of the container that has the number now. One that was destroyed leaves what was kept of it to the next of
 * its number: when nothing at all was known for hours, and what it was allowed is another since then, what was before counts no more.
 */
export function ofThisContainer(steps: readonly PastStep[]): readonly PastStep[] {
  const there = steps.filter(({ memoryLimitMb }) => memoryLimitMb !== undefined)
  const begin = there.findLastIndex((step, at) => {
    const before = there[at - 1]
    if (before === undefined) return true
    const gapMs = step.startMs - before.startMs - before.stepMs
    return gapMs >= Math.max(GAP_MS, before.stepMs) && !isAllowedTheSame(before, step)
  })
  const first = there[begin]
  return first === undefined ? [] : steps.filter(({ startMs }) => startMs >= first.startMs)
}

function isAllowedTheSame(before: PastStep, now: PastStep): boolean {
  return before.memoryLimitMb === now.memoryLimitMb && before.cores === now.cores
}
