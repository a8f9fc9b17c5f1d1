import { z } from 'zod'
import { isLoopbackAddress } from '../http/client-address.ts'
import { NEWS_EVENTS, type NewsEvent, USUAL_EVENTS } from './news-events.ts'

const TARGET_TYPES = ['webhook', 'ntfy', 'gotify', 'mail'] as const
type TargetType = (typeof TARGET_TYPES)[number]

/** One address, also as `Name <address>`. Nothing that could begin a further header or address. */
const Address = z
  .string()
  .max(320)
  .regex(/^(?:[^<>@,;:"\p{Cc}]*<[^\s<>@,;:"]+@[^\s<>@,;:"]+>|[^\s<>@,;:"]+@[^\s<>@,;:"]+|[a-z_][a-z0-9_-]*)$/u, {
    error: 'must be one mail address, such as admin@example.org, or a local user such as root',
  })

const HttpUrl = z
  .string()
  .max(2_000)
  // The value itself may be the secret, so no message may show it.
  .refine(
    text => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be a http:// or https:// address',
  )

const Secret = z
  .string()
  .min(1)
  .max(1_000)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')

const SmtpSection = z.strictObject({
  host: z.string().min(1).max(255).default('127.0.0.1').describe('Mail server; the one of this host by default.'),
  port: z.int().min(1).max(65_535).default(25).describe('Its port: 25, 465 (tls) or 587 (starttls).'),
  security: z
    .enum(['none', 'starttls', 'tls'])
    .optional()
    .describe('By default none to a loopback address, tls to port 465, else starttls. What it says must be possible.'),
  username: z.string().min(1).max(320).optional().describe('Name to log in with.'),
  password: z.string().min(1).max(1_000).optional().describe('Password to log in with.'),
  password_file: z.string().min(1).optional().describe('File that holds the password.'),
})

/** Which keys are for which targets; the others have none of them. */
const KEYS_OF: Readonly<Record<TargetType, readonly string[]>> = {
  webhook: ['url', 'url_file', 'token', 'token_file'],
  ntfy: ['url', 'topic', 'token', 'token_file'],
  gotify: ['url', 'token', 'token_file'],
  mail: ['to', 'from', 'smtp'],
}
const OF_ALL = ['type', 'name']

interface TargetProblem {
  readonly path: readonly string[]
  readonly message: string
}

type Given = Readonly<Record<string, unknown>> & { readonly type: TargetType }

function foreignKeys(target: Given): TargetProblem[] {
  const known = KEYS_OF[target.type]
  return Object.keys(target)
    .filter(key => !OF_ALL.includes(key) && !known.includes(key))
    .map(key => ({ path: [key], message: `is not for ${target.type}, which has ${known.join(', ')}` }))
}

const DOUBLES = [
  ['url', 'url_file'],
  ['token', 'token_file'],
] as const

function doubledKeys(target: Given): TargetProblem[] {
  return DOUBLES.filter(([text, file]) => target[text] !== undefined && target[file] !== undefined).map(
    ([text, file]) => ({ path: [file], message: `cannot stand beside ${text}` }),
  )
}

/** What each target needs: one of the keys, and what is said when there is none. */
const NEEDS: Readonly<Record<TargetType, readonly (readonly [keys: readonly string[], message: string])[]>> = {
  webhook: [[['url', 'url_file'], 'is missing']],
  ntfy: [[['topic'], 'is missing']],
  gotify: [
    [['url'], 'is missing: the address of the server'],
    [['token', 'token_file'], 'is missing: the token of an application, which Gotify shows under Apps'],
  ],
  mail: [[['to'], 'is missing: a mail address']],
}

function missingKeys(target: Given): TargetProblem[] {
  return NEEDS[target.type]
    .filter(([keys]) => keys.every(key => target[key] === undefined))
    .map(([keys, message]) => ({ path: keys.slice(0, 1), message }))
}

function smtpProblems({ smtp }: { readonly smtp?: z.output<typeof SmtpSection> | undefined }): TargetProblem[] {
  if (smtp === undefined) return []
  const { host, security, username, password, password_file: file } = smtp
  const hasPassword = password !== undefined || file !== undefined
  const problem = (key: string, message: string) => ({ path: ['smtp', key], message })
  return [
    ...(password !== undefined && file !== undefined ? [problem('password_file', 'cannot stand beside password')] : []),
    ...(hasPassword === (username !== undefined)
      ? []
      : [problem(hasPassword ? 'username' : 'password', 'is missing: name and password go together')]),
    ...(hasPassword && security === 'none' && !isLoopbackAddress(host)
      ? [problem('security', 'must not be none: the password would cross the network as it is')]
      : []),
  ]
}

const Target = z
  .strictObject({
    type: z.enum(TARGET_TYPES).describe('What it is.'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,40}$/, 'must be a name of letters, digits, . _ -')
      .optional()
      .describe('By what logs, metrics and `lxc-autoscale notify test` call it; its type by default.'),
    url: HttpUrl.optional().describe(
      'webhook: where to. gotify: address of the server. ntfy: the same, https://ntfy.sh by default.',
    ),
    url_file: z.string().min(1).optional().describe('webhook: file that holds the address, when that is a secret.'),
    topic: z
      .string()
      .regex(/^[-_A-Za-z0-9]{1,64}$/, 'must be 1 to 64 letters, digits, - and _')
      .optional()
      .describe('ntfy: the topic. Whoever knows it may read it, unless the server has accounts.'),
    token: Secret.optional().describe('gotify: token of the application. ntfy, webhook: sent as a bearer token.'),
    token_file: z.string().min(1).optional().describe('File that holds the token.'),
    to: z
      .union([Address, z.array(Address).min(1).max(50)], 'must be a mail address or a list of them')
      .optional()
      .describe('mail: to whom.'),
    from: Address.optional().describe('mail: from whom; lxc-autoscale at the name of this host by default.'),
    smtp: SmtpSection.optional().describe(
      'mail: through which server; by default that of this host, 127.0.0.1 port 25.',
    ),
  })
  .superRefine((target, context) => {
    const problems = [...foreignKeys(target), ...doubledKeys(target), ...missingKeys(target), ...smtpProblems(target)]
    for (const { path, message } of problems) context.addIssue({ code: 'custom', path: [...path], message })
  })
