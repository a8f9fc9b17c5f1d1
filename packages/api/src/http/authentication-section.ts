import { isMarkedAsHash, ROLES, Vmid } from '@lxc-autoscale/core'
import { z } from 'zod'
import { nameProblem } from './key-names.ts'

const SHA256 = /^sha256:[0-9a-f]{64}$/i
/** PHC string format of scrypt: parameters, salt, hash. */
const SCRYPT = /^\$scrypt\$ln=(?:[1-9]|1\d|20),r=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{8,}\$[A-Za-z0-9+/]{22,}$/

/** Whether `text` is the hash of a key and not the key. */
function isKeyHash(text: string): boolean {
  return SHA256.test(text) || SCRYPT.test(text)
}

/** A key as text, or its hash: `sha256:HEX` or `$scrypt$ln=15,r=8,p=1$SALT$HASH` (base64 without padding). */
export const KeyText = z
  .string()
  .min(8, 'must have at least 8 characters')
  .max(512)
  .refine(
    text => !isMarkedAsHash(text) || isKeyHash(text),
    'is not a hash: sha256:HEX or $scrypt$ln=15,r=8,p=1$SALT$HASH',
  )
  .refine(text => /^[\x21-\x7e]+$/.test(text), 'must be printable ASCII without spaces')

const ApiKey = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be a name of letters, digits, . _ -')
    .describe('Name for the audit log.'),
  key: KeyText.describe('The key, or its hash.'),
  role: z.enum(ROLES).default('read').describe('What the key may do.'),
  containers: z.array(Vmid).optional().describe('The only containers it may see and change; all when left out.'),
})
export type ApiKey = z.output<typeof ApiKey>

/** The section `authentication`. */
export const AuthenticationSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether a key is needed.'),
    api_key: KeyText.optional().describe('A key with the role admin.'),
    api_keys: z
      .array(z.union([KeyText, ApiKey], 'must be a key, or a map of name, key, role and containers'))
      .default([])
      .describe(
        'Keys: as text or hash (role admin), or as maps of name, key (text, sha256:HEX or $scrypt$...), role (read, scale, admin) and containers.',
      ),
    key_file: z
      .string()
      .default('/etc/lxc_autoscale_ml/api.key')
      .describe(
        'File with one key per line: a key alone (role scale; the first is that of the model, unless a key is named model), or name:role:key. Names are unique. Empty for none; it need not exist.',
      ),
  })
  .superRefine((section, context) => {
    const keys = configuredKeys(section)
    const names = keys.map(({ name }) => name)
    names.forEach((name, at) => {
      const message = nameProblem(name, names.slice(0, at))
      const path = ['api_keys', at - (keys.length - section.api_keys.length), 'name']
      if (message !== undefined) context.addIssue({ code: 'custom', path, message })
    })
  })
  .prefault({})
export type AuthenticationSection = z.output<typeof AuthenticationSection>

/** The keys that the configuration names, with the role admin where it names none; those of the key file are beside them. */
export function configuredKeys({ api_key, api_keys }: Pick<AuthenticationSection, 'api_key' | 'api_keys'>): ApiKey[] {
  const first: ApiKey[] = api_key === undefined ? [] : [{ name: 'api_key', key: api_key, role: 'admin' }]
  const others = api_keys.map(
    (entry, at): ApiKey => (typeof entry === 'string' ? { name: `api_keys[${at}]`, key: entry, role: 'admin' } : entry),
  )
  return [...first, ...others]
}
