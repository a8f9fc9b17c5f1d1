import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { jsonText, MS_PER_SECOND, systemErrorCode, VERSION } from '@lxc-autoscale/core'
import { failureText, SendFailure } from './send-failure.ts'

/** What is sent to a server of HTTP. */
export interface JsonPost {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** How long a message may be on its way. */
export interface SendLimits {
  /** Aborted when the daemon is to stop. */
  readonly stop: AbortSignal
  /** For all of it: name, connection, handshake, request and answer, also byte by byte. */
  readonly limitMs: number
}

export interface JsonReply {
  readonly status: number
  /** Its beginning, at most `MOST_REPLY_BYTES`. */
  readonly text: string
}

/** No answer is that long; of one that is, no more is read. */
const MOST_REPLY_BYTES = 16_384
/** What all programs of this host trust, an authority of the administrator included. */
const HOST_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Posts JSON once and gives what was answered; a redirect is an answer, and not followed.
 * @throws {SendFailure} saying what is wrong with the connection
 */
export async function postJson({ url, headers, body }: JsonPost, { stop, limitMs }: SendLimits): Promise<JsonReply> {
  const limit = AbortSignal.timeout(limitMs)
  const bytes = Buffer.from(jsonText(body))
  const isSecure = new URL(url).protocol === 'https:'
  const options = {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': bytes.length,
      'User-Agent': `lxc-autoscale-ml/${VERSION}`,
      ...headers,
    },
    // None is kept open: the next message may be hours away.
    agent: false,
    signal: AbortSignal.any([stop, limit]),
    ...(isSecure ? { ca: hostAuthorities() } : {}),
  }
  try {
    return await new Promise<JsonReply>((resolve, reject) => {
      const request = (isSecure ? httpsRequest : httpRequest)(url, options)
      request.on('error', reject)
      request.on('response', response => {
        readBeginning(response).then(text => {
          resolve({ status: response.statusCode ?? 0, text })
          request.destroy()
        }, reject)
      })
      request.end(bytes)
    })
  } catch (error) {
    throw new SendFailure(limit.aborted ? `no whole answer within ${limitMs / MS_PER_SECOND} s` : failureText(error))
  }
}

async function readBeginning(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response) {
    parts.push(part)
    length += part.length
    if (length >= MOST_REPLY_BYTES) break
  }
  return Buffer.concat(parts).subarray(0, MOST_REPLY_BYTES).toString('utf8')
}

/** The authorities that the host trusts; undefined, those of Node.js, where it does not say. */
export function hostAuthorities(): string | undefined {
  try {
    return readFileSync(HOST_AUTHORITIES, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
