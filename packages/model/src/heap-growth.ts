import { setFlagsFromString } from 'node:v8'

/** Share of what lives in the heap by which it may grow before garbage is collected. Measured: 150 MB instead of 200 MB with 200 containers. */
const GROWTH_PERCENT = 50

/**
 * Keeps the heap near what lives in it. Reading a long history at the start makes much garbage, and V8 would let the heap
 * grow to several times of what is needed ever after. An engine without this flag ignores it.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
}
