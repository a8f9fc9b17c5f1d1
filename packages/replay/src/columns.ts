/** A figure for each sample; NaN where it is not known, undefined when it never is. */
export type Column = Float64Array | undefined

/** One figure for those that are known, of which there is at least one. */
export type Summary = (values: readonly number[]) => number
export const mean: Summary = values => values.reduce((sum, value) => sum + value, 0) / values.length
export const most: Summary = values => Math.max(...values)
export const newest: Summary = values => values.at(-1) ?? Number.NaN

export interface Steps {
  readonly stepS: number
  readonly summary: Summary
}

/** A column in steps of equal length from its first moment on; null where nothing is known. */
export function inSteps(timesS: Float64Array, column: Column, { stepS, summary }: Steps): (number | null)[] {
  const stepOf = (timeS: number) => Math.floor((timeS - (timesS[0] ?? 0)) / stepS + 1e-6)
  const groups = Array.from({ length: stepOf(timesS.at(-1) ?? 0) + 1 }, (): number[] => [])
  column?.forEach((value, index) => {
    if (!Number.isNaN(value)) groups[stepOf(timesS[index] ?? 0)]?.push(value)
  })
  return groups.map(values => (values.length === 0 ? null : summary(values)))
}

/** The mean over the time that is known; null when none is. */
export function weightedMean(weightsS: Float64Array): (column: Column) => number | null {
  return column => {
    let [sum, knownS] = [0, 0]
    column?.forEach((value, index) => {
      if (Number.isNaN(value)) return
      sum += value * (weightsS[index] ?? 0)
      knownS += weightsS[index] ?? 0
    })
    return knownS === 0 ? null : sum / knownS
  }
}
