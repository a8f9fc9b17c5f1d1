import { AutoscaleError } from '@lxc-autoscale/core'

/** Headers of which this API uses the value, so that there may be only one; those of a proxy are lists and are not here. Each is a bit. */
const SINGLE = new Map(
  [
    'host',
    'x-api-key',
    'idempotency-key',
    'authorization',
    'content-type',
    'content-length',
    'content-encoding',
    'transfer-encoding',
    'origin',
    'sec-fetch-site',
  ].map((name, at) => [name, 1 << at]),
)

/**
 * Refuses a request in which a header stands twice that can have one value only: a proxy in front may have looked at the other one.
 * `raw` holds names and values in turn, as they were sent.
 * @throws {AutoscaleError} INVALID_REQUEST
 */
export function checkSingleHeaders(raw: readonly string[]): void {
  let seen = 0
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? ''
    const bit = SINGLE.get(name) ?? 0
    if ((seen & bit) !== 0) throw new AutoscaleError('INVALID_REQUEST', `the header ${name} may stand only once`)
    seen |= bit
  }
}
