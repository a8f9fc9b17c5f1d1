import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { updateSettings } from '@lxc-autoscale/simulator'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { ApiDaemon, type ApiDaemonOptions, KEYS } from '../fakes/api-daemon.ts'
import { SpawnedDaemon } from '../fakes/spawned-daemon.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const BIN = 'api/bin/lxc-autoscale-api.mjs'

async function start(options: Partial<ApiDaemonOptions> = {}): Promise<ApiDaemon> {
  const containers = [101, 102].map(vmid => ({ vmid, shape: 'idle' as const, cores: 2, memoryMb: 1_024 }))
  const api = await ApiDaemon.start({ containers, ...options })
  onTestFinished(() => api.stop())
  return api
}

/** Changes the configuration file of a running daemon, tells it, and waits for what it says. */
async function reload(api: ApiDaemon, change: (config: Record<string, unknown>) => void, says: RegExp): Promise<void> {
  const file = join(api.directory, 'api.yaml')
  const config = parse(readFileSync(file, 'utf8'))
  change(config)
  writeFileSync(file, stringify(config))
  api.daemon.process.kill('SIGHUP')
  await api.daemon.says(says)
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise(resolve => setTimeout(resolve, 10))
}

describe('starting', () => {
  test('without any key is safe, and says where to put one', async () => {
    const file = join(temporaryDirectory(), 'api.key')
    const api = await start({ config: { authentication: { key_file: file } } })
    const answer = await api.ask('/resource/lxc/configs')
    expect(answer.status).toBe(401)
    expect(answer.json.message).toContain(`put one into ${file}`)
    expect((await api.ask('/health/check', { key: '' })).status).toBe(200)
    writeFileSync(file, 'the-key-of-the-model\nanna:admin:the-key-of-anna\n')
    await reload(api, () => {}, /configuration re-read/)
    await until(async () => (await api.ask('/routes', { key: 'the-key-of-the-model' })).status === 200)
    const snapshot = { lxc_id: 101, snapshot_name: 'ab' }
    expect((await api.ask('/snapshot/create', { key: 'the-key-of-the-model', body: snapshot })).status).toBe(403)
    expect((await api.ask('/snapshot/create', { key: 'the-key-of-anna', body: snapshot })).status).toBe(200)
  })

  test.each([
    [
      'server: {host: 0.0.0.0}\nauthentication: {enabled: false}\n',
      78,
      'must be true when server.host is not a loopback address',
    ],
    ['server: {port: 70000}\n', 78, 'server.port'],
    ['srver: {}\n', 78, 'did you mean server?'],
    ['server: [', 78, 'api.yaml:1'],
  ])('with %j is refused with %s', async (text, code, message) => {
    const directory = temporaryDirectory()
    const file = join(directory, 'api.yaml')
    writeFileSync(file, text)
    const daemon = new SpawnedDaemon(BIN, ['--config', file])
    expect(await daemon.ended()).toBe(code)
    expect(daemon.output).toContain(message)
  })

  test('with a broken key file is refused, and names its line and not the key', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'api.key'), 'anna:king:annas-secret-key\n')
    const authentication = { key_file: join(directory, 'api.key') }
    const file = join(directory, 'api.yaml')
    writeFileSync(
      file,
      stringify({ authentication, server: { port: 0 }, state: { directory }, logging: { log_file: '' } }),
    )
    const daemon = new SpawnedDaemon(BIN, ['--config', file])
    expect(await daemon.ended()).toBe(78)
    expect(daemon.output).toContain('api.key:1: unknown role king')
    expect(daemon.output).not.toContain('annas-secret-key')
  })

  test('on a port that is taken says so', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void taken.close())
    await new Promise(resolve => taken.once('listening', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const directory = temporaryDirectory()
    const file = join(directory, 'api.yaml')
    writeFileSync(file, stringify({ server: { port }, state: { directory }, logging: { log_file: '' } }))
    const daemon = new SpawnedDaemon(BIN, ['--config', file])
    // It may be free at the next try, so systemd is to try again.
    expect(await daemon.ended()).toBe(1)
    expect(daemon.output).toMatch(new RegExp(`cannot listen on 127.0.0.1 port ${port}`))
  })

  test('a second time on the same state is refused', async () => {
    const api = await start()
    const second = new SpawnedDaemon(BIN, ['--config', join(api.directory, 'api.yaml')])
    expect(await second.ended()).toBe(1)
    expect(second.output).toContain('held by process')
  })
})

