import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export const TRACE_HEADER = 't_seconds,cpu_cores_used,cpu_cores_alloc,mem_mb_used,mem_mb_alloc'

/** One row of a trace; undefined is unknown. */
export interface TraceRow {
  readonly seconds: number
  readonly cpuCores: number | undefined
  readonly allocatedCores: number | undefined
  readonly memoryMb: number | undefined
  readonly allocatedMb: number | undefined
}

/** Demand of a trace at a moment. */
export interface TracePoint {
  readonly cpuCores: number
  readonly memoryMb: number
}

/** A recorded workload, oldest row first. */
export class Trace {
  readonly rows: readonly TraceRow[]
  readonly #known: readonly (TracePoint & { readonly seconds: number })[]

  /** @throws {Error} when there is no row. */
  constructor(rows: readonly TraceRow[]) {
    const [first] = rows
    if (first === undefined) throw new Error('a trace needs at least one row')
    this.rows = rows
    let last: TracePoint = { cpuCores: 0, memoryMb: 0 }
    this.#known = rows.map(row => {
      last = { cpuCores: row.cpuCores ?? last.cpuCores, memoryMb: row.memoryMb ?? last.memoryMb }
      return { seconds: row.seconds - first.seconds, ...last }
    })
  }

  /**
   * The demand `seconds` after the first row: a row holds until the next one, an unknown figure is the last known one, and
   * after the last row the trace begins again.
   */
  at(seconds: number): TracePoint {
    const known = this.#known
    const first = known[0] ?? { seconds: 0, cpuCores: 0, memoryMb: 0 }
    const last = known.at(-1) ?? first
    const step = known.length > 1 ? last.seconds / (known.length - 1) : 1
    const wanted = Math.max(0, seconds) % (last.seconds + step)
    let low = 0
    let high = known.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((known[middle]?.seconds ?? Number.POSITIVE_INFINITY) <= wanted) low = middle
      else high = middle - 1
    }
    return known[low] ?? first
  }
}

/**
 * Reads a trace from CSV text.
 * @throws {Error} that names the line when the header or a number is wrong.
 */
export function parseTrace(text: string, name: string): Trace {
  const [header, ...lines] = text.split(/\r?\n/).filter(line => line !== '')
  if (header !== TRACE_HEADER) throw new Error(`${name}: line 1 is '${header ?? ''}', expected '${TRACE_HEADER}'`)
  const rows = lines.map((line, at) => {
    const fields = line.split(',').map(field => traceNumber(field, `${name}: line ${at + 2}`))
    const [seconds, cpuCores, allocatedCores, memoryMb, allocatedMb] = fields
    if (seconds === undefined || fields.length !== 5)
      throw new Error(`${name}: line ${at + 2} needs five fields and a time: '${line}'`)
    return { seconds, cpuCores, allocatedCores, memoryMb, allocatedMb }
  })
  return new Trace(rows)
}

/** The trace of a shape `trace:FILE`. @throws {Error} when it cannot be read. */
export function readTrace(shape: `trace:${string}`): Trace {
  const file = traceFile(shape)
  return parseTrace(readFileSync(file, 'utf8'), file)
}

/** The file of a shape `trace:FILE`, as an absolute path. */
export function traceFile(shape: `trace:${string}`): string {
  return resolve(shape.slice('trace:'.length))
}

function traceNumber(field: string, where: string): number | undefined {
  if (field.trim() === '') return undefined
  const value = Number(field)
  if (!Number.isFinite(value)) throw new Error(`${where}: '${field}' is not a number`)
  return value
}
