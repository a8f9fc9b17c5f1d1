import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiServer } from '../../packages/api/src/http/api-server.ts'
import { Connections } from '../../packages/api/src/http/connections.ts'
import type { HostCommand } from '../../packages/api/src/ports.ts'
import { type ApiInProcess, apiInProcess } from '../fakes/api-in-process.ts'

const KEYS = {
  admin: 'admin-key-0001',
  scale: 'scale-key-0002',
  read: 'read-key-0003',
  only101: 'only101-key-04',
} as const
const VMIDS = [101, 102, 103]

let api: ApiInProcess

beforeAll(async () => {
  api = await apiInProcess(
    { containers: VMIDS.map(vmid => ({ vmid, shape: 'idle' as const, cores: 2, memoryMb: 1_024 })) },
    {
      authentication: {
        api_keys: [
          { name: 'admin', key: KEYS.admin, role: 'admin' },
          { name: 'model', key: KEYS.scale, role: 'scale' },
          { name: 'viewer', key: KEYS.read, role: 'read' },
          { name: 'only101', key: KEYS.only101, role: 'scale', containers: [101] },
        ],
      },
      rate_limiting: { enabled: false },
    },
  )
})
afterAll(() => api.close())

/** Every word that `pct` and `pvesh` may ever be given, place by place. */
const VMID = '[1-9]\\d{2,8}'
const NAME = '[A-Za-z][A-Za-z0-9_-]{1,39}'
const UUID = '[0-9a-f]{8}-[0-9a-f-]{27}'
const ALLOWED = [
  `pct set ${VMID}( -cores [1-9]\\d{0,3})?( -cpulimit \\d{1,4}(\\.\\d{1,2})?)?( -memory [1-9]\\d{1,6})?( -delete (cores|cpulimit|cores,cpulimit))?( --digest [0-9a-f]{40})?`,
  `pct resize ${VMID} rootfs \\+[1-9]\\d{0,4}G( --digest [0-9a-f]{40})?`,
  `pct snapshot ${VMID} ${NAME} --description (temporary, )?made by lxc-autoscale, change ${UUID}`,
  `pct rollback ${VMID} ${NAME}( --start 1)?`,
  `pct delsnapshot ${VMID} ${NAME}`,
  `pct clone ${VMID} ${VMID} --hostname [A-Za-z0-9][A-Za-z0-9.-]{0,254} --snapname ${NAME} --full 1 --description cloned from ${VMID} by lxc-autoscale, change ${UUID}`,
  `pct (start|stop|destroy) ${VMID}`,
  'pct list',
  'pvesh get /nodes/[A-Za-z0-9-]{1,63}/status --output-format json',
  'pvesh get /cluster/status --output-format json',
].map(pattern => new RegExp(`^${pattern}$`))

function isAllowed({ program, args }: HostCommand): boolean {
  const line = [program, ...args].join(' ')
  return !/[\0\r\n]/.test(line) && ALLOWED.some(pattern => pattern.test(line))
}

const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    '0',
    '101',
    ' 101',
    '101 ',
    '+101',
    '1e2',
    '0x65',
    '１０１',
    '101\0',
    '101\r\n',
    '101;id',
    '$(id)',
    '`id`',
    '--help',
    '-1',
    '../101',
    '..%2f101',
    '%00',
    '101.0',
    '9007199254740993',
    '1'.repeat(400),
    null,
    true,
    false,
    [],
    {},
    [101],
    { lxc_id: 101 },
    -0,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    101.5,
    '\u202e101',
    '\ud800',
    'ä',
    '💥',
    '__proto__',
    'constructor',
    'current',
    'vzdump',
    'a'.repeat(41),
    '-rf',
    'before-upgrade',
    'x y',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
)

const good = {
  lxc_id: fc.constantFrom<unknown>(101, '101', 102, '103', 999),
  cores: fc.integer({ min: 1, max: 6 }),
  cpulimit: fc.constantFrom(0.5, 1, 2.25),
  memory: fc.integer({ min: 64, max: 2_048 }),
  disk_size: fc.integer({ min: 1, max: 5 }),
  snapshot_name: fc.constantFrom('before-upgrade', 'x1', 'A_b-c'),
  new_lxc_id: fc.constantFrom<unknown>(900, '901', 101),
  new_lxc_name: fc.constantFrom('copy', 'my_copy', 'a.example.com'),
  expected: fc.record({ cores: fc.integer({ min: 1, max: 4 }) }),
  force: fc.boolean(),
  reason: fc.string({ unit: 'binary', maxLength: 60 }),
} as const
type Field = keyof typeof good

