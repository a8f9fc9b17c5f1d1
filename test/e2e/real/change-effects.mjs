import { quantile } from '../recording/trend.mjs'

const BEFORE_MS = 10_000
/** A change is over when the kernel has it; what it does to a service shows within seconds. */
const DURING_MS = 3_000
const AFTER_MS = 10_000
const QUIET_MS = BEFORE_MS + DURING_MS

/**
 * How a service did before, during and after the changes of each kind, and at moments of the same run at which nothing changed.
 * @param slices [{fromMs, toMs, requests, failed, seconds, p99Ms}...] in order
 * @param changes [{atMs, kind}...]
 * @returns [{kind, count, failed, before, during, after}...] with {perSecond, p99Ms, worstP99Ms}; a stage without slices is undefined
 */
export function effectsOf(slices, changes) {
  const kinds = [...new Set(changes.map(({ kind }) => kind))].sort()
  const rows = kinds.map(kind =>
    rowOf(
      kind,
      slices,
      changes.filter(change => change.kind === kind),
    ),
  )
  return [...rows, rowOf('no change', slices, quietMoments(slices, changes))]
}

/** Every ten seconds, but not near a change. */
function quietMoments(slices, changes) {
  if (slices.length === 0) return []
  const [firstMs, lastMs] = [slices[0].fromMs + BEFORE_MS, slices.at(-1).toMs - AFTER_MS]
  const moments = Array.from({ length: Math.max(0, Math.floor((lastMs - firstMs) / 10_000)) }, (_, at) => ({
    atMs: firstMs + at * 10_000,
  }))
  return moments.filter(({ atMs }) => changes.every(change => Math.abs(change.atMs - atMs) > QUIET_MS))
}

function rowOf(kind, slices, moments) {
  const within = (fromMs, toMs) =>
    slices.filter(slice => moments.some(({ atMs }) => slice.toMs > atMs + fromMs && slice.fromMs < atMs + toMs))
  const during = within(0, DURING_MS)
  return {
    kind,
    count: moments.length,
    failed: during.reduce((sum, { failed }) => sum + failed, 0),
    before: stage(within(-BEFORE_MS, 0)),
    during: stage(during),
    after: stage(within(DURING_MS, DURING_MS + AFTER_MS)),
  }
}

/** Medians over slices of about a second each, and the worst of them. */
function stage(slices) {
  const measured = slices.filter(({ p99Ms }) => p99Ms !== undefined)
  if (measured.length === 0) return undefined
  const p99s = measured.map(({ p99Ms }) => p99Ms)
  return {
    perSecond: Math.round(
      quantile(
        measured.map(({ requests, seconds }) => requests / seconds),
        0.5,
      ),
    ),
    p99Ms: rounded(quantile(p99s, 0.5)),
    worstP99Ms: rounded(Math.max(...p99s)),
  }
}

function rounded(ms) {
  return Number(ms.toPrecision(3))
}
