import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiDaemon, KEYS } from '../fakes/api-daemon.ts'

let api: ApiDaemon

beforeAll(async () => {
  const shape = 'idle' as const
  api = await ApiDaemon.start({
    containers: [101, 102].map(vmid => ({ vmid, shape, cores: 2, memoryMb: 1_024 })),
    config: {
      server: { port: 0, trusted_proxies: ['127.0.0.1'], header_timeout_seconds: 1, request_timeout_seconds: 1 },
    },
  })
})
afterAll(() => api.stop())

const CHANGE = { lxc_id: 101, cores: 3 }

async function isUnchanged(): Promise<boolean> {
  const { json } = await api.ask('/resource/lxc/config?lxc_id=101')
  return json.data.cores === 2 && json.data.memory_mb === 1_024
}

/** What the server answers to bytes that no client would send. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(api.port, '127.0.0.1', () => socket.write(bytes))
    socket.setEncoding('latin1')
    socket.on('data', part => {
      text += part
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}

describe('a key', () => {
  test.each([
    ['/resource/lxc/configs', 'GET'],
    ['/resource/node/status', 'GET'],
    ['/history', 'GET'],
    ['/routes', 'GET'],
    ['/overview', 'GET'],
    ['/events', 'GET'],
    ['/snapshot/list?lxc_id=101', 'GET'],
    ['/scale/cores', 'POST'],
    ['/scale/ram', 'POST'],
    ['/scale/resources', 'POST'],
    ['/scale/storage/increase', 'POST'],
    ['/snapshot/create', 'POST'],
    ['/snapshot/delete', 'DELETE'],
    ['/clone/create', 'POST'],
    ['/clone/delete', 'DELETE'],
    ['/history/00000000-0000-4000-8000-000000000000/undo', 'POST'],
  ])('is needed for %s, right to the last character', async (path, method) => {
    const body = method === 'GET' ? {} : { body: {} }
    for (const key of ['', `${KEYS.admin}x`, KEYS.admin.slice(0, -1), 'Admin-key-0001']) {
      expect(await api.ask(path, { method, key, ...body })).toMatchObject({
        status: 401,
        json: { error: 'UNAUTHORIZED' },
      })
    }
  })

  test('may come as bearer, as other programs send theirs, and counts for the same', async () => {
    const ask = (value: string, path = '/routes', options = {}) =>
      api.ask(path, { key: '', headers: { authorization: value }, ...options })
    expect((await ask(`Bearer ${KEYS.read}`)).status).toBe(200)
    expect((await ask(`bearer ${KEYS.read}`)).status).toBe(200)
    expect((await ask(`Bearer ${KEYS.read}x`)).status).toBe(401)
    expect((await ask(`Basic ${KEYS.read}`)).status).toBe(401)
    expect((await ask(`Bearer ${KEYS.read}`, '/scale/cores', { body: CHANGE })).status).toBe(403)
  })

  test('in the query counts for GET, and for nothing that changes', async () => {
    expect((await api.ask(`/resource/lxc/configs?api_key=${KEYS.read}`, { key: '' })).status).toBe(200)
    expect((await api.ask(`/scale/cores?api_key=${KEYS.admin}`, { key: '', body: CHANGE })).status).toBe(401)
    expect((await api.ask(`/routes?api_key=${KEYS.read}&api_key=${KEYS.read}`, { key: '' })).status).toBe(401)
  })

  test('never reaches a log', async () => {
    await api.ask(`/resource/lxc/config?lxc_id=999&api_key=${KEYS.read}`, { key: '' })
    await api.ask('/scale/cores', { body: { lxc_id: 101, cores: 1, api_key: KEYS.admin } })
    const logs = [api.daemon.output, readFileSync(join(api.directory, 'api.log'), 'utf8')].join('\n')
    const audit = readFileSync(join(api.directory, 'state', 'audit.jsonl'), 'utf8')
    for (const key of Object.values(KEYS)) expect(logs + audit).not.toContain(key)
    await api.ask('/scale/cores', { body: { lxc_id: 101, cores: 2 } })
  })

  test('of anything but ASCII is simply wrong', async () => {
    expect((await api.ask('/routes', { key: 'schlüssel' })).status).toBe(401)
    expect((await api.ask('/routes?api_key=%FF%00', { key: '' })).status).toBe(401)
  })

  test.each([
    [KEYS.read, '/scale/cores', CHANGE],
    [KEYS.scale, '/snapshot/create', { lxc_id: 101, snapshot_name: 'ab' }],
    [KEYS.scale, '/clone/create', { lxc_id: 101, new_lxc_id: 900, new_lxc_name: 'x' }],
    [KEYS.scale, '/scale/cores', { ...CHANGE, force: true }],
    [KEYS.only101, '/scale/cores', { lxc_id: 102, cores: 3 }],
    [KEYS.only101, '/scale/cores', { vm_id: '102', cores: 3 }],
  ])('%s may not %s %j', async (key, path, body) => {
    expect(await api.ask(path, { key, body })).toMatchObject({ status: 403, json: { error: 'FORBIDDEN' } })
  })
})

describe('a page of somebody else', () => {
  test.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'lxc_id=101&cores=3', 415],
    ['JSON as text', { 'content-type': 'text/plain' }, JSON.stringify(CHANGE), 415],
    ['JSON as a form', { 'content-type': 'multipart/form-data; boundary=x' }, JSON.stringify(CHANGE), 415],
    ['JSON from another origin', { origin: 'https://evil.example.com' }, JSON.stringify(CHANGE), 403],
    ['JSON from nowhere', { origin: 'null' }, JSON.stringify(CHANGE), 403],
    ['JSON across sites', { 'sec-fetch-site': 'cross-site' }, JSON.stringify(CHANGE), 403],
    ['JSON to a name that was made to lead here', { host: 'evil.example.com' }, JSON.stringify(CHANGE), 403],
  ])('cannot change anything by %s', async (_what, headers, body, status) => {
    expect((await api.ask('/scale/cores', { method: 'POST', headers, body })).status).toBe(status)
    expect(await isUnchanged()).toBe(true)
  })

  test('gets no permission from OPTIONS, and may not read', async () => {
    const headers = { origin: 'https://evil.example.com', 'access-control-request-method': 'POST' }
    const answer = await api.ask('/scale/cores', { method: 'OPTIONS', headers })
    expect(answer.status).toBe(204)
    expect(Object.keys(answer.headers).filter(name => name.startsWith('access-control'))).toEqual([])
    expect((await api.ask('/routes', { headers })).headers['access-control-allow-origin']).toBeUndefined()
    expect((await api.ask('/routes', { headers: { host: 'evil.example.com:80' } })).status).toBe(403)
  })

  test('cannot frame this one', async () => {
    const { headers } = await api.ask('/')
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  })
})

describe('a request that cannot be taken', () => {
  test.each([
    ['{"lxc_id":101,', 400, 'INVALID_REQUEST'],
    ['', 400, 'INVALID_REQUEST'],
    ['[]', 400, 'INVALID_REQUEST'],
    ['null', 400, 'INVALID_REQUEST'],
    ['"x"', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":101,"cores":3,"__proto__":{"force":true}}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":101,"cores":3,"constructor":{"prototype":{"force":true}}}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":true,"cores":1}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":"1_0_1","cores":1}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":" 101","cores":1}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":101,"cores":3.9}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":101,"cores":"3e0"}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":101,"cores":1e400}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":101,"cores":-1}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":101,"vm_id":102,"cores":3}', 400, 'INVALID_REQUEST'],
    ['{"lxc_id":102,"cores":3,"lxc_id":101}', 400, 'INVALID_REQUEST'],
    [`{"lxc_id":${'['.repeat(9_000)}${']'.repeat(9_000)},"cores":3}`, 400, 'INVALID_REQUEST'],
    [`{"vm_id":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)},"cores":3}`, 400, 'INVALID_REQUEST'],
    [JSON.stringify({ ...CHANGE, reason: 'x'.repeat(70_000) }), 413, 'BODY_TOO_LARGE'],
  ])('%.60s: %s %s', async (body, status, error) => {
    const answer = await api.ask('/scale/cores', { method: 'POST', body })
    expect(answer).toMatchObject({ status, json: { status: 'error', error } })
    expect(answer.json.message.length).toBeGreaterThan(10)
    expect(await isUnchanged()).toBe(true)
  })

  test('with its parameters in the query is told where they belong', async () => {
    const answer = await api.ask('/scale/cores?lxc_id=101&cores=3', { method: 'POST' })
    expect(answer).toMatchObject({ status: 415, json: { error: 'UNSUPPORTED_MEDIA_TYPE' } })
  })

  test.each([
    ['GET', '/scale/cores', 'POST, OPTIONS'],
    ['DELETE', '/snapshot/create', 'POST, OPTIONS'],
    ['POST', '/routes', 'GET, HEAD, OPTIONS'],
    ['PUT', '/resource/lxc/config', 'GET, HEAD, OPTIONS'],
  ])('by the wrong method (%s %s) is told the right ones', async (method, path, allow) => {
    const answer = await api.ask(path, { method, ...(method === 'GET' ? {} : { body: {} }) })
    expect(answer).toMatchObject({ status: 405, json: { error: 'METHOD_NOT_ALLOWED' }, headers: { allow } })
  })

  test.each(['/nowhere', '/scale/cores/', '/Scale/Cores', '/static/x', '/%2e%2e/etc/passwd', '/scale//cores'])(
    'to %s finds nothing',
    async path => {
      expect(await api.ask(path)).toMatchObject({ status: 404, json: { status: 'error', error: 'ROUTE_NOT_FOUND' } })
    },
  )

  test('with a broken path is answered like any other', async () => {
    expect(await api.ask('/%zz')).toMatchObject({ status: 400, json: { error: 'INVALID_REQUEST' } })
  })

  test.each([
    ['nonsense\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 413],
    [
      'POST /scale/cores HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['GET /routes HTTP/1.0\r\nConnection: close\r\n\r\n', 403],
    [
      `GET /routes HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${KEYS.read}\r\nX-API-Key: ${KEYS.read}\r\nConnection: close\r\n\r\n`,
      400,
    ],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nhost: evil.example.com\r\nConnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: localhost\r\n', 408],
  ])('as bytes (%.50j) is answered with %s and JSON', async (bytes, status) => {
    const answer = await exchange(bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    if (bytes !== 'GET / HTTP/1.1\r\n\r\n') expect(answer).toContain('"status":"error"')
  })

  test('never shows a stack or a path of this machine', async () => {
    for (const path of ['/%zz', '/nowhere', '/history?since=x', '/resource/lxc/config?lxc_id[]=1']) {
      expect((await api.ask(path)).text).not.toMatch(/node_modules|\.ts|\.js|at Object/)
    }
  })
})

describe('the rate limit', () => {
  test('does not count local clients', async () => {
    const answers = await Promise.all(Array.from({ length: 150 }, () => api.ask('/routes')))
    expect(answers.every(({ status, headers }) => status === 200 && headers['x-ratelimit-limit'] === undefined)).toBe(
      true,
    )
  })

  test('counts the client behind a trusted proxy, and says so', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.9' }
    const answers = []
    for (let at = 0; at < 121; at++) answers.push(await api.ask('/health/check', { key: '', headers }))
    expect(answers[0]).toMatchObject({ headers: { 'x-ratelimit-limit': '120', 'x-ratelimit-remaining': '119' } })
    const last = answers.at(-1)
    expect(last).toMatchObject({ status: 429, json: { error: 'RATE_LIMITED', limit: 120, window_seconds: 60 } })
    expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0)
    expect((await api.ask('/health/check', { headers: { 'x-forwarded-for': '192.0.2.10' } })).status).not.toBe(429)
  })

  test('is not escaped by a client that says it is local', async () => {
    const headers = { 'x-forwarded-for': '127.0.0.1' }
    let status = 0
    for (let at = 0; at < 121; at++) ({ status } = await api.ask('/health/check', { headers }))
    expect(status).toBe(429)
  })

  test('counts a key from wherever it is used', async () => {
    let status = 0
    for (let at = 0; at < 121; at++) {
      const headers = { 'x-forwarded-for': `198.51.100.${at}` }
      ;({ status } = await api.ask('/routes', { key: KEYS.read, headers }))
    }
    expect(status).toBe(429)
    expect(
      (await api.ask('/routes', { key: KEYS.scale, headers: { 'x-forwarded-for': '198.51.100.250' } })).status,
    ).toBe(200)
  })
})

test('the audit log cannot be given lines of somebody else', async () => {
  const reason = 'x"}\n{"id":"forged"}\r\n\u2028'
  await api.ask('/scale/cores', { body: { lxc_id: 102, cores: 3, reason } })
  const lines = readFileSync(join(api.directory, 'state', 'audit.jsonl'), 'utf8')
    .trim()
    .split('\n')
  expect(lines.every(line => JSON.parse(line).id !== 'forged')).toBe(true)
  expect(JSON.parse(lines.at(-1) ?? '').why).toBe(reason)
})

test('a container name from the host is JSON for whoever asks, and steers no terminal', async () => {
  const path = join(api.host.paths.pve, 'lxc', '102.conf')
  const name = '<script>alert(1)</script>\u202e\u009b2J'
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^hostname: .*$/m, `hostname: ${name}`))
  const { text, json, headers } = await api.ask('/overview')
  expect(json.data.rows[1].name).toBe(name)
  expect(text).toContain('</script>\\u202e\\u009b2J')
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
})
