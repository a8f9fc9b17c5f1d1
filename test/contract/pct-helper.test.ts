import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as commands from '../../packages/api/src/pct/commands.ts'
import type { HostCommand } from '../../packages/api/src/ports.ts'

const systemd = join(import.meta.dirname, '..', '..', 'systemd')
const helper = join(systemd, 'pct-helper')

function isAllowed(...words: string[]): boolean {
  return spawnSync('perl', [helper, '--check', ...words]).status === 0
}

const clone = { vmid: 101, newVmid: 102, hostname: 'web-2.example.com', snapshotName: 'snapshot-102', description: 'x' }
const digest = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
const snapshot = 'before-upgrade_2'
const text = 'why: "x"; $(id)\nsecond line'

type Made<Value> = Value extends (...args: never) => HostCommand | undefined ? Value : never
type Maker = {
  [Name in keyof typeof commands]: Made<(typeof commands)[Name]> extends never ? never : Name
}[keyof typeof commands]

/** Commands of each function that makes some, at the edges of what it can make. The compiler asks for a new function here. */
const MADE: Readonly<Record<Maker, readonly (HostCommand | undefined)[]>> = {
  setResources: [
    commands.setResources(101, { cores: 8_192 }),
    commands.setResources(101, { cpuLimit: 0.05 }),
    commands.setResources(999_999_999, { cores: null, cpuLimit: 2.25, memoryMb: 1_048_576 }),
    commands.setResources(101, { cores: 4, cpuLimit: null, memoryMb: 64 }),
    commands.setResources(101, { cores: null, cpuLimit: null }, digest),
  ],
  growRootDisk: [commands.growRootDisk(101, 10_240), commands.growRootDisk(101, 1, digest)],
  createSnapshot: [commands.createSnapshot(101, snapshot, text), commands.createSnapshot(101, 'ab', '')],
  rollbackSnapshot: [commands.rollbackSnapshot(101, snapshot, true), commands.rollbackSnapshot(101, snapshot, false)],
  deleteSnapshot: [commands.deleteSnapshot(101, snapshot)],
  listSnapshots: [commands.listSnapshots(101)],
  cloneContainer: [
    commands.cloneContainer({ ...clone, storage: undefined }),
    commands.cloneContainer({ ...clone, storage: 'local-zfs' }),
  ],
  startContainer: [commands.startContainer(101)],
  stopContainer: [commands.stopContainer(101)],
  destroyContainer: [commands.destroyContainer(101)],
  listContainers: [commands.listContainers()],
  readStatus: [commands.readStatus(101)],
  readConfig: [commands.readConfig(101)],
  readNodeStatus: [commands.readNodeStatus('pve-1')],
  readClusterStatus: [commands.readClusterStatus()],
}
const made = Object.values(MADE)
  .flat()
  .filter(command => command !== undefined)

describe('the list of commands', () => {
  test.each(made)('allows what the API runs: $args', ({ program, args }) => {
    expect(isAllowed(program, ...args)).toBe(true)
  })

  test('allows nothing else: each of its lines, and each option in them, is used by the API', () => {
    const [, list = ''] = /^my @ALLOWED = .*\(\n([^;]+)\);$/m.exec(readFileSync(helper, 'utf8')) ?? []
    const allowed = Array.from(list.matchAll(/'(.+)'/g), ([, line = '']) => line)
    expect(allowed.length).toBeGreaterThan(10)
    expect(new Set(allowed.flatMap(fixedWords))).toEqual(
      new Set(made.flatMap(({ program, args }) => fixedWords([program, ...args].join(' ')))),
    )
    expect(allowed.map(verb).sort()).toEqual(
      [...new Set(made.map(({ program, args }) => verb([program, ...args].join(' '))))].sort(),
    )
  })

  test('is asked for every command there is: none is made elsewhere', () => {
    const makers = Object.entries(commands).filter(([, value]) => typeof value === 'function')
    expect(makers.map(([name]) => name).sort()).toEqual(Object.keys(MADE).sort())
    const source = join(import.meta.dirname, '../../packages/api/src')
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
    const making = files.filter(name =>
      /program: '|kind: '(?:set|read|resize|power)'/.test(readFileSync(join(source, name), 'utf8')),
    )
    expect(making).toEqual(['pct/commands.ts'])
  })

  test.each(
    [
      ['pct', 'exec', '101', '--', 'id'],
      ['pct', 'set', '101', '-hookscript', 'local:snippets/x.sh'],
      ['pct', 'set', '101', '-cores', '2', '-mp0', '/,mp=/host'],
      ['pct', 'set', '101', '-features', 'mount=nfs'],
      ['pct', 'set', '101', '-cores', '0'],
      ['pct', 'set', '101', '-cores', '-1'],
      ['pct', 'set', '101\n', '-cores', '2'],
      ['pct', 'set', '٣٠١', '-cores', '2'],
      ['pct', 'set', '99', '-cores', '2'],
      ['pct', 'config', '101', '--snapshot', 'a', '--x'],
      ['pct', 'resize', '101', 'rootfs', '-5G'],
      ['pct', 'push', '101', '/etc/shadow', '/x'],
      ['pvesh', 'create', '/access/users', '--userid', 'x@pve'],
      ['pvesh', 'get', '/access/users'],
      ['pvesh', 'get', '/nodes/../access/status'],
      ['pvecm', 'expected', '1'],
      ['/bin/sh', '-c', 'id'],
      ['sh'],
      [],
    ].map(words => ({ words })),
  )('refuses $words', ({ words }) => {
    expect(isAllowed(...words)).toBe(false)
  })
})

