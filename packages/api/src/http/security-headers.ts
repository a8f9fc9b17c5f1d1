import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import helmet from 'helmet'

/** Nothing but what this API serves itself. */
const CSP = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
}

/** What tells browsers to be careful with an answer. Asked of helmet once: it would make the same anew for each answer. */
export function securityHeaders(): Readonly<Record<string, string>> {
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  const setHeaders = helmet({
    contentSecurityPolicy: { directives: CSP, useDefaults: false },
    frameguard: { action: 'deny' },
    // TLS is the affair of a proxy in front, and so is this promise for a whole domain.
    hsts: false,
  })
  setHeaders(request, response, () => undefined)
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]))
}
