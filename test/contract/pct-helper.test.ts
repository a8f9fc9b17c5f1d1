import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { systemClock } from '@lxc-autoscale/core'
import { HostFiles } from '@lxc-autoscale/host'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CgroupReader } from '../../packages/api/src/host/cgroup.ts'
import * as commands from '../../packages/api/src/pct/commands.ts'
import { commandFailure } from '../../packages/api/src/pct/failure.ts'
import type { HostCommand } from '../../packages/api/src/ports.ts'
import { HostTree } from '../builders/host-tree.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const systemd = join(import.meta.dirname, '..', '..', 'systemd')
const helper = join(systemd, 'pct-helper')
const CONF = 'etc/lxc_autoscale_ml/pct-helper.conf'
const MB = 1_048_576

function isAllowed(...words: string[]): boolean {
  return spawnSync('perl', [helper, '--check', ...words]).status === 0
}

const digest = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
const snapshot = 'before-upgrade_2'
const described = 'cloned from 101 by lxc-autoscale, change 00000000-0000-4000-8000-000000000000'
const clone = {
  vmid: 101,
  newVmid: 102,
  hostname: 'web-2.example.com',
  snapshotName: 'snapshot-102',
  description: described,
}
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
  setResourcesOn: [
    commands.setResourcesOn('pve-2', 101, { cores: 8_192, cpuLimit: 0.05, memoryMb: 1_048_576 }, digest),
    commands.setResourcesOn('b', 999_999_999, { cores: null, cpuLimit: null }, digest),
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
  readRrdData: [
    commands.readRrdData('pve-1', 101, 'day', 'AVERAGE'),
    commands.readRrdData('pve-1', 999_999_999, 'year', 'MAX'),
  ],
  readRrdFile: [
    commands.readRrdFile('/var/lib/rrdcached/db/pve-vm-9.0/101'),
    commands.readRrdFile('/var/lib/rrdcached/db/pve2-vm/999999999'),
  ],
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
      ['pvesh', 'get', '/nodes/pve/lxc/101/rrddata', '--timeframe', 'decade', '--cf', 'MAX', '--output-format', 'json'],
      [
        'pvesh',
        'get',
        '/nodes/pve/lxc/101/../../rrddata',
        '--timeframe',
        'day',
        '--cf',
        'MAX',
        '--output-format',
        'json',
      ],
      ['base64', '-w0', '/etc/shadow'],
      ['base64', '-w0', '/var/lib/rrdcached/db/pve-vm-9.0/../../../../../etc/shadow'],
      ['base64', '-w0', '/var/lib/rrdcached/db/pve-vm-9.0/101', '/etc/shadow'],
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
  return program === 'pvesh'
    ? `${first} ${path
        .replace('[', '')
        .replace(/^\/nodes\/[^/]+/, '/nodes/NODE')
        .replace(/\d{3,}/, 'VMID')}`
    : first
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
  let tree: HostTree
  /** What the helper says on its standard error. */
  let journal = ''

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lxc-autoscale-helper-'))
    mkdirSync(join(folder, 'client'))
    mkdirSync(join(folder, 'host'))
    symlinkSync(join(systemd, 'pct-client'), join(folder, 'client/pct'))
    tree = new HostTree(join(folder, 'root'))
    mkdirSync(join(tree.root, 'var/lib'), { recursive: true })
    tree.write(CONF, readFileSync(join(systemd, '../config/pct-helper.conf'), 'utf8'))
    journal = ''
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
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { PCT_HELPER_PATH: `${join(folder, 'host')}:/usr/bin:/bin`, PCT_HELPER_ROOT: tree.root },
      })
      connection.pipe(child.stdin)
      child.stdout.pipe(connection)
      child.stdin.on('error', () => {})
      child.stderr.on('data', part => {
        journal += part
      })
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
    return clientAs('pct', words)
  }

  function clientAs(name: string, words: readonly string[]) {
    return spawn(join(folder, 'client', name), words, {
      env: { PATH: '/usr/bin:/bin', LXC_AUTOSCALE_PCT_SOCKET: join(folder, 'socket'), SECRET: 'of the API' },
    })
  }

  function run(...words: string[]) {
    return endOf(client(...words))
  }

  async function endOf(child: ReturnType<typeof client>) {
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

  test('a refused command cannot write lines of its own into the journal', async () => {
    const words = 'x\n<0>all is lost\u001b[2J'
    symlinkSync(join(systemd, 'pct-client'), join(folder, 'client', words))
    const child = spawn(join(folder, 'client', words), [words], {
      env: { LXC_AUTOSCALE_PCT_SOCKET: join(folder, 'socket') },
    })
    await new Promise(resolve => child.once('close', resolve))

    expect(journal).toMatch(/^<4>refused: x\?<0>all is lost\?\[2J [\x20-\x7e]+\n$/)
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

  describe('bounds', () => {
    beforeEach(() => {
      installPct(`echo "$@" >> ${folder}/was-run`)
      tree.configure(101, ['cores: 2', 'memory: 512'])
      tree.start(101, {
        anonBytes: 300 * MB,
        kernelBytes: 0,
        shmemBytes: 0,
        memoryMax: String(512 * MB),
        currentBytes: 400 * MB,
      })
    })

    const set = (...words: string[]) => run('set', '101', ...words)
    const wasRun = () => existsSync(`${folder}/was-run`)

    async function refusal(...words: string[]) {
      const { exitCode, stderr } = await run(...words)
      const { code, leaves } = commandFailure({ commandLine: 'pct', exitCode: exitCode as number, stdout: '', stderr })
      expect({ wasRun: wasRun(), leaves }).toEqual({ wasRun: false, leaves: 'untouched' })
      return [code, stderr] as const
    }

    test('a memory limit below what the container cannot give up is not set, and is told to the journal', async () => {
      const [code, stderr] = await refusal('set', '101', '-memory', '256')
      expect(code).toBe('MEMORY_BELOW_FLOOR')
      expect(stderr).toBe(
        'pct-helper: container 101 cannot give up 300 MB at this moment; a limit of 256 MB would kill. Root can: pct set 101 -memory 256\n',
      )
      expect(journal).toContain('<4>refused: pct set 101 -memory 256: container 101 cannot give up 300 MB')
    })

    test.each([
      ['that it can give up', () => undefined, '320'],
      ['of a container that does not run', () => tree.stop(101), '64'],
      ['that is no smaller than the one in force', () => tree.set(101, { memoryMax: String(128 * MB) }), '128'],
    ])('a memory limit %s is set', async (_, prepare, memory) => {
      prepare()
      expect(await set('-memory', memory)).toMatchObject({ exitCode: 0 })
    })

    test('a memory limit is not lowered when the memory cannot be measured', async () => {
      tree.write('sys/fs/cgroup/lxc/101/memory.stat', 'anon 1\n')
      expect((await refusal('set', '101', '-memory', '320'))[0]).toBe('HOST_UNREADABLE')
    })

    test.each([
      [['-memory', '63'], 'memory 63 is outside of 64 to 8192'],
      [['-memory', '8193'], 'memory 8193 is outside of 64 to 8192'],
      [['-cores', '5'], 'cores 5 is outside of 0.05 to 4'],
      [['-cpulimit', '0'], 'cpulimit 0 is outside of 0.05 to 4'],
    ])('%j is outside of what the host has', async (words, text) => {
      const [code, stderr] = await refusal('set', '101', ...words)
      expect([code, stderr]).toEqual(['OUT_OF_BOUNDS', expect.stringContaining(text)])
    })

    test('bounds that root wrote hold for removed limits, too', async () => {
      tree.write(CONF, 'max_cores = 3\n')
      expect((await refusal('set', '101', '-delete', 'cores'))[0]).toBe('OUT_OF_BOUNDS')
      expect((await refusal('set', '101', '-cores', '4'))[0]).toBe('OUT_OF_BOUNDS')
      expect(await set('-cpulimit', '2', '-delete', 'cores')).toMatchObject({ exitCode: 0 })
    })

    test('only the containers and the kinds of changes that root named are changed; all can be read', async () => {
      tree.write(CONF, 'containers = 100, 200-299\nchanges = set, rollback\n')
      expect((await refusal('set', '101', '-cores', '2'))[0]).toBe('STATE_NOT_ALLOWED')
      expect((await refusal('resize', '200', 'rootfs', '+1G'))[0]).toBe('STATE_NOT_ALLOWED')
      for (const words of [
        ['set', '200', '-cores', '2'],
        ['rollback', '299', 'before'],
        ['config', '101', '--current', '1'],
      ]) {
        expect(await run(...words)).toMatchObject({ exitCode: 0 })
      }
    })

    describe('of a container of another node', () => {
      const conf = 'arch: amd64\ncores: 2\nmemory: 512\n\n[before-upgrade]\nmemory: 64\n'
      const digestNow = createHash('sha1').update(conf).digest('hex')
      const allowed = 'remote_changes = yes\n'

      beforeEach(() => {
        symlinkSync(join(systemd, 'pct-client'), join(folder, 'client/pvesh'))
        symlinkSync(join(folder, 'host/pct'), join(folder, 'host/pvesh'))
        tree.write('etc/pve/nodes/b/lxc/201.conf', conf)
        symlinkSync('nodes/a', join(tree.root, 'etc/pve/local'))
      })

      const setOn = (node: string, ...options: string[]) => setFrom(digestNow, node, ...options)

      async function setFrom(digest: string, node: string, ...options: string[]) {
        const words = ['set', `/nodes/${node}/lxc/201/config`, ...options, '--digest', digest]
        const { exitCode, stderr } = await endOf(clientAs('pvesh', words))
        return [exitCode, stderr.replace(/^pct-helper: /, '').trimEnd()]
      }

      test('are set as root wrote, and never with less memory than is configured', async () => {
        tree.write(CONF, allowed)
        expect(await setOn('b', '--cores', '3', '--memory', '512')).toEqual([0, ''])
        expect(await setOn('b', '--memory', '511')).toEqual([
          126,
          'container 201: its memory cannot be measured from here, so its limit is not lowered',
        ])
        expect(await setOn('b', '--memory', '99999')).toEqual([
          126,
          expect.stringContaining('memory 99999 is outside of'),
        ])
      })

      test.each([
        ['without that', '', 'b', /may not change containers of other nodes/],
        ['of others than root named', `${allowed}containers = 101\n`, 'b', /none that the API may change/],
        ['of this node', allowed, 'a', /^node a is this one$/],
        ['where it is not', allowed, 'c', /^container 201 is not on node c$/],
        ['by a word that is none', 'remote_changes = maybe\n', 'b', /must be yes or no$/],
      ])('are not set %s', async (_, text, node, why) => {
        tree.write(CONF, text)
        expect(await setOn(node, '--cores', '3')).toEqual([126, expect.stringMatching(why)])
        expect(wasRun()).toBe(false)
      })

      test.each(['memory:\nswap: 0\n', 'memory: much\n'])(
        'have what Proxmox gives where the line of their memory says nothing',
        async text => {
          tree.write(CONF, allowed)
          tree.write('etc/pve/nodes/b/lxc/201.conf', text)
          const digest = createHash('sha1').update(text).digest('hex')
          expect((await setFrom(digest, 'b', '--memory', '511'))[1]).toContain('its limit is not lowered')
        },
      )

      test('are not set from another configuration than the one that is there', async () => {
        tree.write(CONF, allowed)
        tree.write('etc/pve/nodes/b/lxc/201.conf', conf.replace('512', '1024'))
        const [exitCode, stderr] = await setOn('b', '--memory', '600')
        expect([exitCode, stderr, wasRun()]).toEqual([126, 'detected modified configuration', false])
      })
    })

    test.each([
      ['a line that is none', 'containers: 101\n'],
      ['an unknown key', 'max_memory = 5\n'],
      ['no number', 'max_memory_mb = 5G\n'],
      ['no container', 'containers = 1o1\n'],
      ['no container at all', 'containers =\n'],
      ['no change', 'changes = everything\n'],
    ])('with %s nothing is changed, and everything can be read', async (_, conf) => {
      tree.write(CONF, conf)
      const [code, stderr] = await refusal('set', '101', '-cores', '2')
      expect([code, stderr]).toEqual(['HOST_UNREADABLE', expect.stringContaining('pct-helper.conf')])
      expect(await run('list')).toMatchObject({ exitCode: 0 })
    })

    test('a file that others may write, or a folder in its place, is no file', async () => {
      chmodSync(join(tree.root, CONF), 0o664)
      expect((await refusal('set', '101', '-cores', '2'))[0]).toBe('HOST_UNREADABLE')
      rmSync(join(tree.root, CONF))
      mkdirSync(join(tree.root, CONF))
      expect((await refusal('set', '101', '-cores', '2'))[0]).toBe('HOST_UNREADABLE')
    })

    test('without the file the bounds are those that it is installed with, which the journal says', async () => {
      rmSync(join(tree.root, CONF))
      expect((await refusal('set', '101', '-memory', '63'))[1]).toContain('outside of 64 to 8192')
      expect((await refusal('set', '101', '-cores', '5'))[1]).toContain('outside of 0.05 to 4')
      expect(journal).toContain('pct-helper.conf is not there')
    })

    /** At once, as the kernel shows it: a file that is being written is empty for a moment. */
    function grow(): void {
      const replace = (name: string, text: string) => {
        tree.write(`sys/fs/cgroup/lxc/101/${name}.new`, text)
        renameSync(join(tree.cgroup(101), `${name}.new`), join(tree.cgroup(101), name))
      }
      const stat = readFileSync(join(tree.cgroup(101), 'memory.stat'), 'utf8')
      replace('memory.current', `${500 * MB}\n`)
      replace('memory.stat', stat.replace(/^(anon|active_anon) \d+$/gm, `$1 ${450 * MB}`))
    }

    test('a container that grows while pct waits keeps its limit: pct is stopped', async () => {
      installPct(`echo started; exec sleep 60`)
      const child = client('set', '101', '-memory', '400')
      const stderr = textOf(child.stderr)
      await new Promise(resolve => child.stdout.once('data', resolve))
      grow()
      expect(await new Promise(resolve => child.once('close', resolve))).toBe(143)
      expect(await stderr).toContain('pct-helper: container 101 cannot give up 450 MB')
    })

    test('a container whose limit pct has begun to move is left to it', async () => {
      installPct(`echo started; while [ ! -e ${folder}/go-on ]; do sleep 0.05; done`)
      const child = client('set', '101', '-memory', '400')
      await new Promise(resolve => child.stdout.once('data', resolve))
      tree.write('sys/fs/cgroup/lxc/101/memory.high', `${400 * MB}\n`)
      grow()
      await new Promise(resolve => setTimeout(resolve, 500))
      writeFileSync(`${folder}/go-on`, '')
      expect(await new Promise(resolve => child.once('close', resolve))).toBe(0)
    })

    describe('of clones', () => {
      const makeClone = async () => {
        expect(await run(...commands.cloneContainer({ ...clone, storage: undefined }).args)).toMatchObject({
          exitCode: 0,
        })
        rmSync(`${folder}/was-run`)
      }
      const configureClone = (description = described) =>
        tree.write('etc/pve/lxc/102.conf', `#${description}\ncores: 1\n`)

      test.each(['start', 'stop', 'destroy'])(
        '%s of a container that was not cloned is refused, with what root can do',
        async verb => {
          const [code, stderr] = await refusal(verb, '101')
          expect([code, stderr]).toEqual(['STATE_NOT_ALLOWED', expect.stringContaining(`root can: pct ${verb} 101`)])
        },
      )

      test('a clone is started, stopped and destroyed, once', async () => {
        await makeClone()
        configureClone()
        for (const verb of ['start', 'stop', 'destroy']) expect(await run(verb, '102')).toMatchObject({ exitCode: 0 })
        rmSync(`${folder}/was-run`)
        expect((await refusal('destroy', '102'))[0]).toBe('STATE_NOT_ALLOWED')
      })

      test('another container under the number of a clone is not destroyed, nor one that was there before', async () => {
        await makeClone()
        configureClone('the new web server')
        expect((await refusal('destroy', '102'))[0]).toBe('STATE_NOT_ALLOWED')
        tree.write('etc/pve/lxc/102.conf', `cores: 1\n\n[before]\n#${described}\n`)
        expect((await refusal('destroy', '102'))[0]).toBe('STATE_NOT_ALLOWED')
        rmSync(join(tree.root, 'var/lib/lxc_autoscale_pct'), { recursive: true })
        configureClone()
        await makeClone()
        expect((await refusal('destroy', '102'))[0]).toBe('STATE_NOT_ALLOWED')
      })

      test('a description that no route gives is not taken for a clone', async () => {
        const words = commands.cloneContainer({ ...clone, description: 'mine', storage: undefined }).args
        expect((await refusal(...words))[0]).toBe('STATE_NOT_ALLOWED')
      })
    })
  })
})

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'host')
const captured = readdirSync(fixtures).flatMap(name =>
  ['t0', 't1', 't2'].filter(moment => existsSync(join(fixtures, name, moment))).map(moment => ({ name, moment })),
)

/** What the helper and the API make of one container, bytes. */
function bothFloors(root: string, vmid: number) {
  const reader = new CgroupReader(
    { files: new HostFiles(0), clock: systemClock, openCgroups: new Map() },
    { proc: join(root, 'proc'), cgroup: join(root, 'sys/fs/cgroup') },
  )
  const { stdout, status } = spawnSync('perl', [helper, '--floor', String(vmid)], {
    encoding: 'utf8',
    env: { PCT_HELPER_ROOT: root },
  })
  return { helper: status === 0 ? Number(stdout) : undefined, api: reader.memory(vmid)?.floorBytes }
}

describe('what a container cannot give up', () => {
  test.each(captured)('is the same for the helper as for the API: $name at $moment', ({ name, moment }) => {
    const root = temporaryDirectory()
    cpSync(join(fixtures, name, 't0'), root, { recursive: true })
    if (moment !== 't0') cpSync(join(fixtures, name, moment), root, { recursive: true })
    const reader = new CgroupReader(
      { files: new HostFiles(0), clock: systemClock, openCgroups: new Map() },
      { proc: join(root, 'proc'), cgroup: join(root, 'sys/fs/cgroup') },
    )
    const vmids = Array.from({ length: 10_000 }, (_, vmid) => vmid).filter(vmid => reader.see(vmid).runId !== undefined)
    expect(vmids.length).toBeGreaterThan(0)
    for (const vmid of vmids) {
      const floors = bothFloors(root, vmid)
      expect(floors.api).toBeGreaterThan(0)
      expect({ vmid, floor: floors.helper }).toEqual({ vmid, floor: floors.api })
    }
  })

  const whole =
    'anon 900\nfile 500\nshmem 300\ninactive_anon 350\nactive_anon 850\nunevictable 70\nslab_unreclaimable 11\nslab_reclaimable 5\nkernel 40\nkernel_stack 3\npagetables 4\nsock 2\n'
  const without = (...keys: string[]) => whole.replace(new RegExp(`^(?:${keys.join('|')}) .*\\n`, 'gm'), '')

  test.each([
    ['whole', whole, '2000\n'],
    ['of a kernel before 5.18', without('kernel'), '2000\n'],
    ['of a kernel before 5.11', without('kernel', 'pagetables'), '2000\n'],
    ['of a kernel without sock', without('kernel', 'sock'), '2000\n'],
    ['without a figure', without('unevictable'), '2000\n'],
    ['cut off', whole.slice(0, -3), '2000\n'],
    ['cut off in what counts', whole.slice(0, 60), '2000\n'],
    ['with a key twice', `${whole}anon 5\n`, '2000\n'],
    ['with rubbish', whole.replace('anon 900', 'anon -900'), '2000\n'],
    ['beyond what is charged', whole.replace('file 500', `file ${300 * MB}`), '2000\n'],
    ['at a limit below zero', whole.replace('anon 900', 'anon 18446744073709551000'), '2000\n'],
    ['and what is charged is not known', whole, '2000'],
    ['and what is charged is impossible', whole, '99999999999999\n'],
    ['and less is charged than is listed', whole, '1000\n'],
  ])('is the same for both from a memory.stat %s', (_, stat, charged) => {
    const tree = new HostTree(temporaryDirectory())
    tree.start(101)
    tree.write('sys/fs/cgroup/lxc/101/memory.stat', stat)
    tree.write('sys/fs/cgroup/lxc/101/memory.current', charged)
    const floors = bothFloors(tree.root, 101)
    expect(floors.helper).toBe(floors.api)
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
