/** How a forest is grown. The names in the configuration are `n_estimators`, `max_samples` and `random_state`. */
export interface ForestOptions {
  /** Trees. Default 100. */
  readonly nEstimators?: number
  /**
   * Rows each tree is grown on, drawn without replacement: `auto` (default) = min(256, rows), a whole number above 1 = that many (at most all),
   * a number in (0, 1] = that share of the rows.
   */
  readonly maxSamples?: 'auto' | number
  /** Seed of all randomness; the same rows and seed give the same forest. Default 0. */
  readonly randomState?: number
  /** Only whole numbers in 16 bits will be scored: the forest takes half the room then. Default false. */
  readonly hasWholeRows?: boolean
}
