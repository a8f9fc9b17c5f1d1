import type { PastStep } from '@lxc-autoscale/core'
import { PAST_SOURCES, type PastValues, pastStep } from './past-step.ts'

/** A week: the longest step that Proxmox keeps. */
const MOST_STEP_SECONDS = 604_800
/** Proxmox gives at most 1440 rows, and 70 of the older format. Source: pve-cluster, src/PVE/RRD.pm, create_rrd_data. */
const MOST_ROWS = 4_000

interface Row {
  /** When its step begins. */
  readonly seconds: number
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
  const peaks = new Map(peakRows.map(({ seconds, values }) => [seconds, values]))
  const archives = new Map<number, PastStep[]>()
  meanRows.forEach(({ seconds, values }, at) => {
    const stepSeconds = lengthOf(meanRows, at)
    const isStep = stepSeconds > 0 && stepSeconds <= MOST_STEP_SECONDS
    const step = isStep ? pastStep({ startSeconds: seconds, stepSeconds }, values, peaks.get(seconds) ?? {}) : undefined
    if (step === undefined) return
    const archive = archives.get(stepSeconds)
    if (archive === undefined) archives.set(stepSeconds, [step])
    else archive.push(step)
  })
  return [...archives.values()]
}

/** Up to the next row; the last one is as long as that before it. */
function lengthOf(rows: readonly Row[], at: number): number {
  const [first, second] = at + 1 < rows.length ? [rows[at], rows[at + 1]] : [rows[at - 1], rows[at]]
  return first === undefined || second === undefined ? 0 : second.seconds - first.seconds
}

function rowsOf(answer: unknown): Row[] | undefined {
  if (!Array.isArray(answer) || answer.length > MOST_ROWS) return undefined
  return answer.flatMap((row: unknown) => {
    const seconds = numberOf(row, 'time')
    if (seconds === undefined || seconds < 0) return []
    return [{ seconds, values: Object.fromEntries(PAST_SOURCES.map(source => [source, numberOf(row, source)])) }]
  })
}

/** What is not known is left out of a row. */
function numberOf(row: unknown, key: string): number | undefined {
  if (typeof row !== 'object' || row === null) return undefined
  const value = Reflect.get(row, key)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