describe('a new configuration', () => {
  test('takes effect without a restart', async () => {
    const api = await start()
    await reload(
      api,
      config => {
        config['safety'] = { limits: { max_cores: 2 } }
        config['authentication'] = { key_file: '', api_keys: [{ name: 'new', key: 'a-new-key-9', role: 'scale' }] }
      },
      /configuration re-read/,
    )
    await until(async () => (await api.ask('/routes')).status === 401)
    const answer = await api.ask('/scale/cores', { key: 'a-new-key-9', body: { lxc_id: 101, cores: 3 } })
    expect(answer).toMatchObject({ status: 409, json: { error: 'OUT_OF_BOUNDS', max: 2 } })
  })

  test('bounds what is undone and gone back to as well, unless by force', async () => {
    const api = await start()
    const snapshot = { lxc_id: 101, snapshot_name: 'large' }
    expect((await api.ask('/snapshot/create', { body: snapshot })).status).toBe(200)
    const shrunk = await api.ask('/scale/cores', { body: { lxc_id: 101, cores: 1 } })
    await reload(
      api,
      config => {
        config['safety'] = { limits: { max_cores: 1 } }
        config['authentication'] = { key_file: '', api_keys: [{ name: 'new', key: 'a-new-key-9', role: 'admin' }] }
      },
      /configuration re-read/,
    )
    await until(async () => (await api.ask('/routes')).status === 401)
    const ask = (path: string, body: object) => api.ask(path, { key: 'a-new-key-9', body })
    const outside = { status: 409, json: { error: 'OUT_OF_BOUNDS', value: 2, max: 1 } }
    expect(await ask(`/history/${shrunk.json.change_id}/undo`, {})).toMatchObject(outside)
    expect(await ask('/snapshot/rollback', snapshot)).toMatchObject(outside)
    const forced = await ask('/snapshot/rollback', { ...snapshot, force: true })
    expect(forced).toMatchObject({ status: 200, json: { data: { after: { cores: 2 } } } })
  })

  test('that is wrong is refused, and the old one stays', async () => {
    const api = await start()
    await reload(
      api,
      config => Object.assign(config, { safety: { limits: { max_cores: -1 } } }),
      /new configuration refused/,
    )
    expect((await api.ask('/scale/cores', { body: { lxc_id: 101, cores: 3 } })).status).toBe(200)
  })
})

describe('stopping', () => {
  test('leaves nothing open that would keep the process alive', async () => {
    const api = await start()
    await api.ask('/health/check')
    expect(await api.daemon.end('SIGTERM')).toBe(0)
    expect(api.daemon.output).not.toContain('left open')
  })

  test('lets the change that is being made finish, answers it, and begins no other', async () => {
    const api = await start()
    const command = holdAtItsEnd(join(api.host.paths.bin, 'pct'))
    const body = (cores: number) => ({ body: { lxc_id: 101, cores } })
    const running = api.ask('/scale/cores', body(3))
    const waiting = api.ask('/scale/cores', body(4)).catch(() => ({ status: 0 }))
    await until(async () => command.isHeld())
    const code = api.daemon.end('SIGTERM')
    await api.daemon.says(/INFO +stopping/)
    command.letGo()
    expect((await running).status).toBe(200)
    expect([0, 503]).toContain((await waiting).status)
    expect(await code).toBe(0)
    const outcomesIn = (file: string) => {
      const lines = readFileSync(join(api.directory, 'state', file), 'utf8')
        .trim()
        .split('\n')
      return lines.map(line => JSON.parse(line).outcome)
    }
    expect(outcomesIn('audit.jsonl')).toEqual(['applied'])
    expect(outcomesIn('not-made.jsonl')).toEqual(['refused'])
  })

  test('does not wait for ever: a change that hangs is found at the next start', async () => {
    const api = await start({ settings: { faults: [{ command: 'pct', subcommand: 'set', kind: 'hang' }] } })
    void api.ask('/scale/cores', { body: { lxc_id: 101, cores: 3 } }).catch(() => undefined)
    await until(async () => (await api.ask('/metrics')).text.includes('lxc_autoscale_api_queue_running 1'))
    // 0 with half a second to spare; a busy machine may take that, and then its own deadline ends it.
    expect([0, 1]).toContain(await api.daemon.end('SIGTERM'))
    await updateSettings(api.host.root, { faults: [] })
    await api.restart()
    // The command outlived the daemon, and the container is left alone until it has ended.
    expect((await api.ask('/history')).json.data.entries).toEqual([])
    endLeftCommands(api.host.root)
    await until(async () => (await api.ask('/history')).json.data.entries.length === 1)
    const [entry] = (await api.ask('/history?limit=1')).json.data.entries
    expect(entry).toMatchObject({ outcome: 'unknown', before: { cores: 2 }, duration_seconds: null })
    expect(entry.message).toContain('interrupted')
  })
})

