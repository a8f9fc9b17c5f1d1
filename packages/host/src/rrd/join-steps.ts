import type { PastStep } from '@lxc-autoscale/core'

/** A time for which the finest steps are there. */
interface Covered {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * One row of steps that do not overlap, oldest first: for each moment those of the finest archive that knows it. A coarse step
 * that a finer archive knows in part is cut to the rest. Of two that are equally fine the one that comes first counts.
 */
export function joinSteps(archives: readonly (readonly PastStep[])[]): PastStep[] {
  const finestFirst = archives
    .filter(({ length }) => length > 0)
    .toSorted(([one], [other]) => (one?.stepMs ?? 0) - (other?.stepMs ?? 0))
  const covered: Covered[] = []
  const joined: PastStep[] = []
  for (const steps of finestFirst) {
    for (const step of steps) joined.push(...rest(step, covered))
    const [first, last] = [steps[0], steps.at(-1)]
    if (first !== undefined && last !== undefined) {
      covered.push({ fromMs: first.startMs, toMs: last.startMs + last.stepMs })
    }
  }
  return joined.toSorted((one, other) => one.startMs - other.startMs)
}

/** The parts of a step that are not covered. */
function rest(step: PastStep, covered: readonly Covered[]): readonly PastStep[] {
  const endMs = step.startMs + step.stepMs
  const touched = covered.filter(({ fromMs, toMs }) => fromMs < endMs && toMs > step.startMs)
  let parts = [step]
  for (const { fromMs, toMs } of touched) {
    parts = parts.flatMap(part => [...cut(part, part.startMs, fromMs), ...cut(part, toMs, part.startMs + part.stepMs)])
  }
  return parts
}

/** What of a step lies between two times, nothing when it ends before it begins. */
function cut(step: PastStep, fromMs: number, toMs: number): PastStep[] {
  const startMs = Math.max(step.startMs, fromMs)
  const stepMs = Math.min(step.startMs + step.stepMs, toMs) - startMs
  return stepMs <= 0 ? [] : [stepMs === step.stepMs ? step : { ...step, startMs, stepMs }]
}
