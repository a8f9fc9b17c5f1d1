import type { PreviewCurves, SeriesBody } from '@lxc-autoscale/core'

/** What a chart shows, without how it is drawn. */

/** One value for each step, oldest first; null: not known, and a gap. */
export type Column = readonly (number | null)[]

export type Unit = 'cores' | 'memory_mb' | 'percent'

export interface Line {
  readonly label: string
  readonly column: Column
  /** The token of styles/tokens.css that it is drawn in. */
  readonly colour: string
  /** What is set holds until it is set anew; what is measured goes from one value to the next. */
  readonly isStep?: boolean
  readonly isDashed?: boolean
  /** Whether all below it is coloured too. */
  readonly isArea?: boolean
}

export interface Chart {
  readonly title: string
  readonly unit: Unit
  /** Least and largest of each step, behind the first line. */
  readonly band?: { readonly min: Column; readonly max: Column }
  readonly lines: readonly Line[]
  /** The least that the y axis reaches up to. */
  readonly leastTop: number
}

/** From when to when a chart reaches, seconds since 1970. */
export interface Span {
  readonly fromS: number
  readonly toS: number
}

/** When each step ends, seconds since 1970: a value is known when its step is over, and limits are told as of then. */
export function stepEndsS(
  { since, step_seconds }: Pick<SeriesBody, 'since' | 'step_seconds'>,
  steps: number,
): number[] {
  const sinceS = Date.parse(since) / 1_000
  return Array.from({ length: steps }, (_, step) => sinceS + (step + 1) * step_seconds)
}

const LEAST_PERCENT = 10

/** The charts of a container, largest first; each has all the steps. */
export function chartsOf(series: SeriesBody): { cpu: Chart; memory: Chart; throttling: Chart; pressure: Chart } {
  const { cores_used: cores, memory_used_mb: memory } = series
  return {
    cpu: {
      title: 'CPU',
      unit: 'cores',
      band: cores,
      lines: [
        { label: 'used', column: cores.mean, colour: '--cpu', isArea: true },
        { label: 'given', column: series.cores_given, colour: '--ink', isStep: true },
      ],
      leastTop: 0.1,
    },
    memory: {
      title: 'Memory',
      unit: 'memory_mb',
      band: memory,
      lines: [
        { label: 'used', column: memory.mean, colour: '--memory', isArea: true },
        { label: 'given', column: series.memory_given_mb, colour: '--ink', isStep: true },
        { label: 'cannot be given up', column: series.memory_floor_mb, colour: '--bad', isDashed: true },
        { label: 'swap', column: series.swap_used_mb, colour: '--warn' },
      ],
      leastTop: 16,
    },
    throttling: {
      title: 'Throttled',
      unit: 'percent',
      lines: [{ label: 'of the time', column: series.throttled_percent, colour: '--cpu', isArea: true }],
      leastTop: LEAST_PERCENT,
    },
    pressure: {
      title: 'Waited for',
      unit: 'percent',
      lines: [
        { label: 'CPU', column: series.cpu_pressure_percent, colour: '--cpu' },
        { label: 'memory', column: series.memory_pressure_percent, colour: '--memory' },
        { label: 'disks', column: series.io_pressure_percent, colour: '--warn' },
      ],
      leastTop: LEAST_PERCENT,
    },
  }
}

/** What a container had, and would have had. */
export type WouldCurves = Omit<PreviewCurves, 'cores_peak'> & { readonly cores_peak?: Column }

export function wouldCharts(result: WouldCurves): { cpu: Chart; memory: Chart } {
  const { cores_peak: peak } = result
  return {
    cpu: {
      title: 'CPU',
      unit: 'cores',
      ...(peak === undefined ? {} : { band: { min: result.cores_used, max: peak } }),
      lines: [
        { label: 'used', column: result.cores_used, colour: '--cpu', isArea: true },
        { label: 'given', column: result.cores_given, colour: '--ink', isStep: true },
        { label: 'would be given', column: result.cores_would, colour: '--good', isStep: true, isDashed: true },
      ],
      leastTop: 0.1,
    },
    memory: {
      title: 'Memory',
      unit: 'memory_mb',
      lines: [
        { label: 'used', column: result.memory_used_mb, colour: '--memory', isArea: true },
        { label: 'given', column: result.memory_given_mb, colour: '--ink', isStep: true },
        { label: 'would be given', column: result.memory_would_mb, colour: '--good', isStep: true, isDashed: true },
      ],
      leastTop: 16,
    },
  }
}

/** For uPlot, which draws through what is undefined, and leaves a gap where something is null. */
export type DrawnColumn = readonly (number | null | undefined)[]

/** The columns as uPlot wants them: when, then the band, then the lines. */
export function columnsOf({ band, lines }: Chart, timesS: readonly number[]): DrawnColumn[] {
  const columns = [...(band === undefined ? [] : [band.max, band.min]), ...lines.map(({ column }) => column)]
  return [timesS, ...columns.map(bridged)]
}

/** Nearly all distances between two known values are at most so. */
const USUAL_SHARE = 0.9
/** Of fewer nobody can say what is usual. */
const LEAST_DISTANCES = 3

/** A monitor that measures less often than the steps are long leaves steps empty: that is no gap. */
function bridged(column: Column): DrawnColumn {
  const known = column.flatMap((value, at) => (value === null ? [] : [at]))
  const distances = known.slice(1).map((at, before) => at - (known[before] ?? 0))
  const usual = [...distances].sort((a, b) => a - b)[Math.floor((distances.length - 1) * USUAL_SHARE)] ?? 1
  const drawn: (number | null | undefined)[] = [...column]
  for (const [at, distance] of distances.entries()) {
    const from = known[at] ?? 0
    if (distance <= usual && distances.length >= LEAST_DISTANCES) drawn.fill(undefined, from + 1, from + distance)
  }
  return drawn
}

/** Room above the largest value, so that a line never touches the edge. */
const HEADROOM = 1.08

/** Where the y axis ends. */
export function topOf({ band, lines, leastTop, unit }: Chart): number {
  const columns = [...(band === undefined ? [] : [band.max]), ...lines.map(({ column }) => column)]
  const largest = columns.reduce(
    (top, column) => column.reduce<number>((most, value) => Math.max(most, value ?? 0), top),
    0,
  )
  const top = Math.max(largest * HEADROOM, leastTop)
  return unit === 'percent' ? Math.min(top, 100) : top
}

/** The places of the values with a gap on both sides: a line alone would not show them. */
export function lonely(column: DrawnColumn): number[] {
  const isGap = (at: number) => at < 0 || at >= column.length || column[at] === null
  return column.flatMap((value, at) => (value != null && isGap(at - 1) && isGap(at + 1) ? [at] : []))
}

/** The last step of which anything is known, or the last. */
export function newestKnown({ lines }: Chart): number {
  const last = Math.max(...lines.map(({ column }) => column.length)) - 1
  for (let at = last; at >= 0; at -= 1) if (lines[0]?.column[at] != null) return at
  return last
}