export type NotificationTarget = z.output<typeof Target>

/** The section `notifications`. */
export const NotificationsSection = z
  .strictObject({
    targets: z
      .array(Target)
      .max(20)
      .superRefine((targets, context) => {
        const names = targets.map(targetName)
        names.forEach((name, at) => {
          if (names.indexOf(name) === at) return
          const message = `another target is called ${name} too; give one of them a name of its own`
          context.addIssue({ code: 'custom', path: [at, 'name'], message })
        })
      })
      .default([])
      .describe('Who is told: none by default.'),
    events: z
      .array(z.enum(NEWS_EVENTS))
      .default([...USUAL_EVENTS])
      .describe('What is told; docs/notifications.md says when.'),
    max_per_hour: z
      .int()
      .min(1)
      .max(1_000)
      .default(10)
      .describe('Messages to one target in an hour; what comes beyond is told together in the next one.'),
    group_seconds: z
      .number()
      .min(1)
      .max(3_600)
      .default(30)
      .describe('So long a message waits for what belongs into the same one.'),
    daily_summary_at: z
      .string('must be a time of day such as 08:00')
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 08:00')
      .default('08:00')
      .describe('When the daily summary is sent, by the time of this host.'),
    dashboard_url: HttpUrl.optional().describe(
      'Address of the dashboard for the link in messages; by default that of server.host, where others can reach it.',
    ),
  })
  .prefault({})
export type NotificationsSection = z.output<typeof NotificationsSection>

/** Keys of the Python predecessor that still say who gets mail. */
export const ErrorHandlingSection = z
  .strictObject({
    notify_on_critical_errors: z.boolean().default(true).describe('Whether notification_recipients get mail.'),
    notification_recipients: z
      .array(Address)
      .max(50)
      .default([])
      .describe(
        'The same as a target of type mail to them, through the mail server of this host. Addresses at example.com, as in the shipped file, get none.',
      ),
  })
  .prefault({})
export type ErrorHandlingSection = z.output<typeof ErrorHandlingSection>

/** By what a target is called. */
export function targetName({ name, type }: Pick<NotificationTarget, 'name' | 'type'>): string {
  return name ?? type
}

/** Name of the target that the predecessor's recipients stand for. */
const RECIPIENTS_NAME = 'notification_recipients'

/** Domains that nobody has. Source: RFC 2606. */
const EXAMPLE = /@(?:.*\.)?example\.(?:com|net|org)>?$|\.(?:example|invalid)>?$/i

/** All targets, with the one that the keys of the predecessor stand for. */
export function targetsOf(
  { targets }: Pick<NotificationsSection, 'targets'>,
  { notify_on_critical_errors: isWanted, notification_recipients: recipients }: ErrorHandlingSection,
): readonly NotificationTarget[] {
  const to = recipients.filter(address => !EXAMPLE.test(address))
  return isWanted && to.length > 0 ? [...targets, { type: 'mail', name: RECIPIENTS_NAME, to }] : targets
}

/** What a message is made and sent by. */
export interface NewsSettings
  extends Pick<NotificationsSection, 'max_per_hour' | 'group_seconds' | 'daily_summary_at' | 'dashboard_url'> {
  readonly targets: readonly NotificationTarget[]
  readonly events: readonly NewsEvent[]
}