const ALIASES: Readonly<Record<string, readonly string[]>> = {
  lxc_id: ['lxc_id', 'vm_id', 'container_id'],
  new_lxc_id: ['new_lxc_id', 'new_vm_id'],
  new_lxc_name: ['new_lxc_name', 'new_vm_name', 'hostname'],
}

const ROUTES: readonly { readonly method: string; readonly path: string; readonly fields: readonly Field[] }[] = [
  { method: 'POST', path: '/scale/cores', fields: ['lxc_id', 'cores', 'force', 'reason'] },
  { method: 'POST', path: '/scale/ram', fields: ['lxc_id', 'memory', 'force'] },
  {
    method: 'POST',
    path: '/scale/resources',
    fields: ['lxc_id', 'cores', 'cpulimit', 'memory', 'expected', 'force', 'reason'],
  },
  { method: 'POST', path: '/scale/storage/increase', fields: ['lxc_id', 'disk_size'] },
  { method: 'POST', path: '/snapshot/create', fields: ['lxc_id', 'snapshot_name'] },
  { method: 'POST', path: '/snapshot/rollback', fields: ['lxc_id', 'snapshot_name'] },
  { method: 'DELETE', path: '/snapshot/delete', fields: ['lxc_id', 'snapshot_name'] },
  { method: 'GET', path: '/snapshot/list', fields: ['lxc_id'] },
  { method: 'POST', path: '/clone/create', fields: ['lxc_id', 'new_lxc_id', 'new_lxc_name', 'force'] },
  { method: 'DELETE', path: '/clone/delete', fields: ['lxc_id', 'force'] },
  { method: 'GET', path: '/resource/lxc/config', fields: ['lxc_id'] },
  { method: 'GET', path: '/resource/vm/status', fields: ['lxc_id'] },
  { method: 'GET', path: '/resource/lxc/configs', fields: [] },
  { method: 'GET', path: '/resource/cluster/status', fields: [] },
  { method: 'GET', path: '/resource/node/status', fields: [] },
  { method: 'GET', path: '/history', fields: ['lxc_id'] },
  { method: 'POST', path: '/history/00000000-0000-4000-8000-000000000000/undo', fields: ['force'] },
  { method: 'GET', path: '/health/check', fields: [] },
  { method: 'GET', path: '/routes', fields: [] },
]

interface FuzzRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: string | undefined
  readonly key: string
}

/** Mostly nothing. */
function rarely<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 11, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })
}

