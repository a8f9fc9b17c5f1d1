import { AutoscaleError } from '@lxc-autoscale/core'

/** Headers of which this API uses the value, so that there may be only one; those of a proxy are lists and are not here. */
const SINGLE = new Set([
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
])

/**
 * Refuses a request in which a header stands twice that can have one value only: a proxy in front may have looked at the other one.
 * `raw` holds names and values in turn, as they were sent.
 * @throws {AutoscaleError} INVALID_REQUEST
 */
export function checkSingleHeaders(raw: readonly string[]): void {
  const seen = new Set<string>()
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? ''
    if (!SINGLE.has(name)) continue
    if (seen.has(name)) throw new AutoscaleError('INVALID_REQUEST', `the header ${name} may stand only once`)
    seen.add(name)
  }
}
