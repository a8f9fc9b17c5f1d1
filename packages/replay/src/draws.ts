import type { Random } from '@lxc-autoscale/model'

export function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random.uniform()
}

/** As likely between 1 and 2 as between 10 and 20. */
export function logBetween(random: Random, from: number, to: number): number {
  return from * (to / from) ** random.uniform()
}

/** A factor around 1; `spread` is its standard deviation, and it never strays further than four of them. */
export function noisy(random: Random, spread: number): number {
  let sum = 0
  for (let i = 0; i < 4; i++) sum += random.uniform()
  return Math.max(0.05, 1 + spread * (sum - 2) * Math.sqrt(3))
}

/** The waiting time until the next of events that know nothing of each other. */
export function waiting(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.uniform())
}

export interface ParetoOptions {
  readonly least: number
  readonly most: number
  /** The smaller, the heavier the tail; the mean of an unlimited one is infinite up to 1, its variance up to 2. */
  readonly exponent: number
}

/** Pareto-distributed, cut off at `most`: mostly little, now and then very much. */
export function pareto(random: Random, { least, most, exponent }: ParetoOptions): number {
  return Math.min(most, least * (1 - random.uniform()) ** (-1 / exponent))
}
