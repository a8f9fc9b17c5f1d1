import { AutoscaleError } from '@lxc-autoscale/core'
import type { FastifyRequest } from 'fastify'

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a request with this method changes nothing. */
export function isReading(method: string): boolean {
  return READING.has(method)
}

/**
 * Refuses changing requests that a browser sends for a page of somebody else, and those that a page elsewhere could send
 * without being asked by the browser first: everything that is not JSON.
 * @throws {AutoscaleError} FORBIDDEN, UNSUPPORTED_MEDIA_TYPE
 */
export function checkSameOrigin({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): void {
  if (isReading(method)) return
  const site = headers['sec-fetch-site']
  const isForeign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') || !isOwnOrigin(headers.origin, headers.host)
  if (isForeign) throw new AutoscaleError('FORBIDDEN', 'a page of another origin may not change anything here')
  if (/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return
  // For DELETE a browser always asks first. Source: Fetch Standard, CORS-safelisted method.
  if (method === 'DELETE' && !hasBody(headers)) return
  throw new AutoscaleError(
    'UNSUPPORTED_MEDIA_TYPE',
    'a changing request must have a JSON body and the header Content-Type: application/json',
  )
}

function hasBody(headers: FastifyRequest['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || origin.replace(/^https?:\/\//i, '').toLowerCase() === host?.toLowerCase()
}
