import { asObject, parseJson } from '@lxc-autoscale/core'
import { type NewsMessage, type Priority, shortened } from './news-message.ts'
import type { NotificationTarget } from './notifications-section.ts'
import { type JsonPost, type JsonReply, postJson } from './post-json.ts'
import { Secrets } from './secrets.ts'
import { SendFailure } from './send-failure.ts'
import { sendMail } from './send-mail.ts'
import { webhookBody } from './webhook-body.ts'

const MOST_QUOTED_CHARACTERS = 200
const PUBLIC_NTFY = 'https://ntfy.sh'

/** Source: docs.ntfy.sh, "Message priority": 1 to 5, 3 is the default. */
const NTFY_PRIORITY: Readonly<Record<Priority, number>> = { low: 2, normal: 3, high: 4 }
/** Source: the Android client of Gotify makes a sound from 4 on, and pops up from 8 on. */
const GOTIFY_PRIORITY: Readonly<Record<Priority, number>> = { low: 2, normal: 5, high: 8 }

/** How a message went: what the other side said, or what is wrong. No secret of the target stands in it. */
export interface SendResult {
  readonly isSent: boolean
  readonly text: string
}

/** Shorter than whoever asks for a test message waits. */
const LIMIT_MS = 20_000

/** Sends a message once. Never rejects for what the other side does. */
export async function sendNews(
  target: NotificationTarget,
  message: NewsMessage,
  { stop, limitMs = LIMIT_MS }: { readonly stop: AbortSignal; readonly limitMs?: number },
): Promise<SendResult> {
  const secrets = new Secrets()
  try {
    const said =
      target.type === 'mail'
        ? await sendMail(target, message, { secrets, stop, limitMs })
        : answerText(target.type, await postJson(postOf(target, message, secrets), { stop, limitMs }), secrets)
    return { isSent: true, text: secrets.keptOut(said) }
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error
    return { isSent: false, text: secrets.keptOut(error.message) }
  }
}

function postOf(target: NotificationTarget, message: NewsMessage, secrets: Secrets): JsonPost {
  const token = secrets.read(target.token, target.token_file)
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new SendFailure(`${target.token_file} must hold a token of printable ASCII without spaces`)
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const { title, text, priority, dashboardUrl } = message
  if (target.type === 'webhook') return { url: webhookUrl(target, secrets), headers, body: webhookBody(message) }
  if (target.type === 'ntfy') {
    const topic = secrets.read(target.topic, undefined)
    const click = dashboardUrl === undefined ? {} : { click: dashboardUrl }
    const body = { topic, title, message: text, priority: NTFY_PRIORITY[priority], ...click }
    return { url: target.url ?? PUBLIC_NTFY, headers, body }
  }
  const extras =
    dashboardUrl === undefined ? {} : { extras: { 'client::notification': { click: { url: dashboardUrl } } } }
  return {
    url: `${(target.url ?? '').replace(/\/+$/, '')}/message`,
    headers: { 'X-Gotify-Key': token ?? '' },
    body: { title, message: text, priority: GOTIFY_PRIORITY[priority], ...extras },
  }
}

/** The address of a webhook is its key, with many services: also what the server itself says must not show its path. */
function webhookUrl({ url, url_file: file }: NotificationTarget, secrets: Secrets): string {
  const text = secrets.read(url, file) ?? ''
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new SendFailure(`${file} must hold a http:// or https:// address`)
  const { pathname, search, password } = new URL(text)
  secrets.add(...[`${pathname}${search}`, pathname, search, password].filter(part => part.length > 1))
  return text
}

/** ntfy and Gotify answer with the number of the message; anything else is another server, or an error, whatever its status. */
function answerText(type: 'webhook' | 'ntfy' | 'gotify', { status, text }: JsonReply, secrets: Secrets): string {
  const answer = asObject(parseJson(text))
  const quoted = text === '' ? '' : `: ${quote(text, secrets)}`
  if (status >= 300 && status < 400)
    throw new SendFailure(`it answers ${status}, a redirect, which is not followed: write the address it leads to`)
  if (status < 200 || status >= 300) throw new SendFailure(`it answers ${status}${quoted}`)
  const isTaken = type === 'webhook' || (answer?.['id'] !== undefined && answer['error'] === undefined)
  if (!isTaken) throw new SendFailure(`it answers ${status}, but not as ${type} does${quoted}`)
  return `taken, ${status}`
}

/** Without the secrets before it is cut: half of one is one too. */
function quote(text: string, secrets: Secrets): string {
  return shortened(secrets.keptOut(text.replaceAll(/\s+/g, ' ').trim()), MOST_QUOTED_CHARACTERS)
}
