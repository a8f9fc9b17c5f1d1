import type { Reading } from '../history/reading.ts'
import { FeatureExtractor } from './feature-extractor.ts'
import { FEATURE_COUNT } from './feature-names.ts'
import { imputeMatrix } from './impute.ts'
import type { Matrix } from './matrix.ts'

/**
 * The features of a series of readings of one container, oldest first: readings x FEATURE_COUNT. What is not known is imputed by the median of
 * its column, so that the matrix is fit for a forest.
 */
export function buildFeatures(readings: readonly Reading[], rollingWindow: number): Matrix {
  const extractor = new FeatureExtractor(rollingWindow)
  const values = new Float64Array(readings.length * FEATURE_COUNT)
  readings.forEach((reading, row) => {
    extractor.push(reading)
    values.set(extractor.row() ?? [], row * FEATURE_COUNT)
  })
  return imputeMatrix({ values, rows: readings.length, columns: FEATURE_COUNT })
}
