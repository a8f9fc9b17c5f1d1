import type { RoundPlan } from './schedule.ts'

/** Tells whether a smaller plan still fails as the whole one did; undefined when there is no time left to find out. */
export type StillFails = (plan: RoundPlan) => Promise<boolean | undefined>

/**
 * The smallest plan that was found to fail: parts are left out, the largest first, as long as it does. A run is not exact, so
 * that a part may be kept that is not needed, and the plan that is given has failed at least once.
 * Source: A. Zeller, R. Hildebrandt: Simplifying and isolating failure-inducing input (delta debugging), 2002.
 */
export async function shrink(plan: RoundPlan, stillFails: StillFails): Promise<RoundPlan> {
  const withFaults = await shrinkList(plan.faults, faults => stillFails({ ...plan, faults }))
  const some = { ...plan, faults: withFaults }
  const requests = await shrinkList(plan.requests, fewer => stillFails({ ...some, requests: fewer }))
  return { ...some, requests }
}

async function shrinkList<Part>(
  all: readonly Part[],
  fails: (parts: readonly Part[]) => Promise<boolean | undefined>,
): Promise<readonly Part[]> {
  let kept = all
  for (let size = kept.length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)]
      const isFailing = await fails(fewer)
      if (isFailing === undefined) return kept
      if (isFailing) kept = fewer
      else from += size
    }
  }
  return kept
}
