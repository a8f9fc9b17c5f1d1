import type { PastStep } from '@lxc-autoscale/core'
import { PAST_SOURCES, type PastValues, pastStep } from './past-step.ts'

/** A week: the longest step that Proxmox keeps. */
const MOST_STEP_SECONDS = 604_800
/** Proxmox gives at most 1440 rows, and 70 of the older format. Source: pve-cluster, src/PVE/RRD.pm, create_rrd_data. */
const MOST_ROWS = 4_000

interface Row {
  /** When its step ends. Source: RRDs.xs of rrdtool 1.7, rrd_fetch, which gives the end of the first row as their begin. */
  readonly endSeconds: number
  readonly values: PastValues
}

/**
 * The steps in two answers of Proxmox' `rrddata` about one time, by length: means, and maxima, undefined where each step is a minute.
 * Undefined when they are no such answers. The rows do not say how long they are, and after an upgrade those of the older format
 * come first.
 */
export function rrddataSteps(means: unknown, maxima: unknown): PastStep[][] | undefined {
  const meanRows = rowsOf(means)
  const peakRows = maxima === undefined ? meanRows : rowsOf(maxima)
  if (meanRows === undefined || peakRows === undefined) return undefined
  const peaks = new Map(peakRows.map(({ endSeconds, values }) => [endSeconds, values]))
  const archives = new Map<number, PastStep[]>()
  meanRows.forEach(({ endSeconds, values }, at) => {
    const stepSeconds = lengthOf(meanRows, at)
    if (stepSeconds > MOST_STEP_SECONDS) return
    const step = pastStep({ startSeconds: endSeconds - stepSeconds, stepSeconds }, values, peaks.get(endSeconds) ?? {})
    if (step === undefined) return
    const archive = archives.get(stepSeconds)
    if (archive === undefined) archives.set(stepSeconds, [step])
    else archive.push(step)
  })
  return [...archives.values()]
}

/** The distance to the nearer of its neighbours: where two formats meet, one of them is nearer or further than it should be. */
function lengthOf(rows: readonly Row[], at: number): number {
  const [before, own, after] = [at - 1, at, at + 1].map(place => rows[place]?.endSeconds ?? Number.NaN)
  const distances = [Number(own) - Number(before), Number(after) - Number(own)]
  return Math.min(...distances.filter(distance => distance > 0))
}

function rowsOf(answer: unknown): Row[] | undefined {
  if (!Array.isArray(answer) || answer.length > MOST_ROWS) return undefined
  return answer.flatMap((row: unknown) => {
    const endSeconds = numberOf(row, 'time')
    if (endSeconds === undefined || endSeconds < 0) return []
    return [{ endSeconds, values: Object.fromEntries(PAST_SOURCES.map(source => [source, numberOf(row, source)])) }]
  })
}

/** What is not known is left out of a row. */
function numberOf(row: unknown, key: string): number | undefined {
  if (typeof row !== 'object' || row === null) return undefined
  const value = Reflect.get(row, key)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
