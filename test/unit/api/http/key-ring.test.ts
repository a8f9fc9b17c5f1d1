import { createHash, scryptSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AuthenticationSection, configuredKeys } from '../../../../packages/api/src/http/authentication-section.ts'
import { parseKeyFile } from '../../../../packages/api/src/http/key-file.ts'
import { KeyRing } from '../../../../packages/api/src/http/key-ring.ts'

const sha256 = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`
const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

function scryptHash(key: string): string {
  const salt = Buffer.from('a salt of sixteen')
  const hash = scryptSync(key, salt, 32, { N: 2 ** 10, r: 8, p: 1 })
  return `$scrypt$ln=10,r=8,p=1$${unpadded(salt)}$${unpadded(hash)}`
}

describe('the key ring', () => {
  const ring = new KeyRing([
    { name: 'plain', key: 'plain-key-1', role: 'read' },
    { name: 'hashed', key: sha256('hashed-key-2'), role: 'scale', containers: [101] },
    { name: 'slow', key: scryptHash('slow-key-3'), role: 'admin' },
  ])

  test.each([
    ['plain-key-1', 'plain', 'read'],
    ['hashed-key-2', 'hashed', 'scale'],
    ['slow-key-3', 'slow', 'admin'],
  ])('knows the key of %s', async (key, name, role) => {
    expect(await ring.find(key)).toMatchObject({ key: name, role })
  })

  test.each([
    '',
    'plain-key',
    'plain-key-11',
    sha256('hashed-key-2'),
    scryptHash('slow-key-3'),
    'ключ',
    '\0',
    'a'.repeat(10_000),
  ])('does not know %j', async key => {
    expect(await ring.find(key)).toBeUndefined()
  })

  test('computes a slow hash once for a key, right or wrong', async () => {
    await ring.find('slow-key-3')
    await ring.find('wrong-key-4')
    expect(ring.find('slow-key-3')).toMatchObject({ key: 'slow' })
    expect(ring.find('wrong-key-4')).toBeUndefined()
  })

  test('keeps to the containers of a key', async () => {
    expect((await ring.find('hashed-key-2'))?.containers).toEqual(new Set([101]))
  })
})

test('keys of the Python predecessor are admin keys', () => {
  const section = AuthenticationSection.parse({
    api_key: 'first-key',
    api_keys: ['other-key', { name: 'x', key: 'third-key' }],
  })
  expect(configuredKeys(section).map(({ name, role }) => [name, role])).toEqual([
    ['api_key', 'admin'],
    ['api_keys[0]', 'admin'],
    ['x', 'read'],
  ])
})

describe('the key file', () => {
  test('gives plain keys the role of the model, and others theirs', () => {
    const text = `# keys\n\nplain-key-0123456789abcdef\nanna:admin:annas-key-1\nmon:read:${sha256('mon-key-22')}\n`
    expect(parseKeyFile('api.key', text)).toEqual([
      { name: 'key-file', key: 'plain-key-0123456789abcdef', role: 'scale' },
      { name: 'anna', key: 'annas-key-1', role: 'admin' },
      { name: 'mon', key: sha256('mon-key-22'), role: 'read' },
    ])
  })

  test('takes a hash alone on its line for a plain key that is hashed', () => {
    expect(parseKeyFile('api.key', `${sha256('x'.repeat(9))}\n`)).toMatchObject([{ role: 'scale' }])
  })

  test('gives each key that stands alone a name of its own, which stays when others come and go', () => {
    const names = (text: string) => parseKeyFile('api.key', text).map(({ name }) => name)
    const [model, other, third] = names('the-models-key\nother-key-1\nthird-key-2\n')
    expect(model).toBe('key-file')
    expect(other).toMatch(/^key-file-[0-9a-f]{8}$/)
    expect(third).not.toBe(other)
    expect(names(`${sha256('hashed-key-3')}\nthe-models-key\nanna:read:annas-key-1\nthird-key-2\n`)).toEqual([
      expect.stringMatching(/^key-file-/),
      'key-file',
      'anna',
      third,
    ])
  })

  test('names the line whose name another key has, here or in the configuration, or nobody may have', () => {
    const parse = () =>
      parseKeyFile(
        'api.key',
        'good-key-123\nanna:read:key-of-anna\nanna:scale:key-of-bob\nlxc-autoscale:read:key-of-eve\n',
        ['key-file'],
      )
    expect(parse).toThrow('api.key:1: another key is named "key-file" already; give one of them a name of its own')
    expect(parse).toThrow('api.key:3: another key is named "anna" already')
    expect(parse).toThrow('api.key:4: the API keeps the name "lxc-autoscale" for itself; give this key another one')
    expect(() => parseKeyFile('api.key', 'twice-the-same\nother-key-1\nother-key-1\n')).toThrow(
      'api.key:3: another key',
    )
  })

  test('names the line of a mistake, and never the key', () => {
    const parse = () => parseKeyFile('api.key', 'good-key-123\nanna:root:secret-key-9\nshort\n')
    expect(parse).toThrow('api.key:2: unknown role root; known: read, scale, admin')
    expect(parse).toThrow('api.key:3: must be a key of 8 or more characters')
    expect(parse).not.toThrow('secret')
  })
})
