/** Two values of a counter that only grows, `elapsedMs` apart. */
export interface CounterPair {
  readonly previous: number | undefined
  readonly current: number | undefined
}

/** How much a counter grew. Undefined when one value is missing or it went backwards: then it was reset. */
export function growth({ previous, current }: CounterPair): number | undefined {
  if (previous === undefined || current === undefined || current < previous) return undefined
  return current - previous
}

/** Growth of a counter per millisecond. Undefined also when no time is known to have passed. */
export function ratePerMs(pair: CounterPair, elapsedMs: number | undefined): number | undefined {
  const grown = growth(pair)
  if (grown === undefined || elapsedMs === undefined || elapsedMs <= 0) return undefined
  return grown / elapsedMs
}
