import { AutoscaleError } from '@lxc-autoscale/core'

/** The header of a trace file. */
export const TRACE_HEADER = 't_seconds,cpu_cores_used,cpu_cores_alloc,mem_mb_used,mem_mb_alloc'

/** The demand of one container over time. All arrays have one element per sample; NaN = not known. */
export interface Trace {
  readonly name: string
  /** Seconds, rising. The sample at a time is the mean over the interval that ends there. */
  readonly timesS: Float64Array
  /** Undefined when the trace says nothing of this resource. */
  readonly cpuCores: Float64Array | undefined
  readonly memoryMb: Float64Array | undefined
  /** What the container had at the start; undefined when the trace does not say. */
  readonly initialCores: number | undefined
  readonly initialMemoryMb: number | undefined
  /** Hours that local time was ahead of UTC; traces are taken to be in local time. */
  readonly utcOffsetMs: number
}

/** Median distance of two samples in seconds, 60 for a single sample. */
export function medianStepS({ timesS }: Pick<Trace, 'timesS'>): number {
  const steps = timesS.slice(1).map((time, index) => time - (timesS[index] ?? time))
  if (steps.length === 0) return 60
  steps.sort()
  const middle = steps.length >> 1
  const upper = steps[middle] ?? 60
  return steps.length % 2 === 1 ? upper : (upper + (steps[middle - 1] ?? upper)) / 2
}

/**
 * How long each sample counts, in seconds: the distance to the one before, at most three median steps, so that a gap is
 * not taken for a measurement.
 */
export function sampleWeightsS(trace: Trace): Float64Array {
  const stepS = medianStepS(trace)
  const { timesS } = trace
  return timesS.map((time, index) => (index === 0 ? stepS : Math.min(time - (timesS[index - 1] ?? time), 3 * stepS)))
}

/**
 * A trace from CSV text with the header TRACE_HEADER; an empty field is not known.
 * @throws {AutoscaleError} INVALID_REQUEST naming the line that cannot be used.
 */
export function parseTraceCsv(name: string, text: string): Trace {
  const lines = text.split('\n')
  if (lines[0]?.trim() !== TRACE_HEADER) throw wrong(name, 1, `must be the header ${TRACE_HEADER}`)
  while (lines.length > 1 && lines.at(-1)?.trim() === '') lines.pop()
  if (lines.length < 2) throw wrong(name, 2, 'holds no sample')
  const columns = Array.from({ length: 5 }, () => new Float64Array(lines.length - 1))
  for (let row = 1; row < lines.length; row++) readRow(name, row, lines[row] ?? '', columns)
  const [timesS = new Float64Array(), cpuUsed, cpuAllocated, memoryUsed, memoryAllocated] = columns
  checkRising(name, timesS)
  return {
    name,
    timesS,
    cpuCores: known(cpuUsed),
    memoryMb: known(memoryUsed),
    initialCores: firstKnown(cpuAllocated),
    initialMemoryMb: firstKnown(memoryAllocated),
    utcOffsetMs: 0,
  }
}

function readRow(name: string, row: number, line: string, columns: readonly Float64Array[]): void {
  const fields = line.split(',')
  if (fields.length !== columns.length) {
    throw wrong(name, row + 1, `has ${fields.length} fields instead of ${columns.length}`)
  }
  columns.forEach((column, index) => {
    const field = (fields[index] ?? '').trim()
    const value = field === '' ? Number.NaN : Number(field)
    if (field !== '' && !(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw wrong(name, row + 1, `has "${field}" where a number from 0 must stand`)
    }
    column[row - 1] = value
  })
}

function checkRising(name: string, timesS: Float64Array): void {
  const index = timesS.findIndex((time, at) => !(time > (timesS[at - 1] ?? Number.NEGATIVE_INFINITY)))
  if (index >= 0) throw wrong(name, index + 2, `has the time ${timesS[index]}, which is not later than the one before`)
}

function wrong(name: string, line: number, what: string): AutoscaleError {
  return new AutoscaleError('INVALID_REQUEST', `${name}: line ${line} ${what}`)
}

function known(column: Float64Array | undefined): Float64Array | undefined {
  return column?.some(value => !Number.isNaN(value)) ? column : undefined
}

function firstKnown(column: Float64Array | undefined): number | undefined {
  return column?.find(value => value > 0)
}
