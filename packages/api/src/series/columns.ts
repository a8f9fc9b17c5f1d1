import type { ContainerSample } from '@lxc-autoscale/core'

/** What is kept of a sample, in this order. */
export const FIGURES: readonly ((sample: ContainerSample) => number | undefined)[] = [
  sample => sample.cpuCoresUsed,
  sample => sample.cpuCores,
  sample => sample.cpuThrottledPercent,
  sample => sample.memoryUsageMb,
  sample => sample.memoryLimitMb,
  sample => sample.memoryFloorMb,
  sample => sample.swapUsageMb,
  sample => sample.pressure?.cpuSomePercent,
  sample => sample.pressure?.memorySomePercent,
  sample => sample.pressure?.ioSomePercent,
  sample => sample.memoryEvents?.oomKill,
]

/** How the figures of many samples become one. `last`: the newest that is known. */
type Join = 'min' | 'mean' | 'max' | 'last' | 'sum'

interface Column {
  /** Place in FIGURES. */
  readonly figure: number
  readonly join: Join
  /** Decimals that are told: what is beyond was never measured, or is lost in the file. */
  readonly decimals: number
}

/** What is kept of a step of time, in this order: the order of the records in the files. */
export const COLUMNS = [
  { figure: 0, join: 'min', decimals: 3 },
  { figure: 0, join: 'mean', decimals: 3 },
  { figure: 0, join: 'max', decimals: 3 },
  { figure: 1, join: 'last', decimals: 2 },
  { figure: 2, join: 'mean', decimals: 1 },
  { figure: 3, join: 'min', decimals: 1 },
  { figure: 3, join: 'mean', decimals: 1 },
  { figure: 3, join: 'max', decimals: 1 },
  { figure: 4, join: 'last', decimals: 1 },
  { figure: 5, join: 'max', decimals: 1 },
  { figure: 6, join: 'mean', decimals: 1 },
  { figure: 7, join: 'max', decimals: 1 },
  { figure: 8, join: 'max', decimals: 1 },
  { figure: 9, join: 'max', decimals: 1 },
  { figure: 10, join: 'sum', decimals: 0 },
] as const satisfies readonly Column[]

export const FIGURE_COUNT = FIGURES.length
export const COLUMN_COUNT = COLUMNS.length

const OF_COLUMNS = COLUMNS.map((_, column) => column)
const OF_FIGURES = COLUMNS.map(({ figure }) => figure)
const JOINS: readonly Join[] = COLUMNS.map(({ join }) => join)

/** Joins samples, or shorter steps, into one step. NaN is not known. */
export class Step {
  readonly #values = new Float64Array(COLUMN_COUNT).fill(Number.NaN)
  /** How many figures a mean is of. */
  readonly #counts = new Uint32Array(COLUMN_COUNT)

  /** Adds a sample, as FIGURES names them. */
  addFigures(figures: ArrayLike<number>): void {
    this.#add(figures, OF_FIGURES)
  }

  /** Adds a shorter step, as COLUMNS names them; in order of time. */
  addColumns(columns: ArrayLike<number>): void {
    this.#add(columns, OF_COLUMNS)
  }

  /** What is known of the step, as COLUMNS name it. */
  values(): Float64Array {
    return this.#values.map((value, column) => (JOINS[column] === 'mean' ? value / (this.#counts[column] ?? 1) : value))
  }

  reset(): void {
    this.#values.fill(Number.NaN)
    this.#counts.fill(0)
  }

  #add(row: ArrayLike<number>, places: readonly number[]): void {
    const values = this.#values
    for (let column = 0; column < COLUMN_COUNT; column++) {
      const value = row[places[column] ?? 0] ?? Number.NaN
      if (Number.isNaN(value)) continue
      const before = values[column] ?? Number.NaN
      this.#counts[column] = (this.#counts[column] ?? 0) + 1
      values[column] = Number.isNaN(before) ? value : joined(JOINS[column], before, value)
    }
  }
}

function joined(join: Join | undefined, before: number, value: number): number {
  if (join === 'min') return Math.min(before, value)
  if (join === 'max') return Math.max(before, value)
  return join === 'last' ? value : before + value
}
