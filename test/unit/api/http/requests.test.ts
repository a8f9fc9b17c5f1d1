import { AutoscaleError, ScaleCoresRequest, ScaleResourcesRequest } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { hostCheck } from '../../../../packages/api/src/http/allowed-hosts.ts'
import { isLocalClient, isLoopbackAddress } from '../../../../packages/api/src/http/client-address.ts'
import { errorReply } from '../../../../packages/api/src/http/error-reply.ts'
import { nameFields } from '../../../../packages/api/src/http/field-names.ts'
import { checkJsonText } from '../../../../packages/api/src/http/json-text.ts'
import { checkSameOrigin } from '../../../../packages/api/src/http/same-origin.ts'
import { checkSingleHeaders } from '../../../../packages/api/src/http/single-headers.ts'

describe('the Host header', () => {
  const check = hostCheck(['pve.example.com'])
  const isAllowed = (host: string | undefined, localAddress?: string) => {
    try {
      check(host, localAddress)
      return true
    } catch {
      return false
    }
  }

  test.each([
    ['localhost:5000', undefined],
    ['127.0.0.1', undefined],
    ['[::1]:5000', undefined],
    ['PVE.example.com:443', undefined],
    ['192.0.2.7:5000', '192.0.2.7'],
    ['192.0.2.7:5000', '::ffff:192.0.2.7'],
    ['[2001:db8::1]:5000', '2001:db8::1'],
  ])('%s is served (reached at %s)', (host, address) => {
    expect(isAllowed(host, address)).toBe(true)
  })

  test.each([
    ['evil.example.com', '127.0.0.1'],
    ['127.0.0.1.evil.example.com', '127.0.0.1'],
    ['localhost.evil.example.com', '127.0.0.1'],
    ['192.0.2.8', '192.0.2.7'],
    [undefined, '127.0.0.1'],
    ['', '127.0.0.1'],
  ])('%s is not (reached at %s)', (host, address) => {
    expect(isAllowed(host, address)).toBe(false)
  })
})

describe('a client', () => {
  test.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('at %s is local', peer => {
    expect(isLocalClient({ peer, headers: {} })).toBe(true)
  })

  test.each(['x-forwarded-for', 'forwarded', 'via'])(
    'that came through a proxy (%s) is not, whatever it says',
    header => {
      expect(isLocalClient({ peer: '127.0.0.1', headers: { [header]: '127.0.0.1' } })).toBe(false)
    },
  )

  test.each(['192.0.2.1', '::ffff:192.0.2.1', '1270.0.0.1', '127.evil.example.com'])('at %s is not', peer => {
    expect(isLoopbackAddress(peer)).toBe(false)
  })
})

