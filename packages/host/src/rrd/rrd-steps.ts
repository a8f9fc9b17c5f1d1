import type { PastStep } from '@lxc-autoscale/core'
import { PAST_SOURCES, type PastSource, type PastValues, pastStep } from './past-step.ts'
import type { RrdArchive, RrdFile } from './rrd-file.ts'

/** From when on steps are wanted, and where the future begins, seconds since 1970. */
export interface Span {
  readonly sinceSeconds: number
  readonly nowSeconds: number
}

/** The steps of a file by resolution, those of each oldest first: each has its mean and its highest minute. */
export function rrdSteps({ sources, archives }: RrdFile, span: Span): PastStep[][] {
  const places = PAST_SOURCES.flatMap(source => {
    const place = sources.get(source)
    return place === undefined ? [] : [[source, place] as const]
  })
  return archives.flatMap(means => {
    if (means.function !== 'AVERAGE') return []
    const peaks = archives.find(other => other.function === 'MAX' && isAlike(means, other))
    return peaks === undefined ? [] : [archiveSteps([means, peaks], places, span)]
  })
}

/** Where a figure stands in a row. */
type Places = readonly (readonly [PastSource, number])[]

function isAlike(one: RrdArchive, other: RrdArchive): boolean {
  return one.stepSeconds === other.stepSeconds && one.rowCount === other.rowCount
}

function archiveSteps(
  [means, peaks]: readonly [RrdArchive, RrdArchive],
  places: Places,
  { sinceSeconds, nowSeconds }: Span,
): PastStep[] {
  const { stepSeconds, rowCount, endSeconds } = means
  const beginSeconds = endSeconds - rowCount * stepSeconds
  const first = Math.max(0, Math.floor((sinceSeconds - beginSeconds) / stepSeconds))
  const after = Math.min(rowCount, Math.floor((nowSeconds - beginSeconds) / stepSeconds))
  const steps: PastStep[] = []
  for (let row = first; row < after; row++) {
    const time = { startSeconds: beginSeconds + row * stepSeconds, stepSeconds }
    const step = pastStep(time, valuesOf(means, row, places), valuesOf(peaks, row, places))
    if (step !== undefined) steps.push(step)
  }
  return steps
}

/** A loop, since it runs some ten thousand times for each container. */
function valuesOf(archive: RrdArchive, row: number, places: Places): PastValues {
  const values: Partial<Record<PastSource, number | undefined>> = {}
  for (const [source, place] of places) values[source] = archive.value(row, place)
  return values
}
