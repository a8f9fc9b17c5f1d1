import crypto, { createHash, scryptSync } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { describe, expect, test } from 'vitest'
import {
  type ApiKey,
  AuthenticationSection,
  configuredKeys,
} from '../../../../packages/api/src/http/authentication-section.ts'
import { parseKeyFile } from '../../../../packages/api/src/http/key-file.ts'
import { KeyRing } from '../../../../packages/api/src/http/key-ring.ts'
import { SlowChecks } from '../../../../packages/api/src/http/slow-checks.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

const sha256 = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`
const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

function scryptHash(key: string): string {
  const salt = Buffer.from('a salt of sixteen')
  const hash = scryptSync(key, salt, 32, { N: 2 ** 10, r: 8, p: 1 })
  return `$scrypt$ln=10,r=8,p=1$${unpadded(salt)}$${unpadded(hash)}`
}

const LOCAL = '127.0.0.1'
const keyRing = (keys: readonly ApiKey[], clock = new FakeClock()) => new KeyRing(keys, clock)

describe('the key ring', () => {
  const ring = keyRing([
    { name: 'plain', key: 'plain-key-1', role: 'read' },
    { name: 'hashed', key: sha256('hashed-key-2'), role: 'scale', containers: [101] },
    { name: 'slow', key: scryptHash('slow-key-3'), role: 'admin' },
  ])

  test.each([
    ['plain-key-1', 'plain', 'read'],
    ['hashed-key-2', 'hashed', 'scale'],
    ['slow-key-3', 'slow', 'admin'],
  ])('knows the key of %s', async (key, name, role) => {
    expect(await ring.find(key, LOCAL)).toMatchObject({ key: name, role })
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
    expect(await ring.find(key, LOCAL)).toBeUndefined()
  })

  test('computes a slow hash once for a key, right or wrong', async () => {
    await ring.find('slow-key-3', LOCAL)
    await ring.find('wrong-key-4', LOCAL)
    expect(ring.find('slow-key-3', LOCAL)).toMatchObject({ key: 'slow' })
    expect(ring.find('wrong-key-4', LOCAL)).toBeUndefined()
  })

  test('keeps to the containers of a key', async () => {
    expect((await ring.find('hashed-key-2', LOCAL))?.containers).toEqual(new Set([101]))
  })
})

test.each(['first-key-1', 'middle-key-2', 'last-key-03', 'wrong-key-4'])(
  'each key is compared in constant time, whether %s is right or wrong and whichever it is',
  key => {
    const ring = keyRing(['first-key-1', 'middle-key-2', 'last-key-03'].map(key => ({ name: key, key, role: 'read' })))
    const { timingSafeEqual } = crypto
    let compared = 0
    crypto.timingSafeEqual = (a, b) => {
      compared++
      return timingSafeEqual(a, b)
    }
    syncBuiltinESMExports()
    try {
      const found = ring.find(key, LOCAL)
      expect([found, compared]).toEqual([key.startsWith('wrong') ? undefined : expect.objectContaining({ key }), 3])
    } finally {
      crypto.timingSafeEqual = timingSafeEqual
      syncBuiltinESMExports()
    }
  },
)

describe('keys that take long to check', () => {
  const slow = () => keyRing([{ name: 'slow', key: scryptHash('slow-key-3'), role: 'admin' }])
  const outcome = (found: unknown) =>
    Promise.resolve(found).then(
      caller => (caller === undefined ? 'wrong' : 'right'),
      error => error.code,
    )
  const flood = (ring: KeyRing, count: number, address: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => outcome(ring.find(`wrong-key-${at}`, address(at))))

  test.each([
    ['elsewhere', () => '192.0.2.1'],
    ['many places elsewhere', (at: number) => `192.0.2.${at % 250}`],
    ['this machine', () => LOCAL],
    ['every loopback address', (at: number) => `127.0.${at % 250}.1`],
  ])('a right one waits for few of 1,000 wrong ones from %s', async (_where, address) => {
    const ring = slow()
    const wrong = flood(ring, 1_000, address)
    expect(await outcome(ring.find('slow-key-3', LOCAL))).toBe('right')
    const outcomes = await Promise.all(wrong)
    expect(outcomes.filter(what => what === 'RATE_LIMITED').length).toBeGreaterThanOrEqual(985)

    // How many are begun before it is told by the order alone: how long a check takes is for the machine to say.
    const checks = new SlowChecks(new FakeClock())
    const begun: string[] = []
    const check = (what: string) => async () => void begun.push(what)
    const turnedAway = Array.from({ length: 1_000 }, (_, at) => outcome(checks.run(address(at), check('wrong'))))
    await checks.run(LOCAL, check('right'))
    expect(begun.indexOf('right')).toBeLessThanOrEqual(3)
    await Promise.all(turnedAway)
  })

  test('who has sent wrong ones waits behind who has not', async () => {
    const ring = slow()
    await Promise.all(flood(ring, 2, () => '192.0.2.1'))
    const order: string[] = []
    const asked = ['192.0.2.7', '192.0.2.1', '192.0.2.1', '192.0.2.8'].map(async (address, at) => {
      await outcome(ring.find(`another-key-${at}`, address))
      order.push(address)
    })
    await Promise.all(asked)
    expect(order.slice(2)).toEqual(['192.0.2.1', '192.0.2.1'])
  })

  test('an address that sends wrong ones has to pause, longer and longer; others, and this machine, have not', async () => {
    const clock = new FakeClock()
    const ring = keyRing([{ name: 'slow', key: scryptHash('slow-key-3'), role: 'admin' }], clock)
    let asked = 0
    const guess = (address: string) => outcome(ring.find(`guess-number-${asked++}`, address))
    for (let at = 0; at < 5; at++) expect(await guess('2001:db8::1')).toBe('wrong')
    await expect(ring.find('guess-more', '2001:db8::2')).rejects.toMatchObject({ details: { retry_after_seconds: 1 } })
    clock.passMs(1_000)
    expect(await guess('2001:db8::3')).toBe('wrong')
    clock.passMs(1_000)
    expect(await guess('2001:db8:0:0:1::')).toBe('RATE_LIMITED')
    expect(await guess('2001:db8:0:1::')).toBe('wrong')
    for (let at = 0; at < 20; at++) expect(await guess(LOCAL)).toBe('wrong')
    clock.passMs(600_000)
    expect(await outcome(ring.find('slow-key-3', '2001:db8::1'))).toBe('right')
  })

  test('one that many send at once is checked once', async () => {
    const ring = slow()
    const asked = Array.from({ length: 100 }, () => ring.find('slow-key-3', LOCAL))
    expect(new Set(await Promise.all(asked)).size).toBe(1)
  })

  test('what cannot be a key is never checked', () => {
    const ring = slow()
    for (const key of ['short', 'x'.repeat(513), 'with blank', 'schlüssel-1'])
      expect(ring.find(key, LOCAL)).toBeUndefined()
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
      { name: 'model', key: 'plain-key-0123456789abcdef', role: 'scale' },
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
    expect(model).toBe('model')
    expect(other).toMatch(/^key-file-[0-9a-f]{8}$/)
    expect(third).not.toBe(other)
    expect(names(`${sha256('hashed-key-3')}\nthe-models-key\nanna:read:annas-key-1\nthird-key-2\n`)).toEqual([
      expect.stringMatching(/^key-file-/),
      'model',
      'anna',
      third,
    ])
  })

  test('gives a key alone no name of the model when another key is named so', () => {
    const names = (text: string, taken: string[] = []) => parseKeyFile('api.key', text, taken).map(({ name }) => name)
    expect(names('alone-key-1\nmodel:scale:models-key\n')).toEqual([expect.stringMatching(/^key-file-/), 'model'])
    expect(names('alone-key-1\n', ['model'])).toEqual(['key-file'])
  })

  test('names the line whose name another key has, here or in the configuration, or nobody may have', () => {
    const parse = () =>
      parseKeyFile(
        'api.key',
        'good-key-123\nanna:read:key-of-anna\nanna:scale:key-of-bob\nlxc-autoscale:read:key-of-eve\n',
        ['model', 'key-file'],
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