describe('a changing request', () => {
  const json = { host: 'localhost:5000', 'content-type': 'application/json' }
  const check =
    (headers: Record<string, string>, method = 'POST') =>
    () =>
      checkSameOrigin({ method, headers })

  test.each([
    json,
    { ...json, 'content-type': 'application/json; charset=utf-8' },
    { ...json, origin: 'http://localhost:5000', 'sec-fetch-site': 'same-origin' },
  ])('%j is taken', headers => {
    expect(check(headers)).not.toThrow()
  })

  test.each([
    { ...json, origin: 'http://evil.example.com' },
    { ...json, origin: 'null' },
    { ...json, 'sec-fetch-site': 'cross-site' },
    { ...json, 'sec-fetch-site': 'same-site' },
  ])('%j comes from another page', headers => {
    expect(check(headers)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    '',
  ])('of the type %j is not JSON', type => {
    expect(check({ ...json, 'content-type': type })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_MEDIA_TYPE' }),
    )
  })

  test('needs no JSON to delete what the path names', () => {
    expect(check({}, 'DELETE')).not.toThrow()
    expect(check({ 'content-length': '2' }, 'DELETE')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_MEDIA_TYPE' }),
    )
    expect(check({ origin: 'http://evil.example.com' }, 'DELETE')).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    )
    expect(check({}, 'POST')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MEDIA_TYPE' }))
  })

  test('is none when it only reads', () => {
    expect(check({ origin: 'http://evil.example.com' }, 'GET')).not.toThrow()
  })
})

describe('the JSON of a body', () => {
  test.each([
    '{"lxc_id":101,"lxc_id":102}',
    '{"lxc_id" :101, "lxc_id"\n: 102}',
    '{"lxc_id":101,"lxc\\u005fid":102}',
    '{"a":{"x":1,"y":[{"x":1}],"x":2}}',
    '{"a":[],"b":"{\\"","a":1}',
    '{"":1,"":2}',
  ])('%s has a field twice', text => {
    expect(() => checkJsonText(text)).toThrow(/^the body has the field ".*" twice$/)
    expect(() => JSON.parse(text)).not.toThrow()
  })

  test.each([
    '{"a":{"x":1},"b":{"x":1},"x":["x","x"]}',
    '[{"x":1},{"x":2}]',
    '{"a":"\\"b\\":{\\"b\\":","b":"a","c":"\\\\"}',
    '"x"',
    '1',
    `${'['.repeat(16)}${']'.repeat(16)}`,
  ])('%s has not', text => {
    expect(() => checkJsonText(text)).not.toThrow()
  })

  test('of any depth is refused with a message and not with a full stack', () => {
    for (const depth of [17, 9_000, 500_000]) {
      const text = `${'{"a":['.repeat(depth / 2)}{}${']}'.repeat(depth / 2)}`
      expect(() => checkJsonText(text)).toThrow('nested more than 16 levels deep')
    }
  })
})

describe('the headers of a request', () => {
  test.each(['Host', 'X-API-Key', 'idempotency-key', 'Content-Type', 'Authorization', 'Origin'])(
    'may hold %s once',
    name => {
      const once = ['Accept', 'a', name, 'x', 'Accept', 'b', 'X-Forwarded-For', '1', 'X-Forwarded-For', '2']
      expect(() => checkSingleHeaders(once)).not.toThrow()
      expect(() => checkSingleHeaders([...once, name.toUpperCase(), 'x'])).toThrow(
        `the header ${name.toLowerCase()} may stand only once`,
      )
    },
  )
})

describe('the names of fields', () => {
  test.each(['vm_id', 'container_id', 'lxc_id'])('%s is the container', name => {
    expect(nameFields({ [name]: 101, cores: 2 }, ScaleCoresRequest).fields).toEqual({ lxc_id: 101, cores: 2 })
  })

  test('may be given twice when the values agree', () => {
    expect(nameFields({ vm_id: '101', lxc_id: 101 }, ScaleCoresRequest).fields).toEqual({ lxc_id: 101 })
  })

  test('may not contradict each other', () => {
    expect(() => nameFields({ vm_id: 102, lxc_id: 101 }, ScaleCoresRequest)).toThrow('vm_id and lxc_id mean the same')
  })

  test('that nobody knows are named, also inside others', () => {
    const sent = { lxc_id: 101, core: 2, expected: { cores: 1, memory_mb: 5 } }
    expect(nameFields(sent, ScaleResourcesRequest).ignored).toEqual(['core', 'expected.memory_mb'])
  })

  test('of an object prototype are no known fields', () => {
    const sent = JSON.parse('{"constructor": 1, "toString": 2}')
    expect(nameFields(sent, ScaleCoresRequest).ignored).toEqual(['constructor', 'toString'])
  })
})

describe('an error', () => {
  test('keeps its code, message and facts', () => {
    const error = new AutoscaleError('CONTAINER_LOCKED', 'locked', { details: { lock: 'backup' } })
    expect(errorReply(error)).toMatchObject({
      status: 423,
      body: { status: 'error', error: 'CONTAINER_LOCKED', message: 'locked', lock: 'backup' },
    })
  })

  test('cannot have its own fields replaced by a fact', () => {
    const error = new AutoscaleError('PCT_FAILED', 'no', { details: { status: 'success', error: 'x', message: 'y' } })
    expect(errorReply(error).body).toEqual({ status: 'error', error: 'PCT_FAILED', message: 'no' })
  })

  test('that is a bug tells nothing of itself', () => {
    const { status, body } = errorReply(new TypeError('secret path /root/x'))
    expect([status, body.error]).toEqual([500, 'INTERNAL'])
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  test.each(['RATE_LIMITED', 'QUEUE_FULL', 'NO_QUORUM'] as const)('%s says when to come again', code => {
    expect(Number(errorReply(new AutoscaleError(code, 'x')).headers['retry-after'])).toBeGreaterThan(0)
  })
})