/** The words of a line that say what is done, and to which part of Proxmox. */
function verb(line: string): string {
  const [program = '', first = '', path = ''] = line.split(' ')
  return program === 'pvesh' ? `${first} ${path.replace(/^\/nodes\/[^/]+/, '/nodes/NODE')}` : first
}

/** The options in a line, of the helper or of the API. */
function fixedWords(line: string): string[] {
  return Array.from(line.matchAll(/ (--?[a-z-]+)/g), ([, word = '']) => word)
}

async function textOf(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  return text
}

describe('client and helper', () => {
  let folder = ''
  let server: Server

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lxc-autoscale-helper-'))
    mkdirSync(join(folder, 'client'))
    mkdirSync(join(folder, 'host'))
    symlinkSync(join(systemd, 'pct-client'), join(folder, 'client/pct'))
    server = await listen()
  })

  afterEach(async () => {
    await new Promise(resolve => server.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })

  /** Plays systemd: starts the helper for each connection, with the connection as its standard input and output. */
  async function listen(): Promise<Server> {
    const listening = createServer({ allowHalfOpen: true }, connection => {
      const child = spawn('perl', [helper], {
        stdio: ['pipe', 'pipe', 'ignore'],
        env: { PCT_HELPER_PATH: `${join(folder, 'host')}:/usr/bin:/bin` },
      })
      connection.pipe(child.stdin)
      child.stdout.pipe(connection)
      child.stdin.on('error', () => {})
      connection.on('error', () => {})
    })
    await new Promise<void>(resolve => listening.listen(join(folder, 'socket'), resolve))
    return listening
  }

  function installPct(script: string): void {
    writeFileSync(join(folder, 'host/pct'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, 'host/pct'), 0o755)
  }

  function client(...words: string[]) {
    return spawn(join(folder, 'client/pct'), words, {
      env: { PATH: '/usr/bin:/bin', LXC_AUTOSCALE_PCT_SOCKET: join(folder, 'socket'), SECRET: 'of the API' },
    })
  }

  async function run(...words: string[]) {
    const child = client(...words)
    const output = Promise.all([textOf(child.stdout), textOf(child.stderr)])
    const exitCode = await new Promise(resolve => child.once('close', resolve))
    const [stdout, stderr] = await output
    return { exitCode, stdout, stderr }
  }

  test('arguments, both outputs and the exit code arrive as if the command had been run here', async () => {
    installPct('printf "[%s]" "$@"; echo problem >&2; exit 7')

    expect(await run('snapshot', '101', 'before', '--description', 'two words; $(id)')).toEqual({
      exitCode: 7,
      stdout: '[snapshot][101][before][--description][two words; $(id)]',
      stderr: 'problem\n',
    })
  })

  test('an output of a megabyte arrives whole', async () => {
    installPct('head -c 1000000 /dev/zero')

    expect((await run('list')).stdout.length).toBe(1_000_000)
  })

  test('a command that is not on the list is refused and not run', async () => {
    installPct(`touch ${folder}/was-run`)

    const { exitCode, stderr } = await run('exec', '101', '--', 'id')

    expect({ exitCode, stderr }).toEqual({
      exitCode: 126,
      stderr: 'pct-helper: not a command that the API may run: pct\n',
    })
    expect(existsSync(`${folder}/was-run`)).toBe(false)
  })

  test('the command gets nothing of the environment of the client', async () => {
    installPct('env | sort | grep -v ^PWD')

    expect((await run('list')).stdout.split('\n')).toEqual([
      'HOME=/root',
      'LC_ALL=C.UTF-8',
      expect.stringMatching(/^PATH=/),
      'USER=root',
      '',
    ])
  })

  test('a host without the command answers 127', async () => {
    expect(await run('list')).toMatchObject({ exitCode: 127, stderr: 'pct: No such file or directory\n' })
  })

  test('a client that is asked to end stops its command, and still says how that ended', async () => {
    installPct(`trap 'echo stopped; exit 3' TERM; echo started; while :; do sleep 0.05; done`)
    const child = client('list')
    const output = textOf(child.stdout)
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.kill('SIGTERM')
    const exitCode = await new Promise(resolve => child.once('close', resolve))

    expect({ exitCode, output: await output }).toEqual({ exitCode: 3, output: 'started\nstopped\n' })
  })

  test('a client that is killed leaves its command running to the end', async () => {
    installPct(`echo started; sleep 0.3; echo lost; echo done > ${folder}/done`)
    const child = client('list')
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.kill('SIGKILL')

    await expect.poll(() => existsSync(`${folder}/done`), { timeout: 30_000 }).toBe(true)
  })
})

test('a client that cannot reach the helper says so', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lxc-autoscale-helper-'))
  symlinkSync(join(systemd, 'pct-client'), join(folder, 'pct'))
  const { status, stderr } = spawnSync(join(folder, 'pct'), ['list'], {
    encoding: 'utf8',
    env: { LXC_AUTOSCALE_PCT_SOCKET: join(folder, 'none') },
  })
  rmSync(folder, { recursive: true })

  expect(status).toBe(126)
  expect(stderr).toContain('No such file or directory; is lxc_autoscale_pct.socket running?')
})