/** The command at `path` does its work, and then does not end before it is let go. */
function holdAtItsEnd(path: string): { isHeld: () => boolean; letGo: () => void } {
  renameSync(path, `${path}.real`)
  const script = `#!/bin/sh
'${path}.real' "$@"
code=$?
touch '${path}.held'
until [ -e '${path}.go' ]; do sleep 0.05; done
exit $code
`
  writeFileSync(path, script, { mode: 0o755 })
  return { isHeld: () => existsSync(`${path}.held`), letGo: () => writeFileSync(`${path}.go`, '') }
}

/** A command that outlived its daemon on purpose must not outlive the test. */
function endLeftCommands(root: string): void {
  const { stdout } = spawnSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
  for (const line of stdout.split('\n'))
    if (line.includes(root) && line.includes('main.cjs')) process.kill(Number.parseInt(line, 10), 'SIGKILL')
}

test('changes of one container that come together are made one after the other', async () => {
  const api = await start()
  const asked = [3, 4, 5, 6, 7]
  const answers = await Promise.all(asked.map(cores => api.ask('/scale/cores', { body: { lxc_id: 101, cores } })))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  const { entries } = (await api.ask('/history?lxc_id=101')).json.data
  const inOrder = [...entries].reverse()
  expect(inOrder.map(({ after }) => after.cores).sort()).toEqual(asked)
  for (let at = 1; at < inOrder.length; at++) expect(inOrder[at].before).toEqual(inOrder[at - 1].after)
  const last = inOrder.at(-1)?.after.cores
  expect((await api.ask('/resource/lxc/config?lxc_id=101')).json.data.cores).toBe(last)
})

test('a client that goes before its change has begun has it not made', async () => {
  const api = await start({ settings: { pctDelayMs: 500, pctDelayJitter: 0 } })
  const first = api.ask('/scale/cores', { body: { lxc_id: 101, cores: 3 } })
  const gone = new AbortController()
  const headers = { 'x-api-key': KEYS.admin, 'content-type': 'application/json' }
  const second = fetch(`${api.url}/scale/cores`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ lxc_id: 101, cores: 4 }),
    signal: gone.signal,
  }).catch(() => undefined)
  await until(async () => (await api.ask('/metrics')).text.includes('lxc_autoscale_api_queue_length 1'))
  gone.abort()
  await second
  expect((await first).status).toBe(200)
  await until(async () => (await api.ask('/history?limit=5')).json.data.entries.length === 2)
  const { entries } = (await api.ask('/history')).json.data
  expect(
    entries.map(({ outcome, error }: { outcome: string; error: string | null }) => [outcome, error]),
  ).toContainEqual(['refused', 'CANCELLED'])
  expect((await api.ask('/resource/lxc/config?lxc_id=101')).json.data.cores).toBe(3)
})

test('too many waiting changes are turned away', async () => {
  const api = await start({
    settings: { pctDelayMs: 400, pctDelayJitter: 0 },
    config: { lxc: { max_waiting_changes: 2 } },
  })
  const asked = [3, 4, 5, 6, 7].map(cores => api.ask('/scale/cores', { body: { lxc_id: 101, cores } }))
  const answers = await Promise.all(asked)
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(2)
  expect(refused[0]).toMatchObject({ json: { error: 'QUEUE_FULL' } })
  expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
})
