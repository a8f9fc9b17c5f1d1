/** What one look at the metrics file found. */
export interface FollowOutcome {
  /**
   * `missing`: no such file (yet). `unchanged`: nothing new. `appended`: new elements at the end. `rewritten`: compacted or replaced; what was
   * known already is not given again. `truncated`: shorter than before, read anew. The first look at a file is `appended`.
   */
  readonly kind: 'missing' | 'unchanged' | 'appended' | 'rewritten' | 'truncated'
  /** Elements handed over. */
  readonly cycles: number
  /** Elements that could not be read, and were skipped. */
  readonly badLines: number
  /** Bytes read. */
  readonly bytes: number
}
