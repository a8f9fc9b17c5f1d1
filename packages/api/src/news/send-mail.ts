import { lookup, lookupService } from 'node:dns/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { MS_PER_SECOND } from '@lxc-autoscale/core'
import { isLoopbackAddress } from '../http/client-address.ts'
import type { NewsMessage, Priority } from './news-message.ts'
import type { NotificationTarget } from './notifications-section.ts'
import { hostAuthorities, type SendLimits } from './post-json.ts'
import type { Secrets } from './secrets.ts'
import { failureText, SendFailure } from './send-failure.ts'

type Smtp = NonNullable<NotificationTarget['smtp']>

/** Without an answer for so long, nothing more is waited for. */
const SILENCE_MS = 10_000
/** A name that takes longer is not known. */
const LOOKUP_MS = 3_000
const MOST_REPLY_BYTES = 16_384
const TLS_PORT = 465

const LOCAL: Smtp = { host: '127.0.0.1', port: 25 }
const IMPORTANCE: Readonly<Record<Priority, 'low' | 'normal' | 'high'>> = { low: 'low', normal: 'normal', high: 'high' }

/**
 * Hands a message to a mail server once; gives what it said.
 * @throws {SendFailure} saying what is wrong; also when the server takes the mail for nobody
 */
export async function sendMail(
  { to = [], from, smtp = LOCAL }: Pick<NotificationTarget, 'to' | 'from' | 'smtp'>,
  { title, text, priority, host }: NewsMessage,
  { secrets, stop, limitMs }: SendLimits & { readonly secrets: Secrets },
): Promise<string> {
  const pass = secrets.read(smtp.password, smtp.password_file)
  const { username: user } = smtp
  if (pass !== undefined) secrets.add(base64(pass), base64(`\0${user}\0${pass}`))
  const ownName = await fullHostname()
  // Loaded by the first mail, so that who wants none does not pay for it.
  const { createTransport } = await import('nodemailer')
  const limit = AbortSignal.timeout(limitMs)
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    name: ownName,
    ...encryption(smtp),
    ...(user === undefined || pass === undefined ? {} : { auth: { user, pass } }),
    connectionTimeout: SILENCE_MS,
    greetingTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    dnsTimeout: SILENCE_MS,
    maxResponseSize: MOST_REPLY_BYTES,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    const { accepted, rejected, response } = await transport.sendMail({
      from:
        from === undefined
          ? { name: `LXC AutoScale ML on ${host}`, address: `lxc-autoscale@${ownName}` }
          : withDomain(from),
      to: [to].flat().map(withDomain),
      subject: title,
      text: `${text}\n`,
      priority: IMPORTANCE[priority],
      // Source: RFC 3834: nobody's holiday message answers it.
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.any([stop, limit]),
    })
    const left = rejected.length === 0 ? '' : `; it refused ${rejected.join(', ')}`
    return `taken for ${accepted.join(', ')}${left}: ${response}`
  } catch (error) {
    const late = `${smtp.host} did not take it within ${limitMs / MS_PER_SECOND} s`
    throw new SendFailure(limit.aborted ? late : failureText(error))
  }
}

function encryption({ host, port, security }: Smtp) {
  const usual = isLoopbackAddress(host) ? 'none' : 'starttls'
  const wanted = security ?? (port === TLS_PORT ? 'tls' : usual)
  // A mail server of this host commonly shows a certificate that nobody signed, and nobody listens on loopback.
  if (wanted === 'none') return { secure: false, ignoreTLS: true }
  const ca = hostAuthorities()
  return { secure: wanted === 'tls', requireTLS: wanted === 'starttls', tls: ca === undefined ? {} : { ca } }
}

/** A local user; the mail server of this host knows whose mail that is. */
function withDomain(address: string): string {
  return address.includes('@') ? address : `${address}@localhost`
}

/** The name of this host as its mail server has it, so that others take the sender: with its domain, where /etc/hosts or DNS knows one. */
async function fullHostname(): Promise<string> {
  const name = hostname()
  const asked = lookup(name)
    .then(({ address }) => lookupService(address, 0))
    .then(({ hostname: full }) => (full.startsWith(`${name}.`) ? full : name))
    .catch(() => name)
  return Promise.race([asked, delay(LOOKUP_MS, name, { ref: false })])
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