/** Mostly right requests, in which single parts are replaced, added, spelt otherwise or left out. */
const requests: fc.Arbitrary<FuzzRequest> = fc
  .record({
    route: fc.constantFrom(...ROUTES),
    values: fc.record(good),
    nastyValues: fc.dictionary(
      fc.constantFrom<string>(
        ...Object.keys(good),
        'lxc_ids',
        'node_name',
        'since',
        'limit',
        '__proto__',
        'constructor',
        'api_key',
      ),
      nasty,
      { maxKeys: 1 },
    ),
    alias: fc.nat({ max: 2 }),
    dropped: rarely(fc.constantFrom<Field>('lxc_id', 'cores', 'memory')),
    key: fc.constantFrom<string>(KEYS.admin, KEYS.scale, KEYS.read, KEYS.only101, '', 'wrong-key-000'),
    contentType: fc.constantFrom(
      'application/json',
      'application/json',
      'application/json',
      'application/json;charset=utf-8',
      'text/plain',
      'application/x-www-form-urlencoded',
      '',
    ),
    method: rarely(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS')),
    pathSuffix: rarely(
      fc.constantFrom(
        '/',
        '/..',
        '/../scale/ram',
        '%2f',
        '%00',
        '?',
        '?lxc_id=101&lxc_id=102',
        '#x',
        '//',
        ';x',
        '?__proto__[force]=1',
        '/%E0%A4%A',
      ),
    ),
    header: rarely(
      fc.constantFrom(
        ['idempotency-key', 'k-1'],
        ['idempotency-key', 'ü'],
        ['x-forwarded-for', '127.0.0.1'],
        ['host', 'evil.example.com'],
        ['origin', 'http://evil.example.com'],
        ['expect', 'x'],
      ),
    ),
    cut: rarely(fc.nat({ max: 60 })),
    garbage: rarely(fc.string({ unit: 'binary', maxLength: 50 })),
  })
  .map(({ route, values, nastyValues, alias, dropped, key, contentType, method, pathSuffix, header, cut, garbage }) => {
    const named = route.fields
      .filter(field => field !== dropped)
      .map(field => {
        const spellings = ALIASES[field] ?? [field]
        return [spellings[alias % spellings.length] ?? field, values[field]] as const
      })
    const fields = { ...Object.fromEntries(named), ...nastyValues }
    const isGet = route.method === 'GET'
    const query = new URLSearchParams(
      Object.entries(fields).map(([name, value]): [string, string] => [
        name,
        typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'),
      ]),
    ).toString()
    const json = JSON.stringify(fields)
    const body = garbage ?? (cut === null ? json : json.slice(0, cut))
    return {
      method: method ?? route.method,
      url: `${route.path}${pathSuffix ?? ''}${isGet && query !== '' ? `${pathSuffix?.includes('?') ? '&' : '?'}${query}` : ''}`,
      headers: {
        ...(key === '' ? {} : { 'x-api-key': key }),
        ...(isGet || contentType === '' ? {} : { 'content-type': contentType }),
        ...(header === null ? {} : { [header[0] ?? '']: header[1] ?? '' }),
      },
      payload: isGet ? undefined : body,
      key,
    }
  })

/** What each key may make the host do. */
function isPermitted(key: string, command: HostCommand): boolean {
  if (command.program === 'pvesh' || command.args[0] === 'list') return true
  const [verb, vmid] = command.args
  if (key === KEYS.admin) return true
  const mayScale = key === KEYS.scale || (key === KEYS.only101 && vmid === '101')
  return mayScale && (verb === 'set' || verb === 'resize')
}

function configurations(): string {
  const directory = join(api.host.paths.pve, 'lxc')
  return readdirSync(directory)
    .sort()
    .map(name => readFileSync(join(directory, name), 'utf8'))
    .join('\n')
}

test('of 20,000 random requests none breaks anything, reaches what it may not, or gives pct a word it should not', async () => {
  const statuses = new Map<number, number>()
  let commandsSeen = 0
  await fc.assert(
    fc.asyncProperty(requests, async ({ method, url, headers, payload, key }) => {
      api.commands.seen = []
      // The method is one of the seven above; inject's type knows them one by one.
      const answer = await api.app.inject({
        method: method as 'GET',
        url,
        headers,
        ...(payload === undefined ? {} : { payload }),
      })
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1)
      // The host is well and its commands do what they are told, except that snapshots and clones do not appear: 502.
      expect(answer.statusCode === 502 || answer.statusCode < 500).toBe(true)
      if (answer.statusCode >= 400 && method !== 'HEAD') {
        expect(answer.json()).toMatchObject({ status: 'error', error: expect.any(String), message: expect.any(String) })
        expect(answer.body).not.toMatch(/node_modules|at Object\.|\.ts:\d/)
      }
      for (const command of api.commands.seen) {
        expect([command.program, ...command.args, isAllowed(command)].join(' ')).toMatch(/ true$/)
        expect(isPermitted(key, command)).toBe(true)
      }
      if (answer.statusCode === 401 || answer.statusCode === 400) expect(api.commands.seen).toEqual([])
      commandsSeen += api.commands.seen.length
    }),
    { numRuns: 20_000, endOnFailure: false },
  )
  expect(api.log.messages('error')).toEqual([])
  expect(commandsSeen).toBeGreaterThan(500)
  for (const status of [200, 400, 401, 403, 404, 405, 409, 415]) expect(statuses.get(status)).toBeGreaterThan(20)
}, 300_000)

test('of 3,000 streams of random bytes none is taken for a change, and the server answers on', async () => {
  const before = configurations()
  const server = new ApiServer(
    {
      host: '127.0.0.1',
      port: 0,
      header_timeout_seconds: 5,
      request_timeout_seconds: 5,
      keep_alive_seconds: 5,
    },
    new Connections(64, systemClock),
    api.app.routing,
  )
  const port = await server.listen()
  const valid = `POST /scale/cores HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${KEYS.read}\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n{"lxc_id":101,"cores":7}\n`
  const streams = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .tuple(fc.nat({ max: valid.length }), fc.nat({ max: 5 }), fc.string({ unit: 'binary', maxLength: 20 }))
      .map(([at, length, text]) => `${valid.slice(0, at)}${text}${valid.slice(at + length)}`),
  )
  api.commands.seen = []
  const sample = fc.sample(streams, { numRuns: 3_000, seed: 5 })
  for (let first = 0; first < sample.length; first += 50) {
    await Promise.all(sample.slice(first, first + 50).map(bytes => send(port, bytes)))
  }
  expect(api.commands.seen).toEqual([])
  expect(configurations()).toBe(before)
  expect(await server.answersItself()).toBe(true)
  await server.close()
}, 60_000)

/** Sends bytes and hangs up; resolves when the connection is gone. */
function send(port: number, bytes: string): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.end(Buffer.from(bytes, 'utf8')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.resume()
  })
}
