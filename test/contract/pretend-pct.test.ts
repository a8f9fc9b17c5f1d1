import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { acquireProcessLock } from '../../packages/simulator/src/host/process-lock.ts'
import { Engine, runPvecm, runPvesh, updateSettings } from '../../packages/simulator/src/index.ts'
import { CollectedOutput } from '../../packages/simulator/src/pct/output.ts'
import { runCommand } from '../../packages/simulator/src/pct/run-command.ts'
import { CommandClock, makeHost, type TestHost } from '../unit/simulator/pretend-host.ts'

const repository = new URL('../..', import.meta.url).pathname

beforeAll(() => {
  execFileSync('npx', ['tsc', '-b', 'packages/simulator'], { cwd: repository })
}, 120_000)

const silent = { stdout: '', stderr: '', exitCode: 0 }
const failure = (stderr: string, exitCode = 255) => ({ stdout: '', stderr, exitCode })
const MISSING = "Configuration file 'nodes/pve/lxc/999.conf' does not exist\n"
const parameterFailure = (problem: string, usage: string) =>
  failure(`400 Parameter verification failed.\n${problem}\npct ${usage}\n`)

/** A running container 100 with 2 cores and 512 MB, and a stopped one 101. */
async function usualHost(settings = {}): Promise<TestHost> {
  return await makeHost(
    [
      { vmid: 100, shape: 'idle', hostname: 'web', cores: 2, memoryMb: 512 },
      { vmid: 101, shape: 'idle', hostname: 'db.example.com', running: false },
    ],
    { settings },
  )
}

describe('list', () => {
  test('prints nothing at all without containers', async () => {
    const host = await makeHost([])
    expect(await host.pct('list')).toEqual(silent)
  })

  test('pads its columns, and lets a long lock overflow', async () => {
    const host = await makeHost([
      { vmid: 1234567, shape: 'idle', config: { hostname: undefined, lock: 'snapshot-delete' } },
      { vmid: 100, shape: 'idle', hostname: 'web' },
      { vmid: 101, shape: 'idle', hostname: 'db.example.com', running: false, config: { lock: 'snapshot' } },
    ])
    expect((await host.pct('list')).stdout).toBe(
      [
        'VMID       Status     Lock         Name                ',
        '100        running                 web                 ',
        '101        stopped    snapshot     db.example.com      ',
        '1234567    running    snapshot-delete CT1234567           ',
        '',
      ].join('\n'),
    )
  })

  test('shows a template as a stopped container', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', hostname: 'base', template: true }])
    expect((await host.pct('list')).stdout).toContain('100        stopped                 base                \n')
  })
})

describe('status', () => {
  test('is one line, exit code 0 whether the container runs or not', async () => {
    const host = await usualHost()
    expect(await host.pct('status 100')).toEqual({ ...silent, stdout: 'status: running\n' })
    expect(await host.pct('status 101')).toEqual({ ...silent, stdout: 'status: stopped\n' })
  })

  test('--verbose prints sorted keys and never cpu', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', tags: 'web', config: { swap: undefined } }])
    const { stdout } = await host.pct('status 100 --verbose')
    const keys = stdout.split('\n').flatMap(line => (line === '' ? [] : [line.split(':')[0]]))
    expect(keys).toEqual(
      (
        'cpus disk diskread diskwrite maxdisk maxmem maxswap mem name netin netout pid pressurecpufull pressurecpusome ' +
        'pressureiofull pressureiosome pressurememoryfull pressurememorysome status swap tags type uptime vmid'
      ).split(' '),
    )
    expect(stdout).toContain('maxmem: 1073741824\nmaxswap: 0\n')
  })

  test('--verbose of a stopped container has no pid, and the size of its disk', async () => {
    const host = await usualHost()
    const { stdout } = await host.pct('status 101 --verbose')
    expect(stdout).toContain('disk: 0\n')
    expect(stdout).toContain('maxdisk: 8589934592\n')
    expect(stdout).not.toMatch(/^(pid|pressure)/m)
  })

  test('counts network traffic at the host, where in and out are swapped', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady' }])
    await new Engine(host.root).step(5_000)
    const verbose = (await host.pct('status 100 --verbose')).stdout
    const inside = /eth0:\s+(\d+)/.exec((await host.pct('exec 100 -- cat /proc/net/dev')).stdout)?.[1]
    expect(Number(inside)).toBeGreaterThan(0)
    expect(verbose).toContain(`netin: ${inside}\n`)
    expect(/veth100i0:\s+(\d+)/.exec(host.text('proc/net/dev'))?.[1]).not.toBe(inside)
  })
})

describe('a container that is not there', () => {
  test.each([
    'status 999',
    'config 999',
    'pending 999',
    'set 999 --cores 1',
    'exec 999 -- true',
    'listsnapshot 999',
    'resize 999 rootfs +1G',
    'destroy 999',
    'clone 999 200',
    'unlock 999',
  ])('makes %s end with 2', async line => {
    expect(await (await usualHost()).pct(line)).toEqual(failure(MISSING, 2))
  })

  test.each(['start 999', 'snapshot 999 ab', 'rollback 999 ab', 'delsnapshot 999 ab'])(
    'makes %s, which looks within its task, end with 255',
    async line => {
      expect(await (await usualHost()).pct(line)).toEqual(failure(MISSING))
    },
  )

  test.each(['stop', 'shutdown'])('counts as not running for %s', async command => {
    expect(await (await usualHost()).pct(`${command} 999`)).toEqual(failure('CT 999 not running\n'))
  })

  test('counts as not running for reboot, which calls it a VM', async () => {
    expect(await (await usualHost()).pct('reboot 999')).toEqual(failure('VM 999 not running\n'))
  })
})

describe('wrong words', () => {
  test.each([
    ['set 100 --cores 0', 'cores: value must have a minimum value of 1', 'set <vmid> [OPTIONS]'],
    ['set 100 --cores 8193', 'cores: value must have a maximum value of 8192', 'set <vmid> [OPTIONS]'],
    ['set 100 --cores x', "cores: type check ('integer') failed - got 'x'", 'set <vmid> [OPTIONS]'],
    ['set 100 --cores 1.5', "cores: type check ('integer') failed - got '1.5'", 'set <vmid> [OPTIONS]'],
    ['set 100 --cpulimit x', "cpulimit: type check ('number') failed - got 'x'", 'set <vmid> [OPTIONS]'],
    ['set 100 --memory 15', 'memory: value must have a minimum value of 16', 'set <vmid> [OPTIONS]'],
    [
      'set 100 --hostname a_b',
      'hostname: invalid format - value does not look like a valid DNS name\n',
      'set <vmid> [OPTIONS]',
    ],
    ['set 100 --tags asg-group=web', 'tags: invalid format - invalid characters in tag\n', 'set <vmid> [OPTIONS]'],
    ['status 99', 'vmid: invalid format - value does not look like a valid VM ID\n', 'status <vmid> [OPTIONS]'],
    ['status 1000000000', 'vmid: invalid format - value does not look like a valid VM ID\n', 'status <vmid> [OPTIONS]'],
    ['status abc', "vmid: type check ('integer') failed - got 'abc'", 'status <vmid> [OPTIONS]'],
    [
      'snapshot 100 1abc',
      "snapname: invalid format - invalid configuration ID '1abc'\n",
      'snapshot <vmid> <snapname> [OPTIONS]',
    ],
    [
      `snapshot 100 ${'a'.repeat(41)}`,
      'snapname: value may only be 40 characters long',
      'snapshot <vmid> <snapname> [OPTIONS]',
    ],
    ['resize 100 rootfs 1GiB', 'size: value does not match the regex pattern', 'resize <vmid> <disk> <size> [OPTIONS]'],
    ['set 100 --delete nonsense', "delete: unknown option 'nonsense'", 'set <vmid> [OPTIONS]'],
  ])('%s', async (line, problem, usage) => {
    expect(await (await usualHost()).pct(line)).toEqual(parameterFailure(problem, usage))
  })

  test.each([
    ['set 100 --foo 1', 'Unknown option: foo\n400 unable to parse option\npct set <vmid> [OPTIONS]\n'],
    ['status', '400 not enough arguments\npct status <vmid> [OPTIONS]\n'],
    ['status 100 101', '400 too many arguments\npct status <vmid> [OPTIONS]\n'],
    ['set 100', 'no options specified\n'],
    ['set 100 --digest 0000', 'no options specified\n'],
    [
      'set 100 --cpu 1',
      'Option cpu is ambiguous (cpulimit, cpuunits)\n400 unable to parse option\npct set <vmid> [OPTIONS]\n',
    ],
  ])('%s', async (line, stderr) => {
    expect(await (await usualHost()).pct(line)).toEqual(failure(stderr))
  })

  test('an unknown command is followed by the whole usage', async () => {
    const { stderr, exitCode } = await (await usualHost()).pct('foo')
    expect(exitCode).toBe(255)
    expect(stderr).toMatch(
      /^ERROR: unknown command 'pct foo'\nUSAGE: pct <COMMAND> \[ARGS\] \[OPTIONS\]\n\n {7}pct clone <vmid> <newid> \[OPTIONS\]\n/,
    )
  })

  test('no command is said so', async () => {
    expect((await (await usualHost()).pct('')).stderr).toMatch(/^ERROR: no command specified\n/)
  })
})

test('names and options may be cut short while they are unique, with one dash or two', async () => {
  const host = await usualHost()
  expect(await host.pct('stat 100')).toEqual({ ...silent, stdout: 'status: running\n' })
  expect(await host.pct('set 100 -mem=600 -core 1')).toEqual(silent)
  expect(host.conf(100)).toContain('memory: 600\n')
})

test.each(['1', 'on', 'yes', 'true'])('a flag takes %s for yes', async word => {
  const host = await usualHost()
  await host.pct(`set 100 --protection ${word}`)
  expect(host.conf(100)).toContain('protection: 1\n')
})

describe('config', () => {
  test('prints sorted keys, the description in one line, raw lines last', async () => {
    const host = await makeHost([
      {
        vmid: 100,
        shape: 'idle',
        hostname: 'web',
        memoryMb: 2_048,
        swapMb: 512,
        tags: 'autoscale;web',
        description: 'managed: yes\n',
        lxc: [['lxc.mount.entry', '/srv srv none bind 0 0']],
        config: { net0: 'name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:AA:BB:CC,ip=dhcp,type=veth' },
      },
    ])
    expect((await host.pct('config 100')).stdout).toBe(
      [
        'arch: amd64',
        'cores: 2',
        'description: managed%3A yes%0A',
        'features: nesting=1',
        'hostname: web',
        'memory: 2048',
        'net0: name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:AA:BB:CC,ip=dhcp,type=veth',
        'onboot: 1',
        'ostype: debian',
        'rootfs: local-lvm:vm-100-disk-0,size=8G',
        'swap: 512',
        'tags: autoscale;web',
        'unprivileged: 1',
        'lxc.mount.entry: /srv srv none bind 0 0',
        '',
      ].join('\n'),
    )
  })

  test('shows pending values as if they were in force, --current what is, and pending both', async () => {
    const host = await usualHost()
    expect(await host.pct('set 100 --features nesting=0 --delete onboot')).toEqual(silent)
    expect((await host.pct('config 100')).stdout).toContain('features: nesting=0\n')
    expect((await host.pct('config 100 --current')).stdout).toContain('features: nesting=1\n')
    expect((await host.pct('pending 100')).stdout).toContain('cur features: nesting=1\nnew features: nesting=0\n')
  })

  test('shows a snapshot, but not together with --current', async () => {
    const host = await usualHost()
    await host.pct('snapshot 100 before')
    await host.pct('set 100 --memory 700')
    expect((await host.pct('config 100 --snapshot before')).stdout).toContain('memory: 512\n')
    expect((await host.pct('config 100 --snapshot before --current')).stderr).toContain(
      "snapshot: cannot use 'snapshot' parameter with 'current'\ncurrent: cannot use 'snapshot' parameter with 'current'\n",
    )
  })

  test('warns about an unknown key, which the next write drops', async () => {
    const host = await usualHost()
    writeFileSync(`${host.root}/etc/pve/lxc/100.conf`, `${host.conf(100)}made_up: 3\n`)
    expect((await host.pct('config 100')).stderr).toBe(
      "vm 100 - unable to parse value of 'made_up' - unknown setting 'made_up'\n",
    )
    await host.pct('set 100 --cores 3')
    expect(host.conf(100)).not.toContain('made_up')
  })
})

describe('set on a running container', () => {
  test('writes cores to the configuration only; pvestatd brings them into force within ten seconds', async () => {
    const host = await usualHost()
    const before = host.cgroup(100, 'cpuset.cpus')
    expect(await host.pct('set 100 --cores 4')).toEqual(silent)
    expect(host.conf(100)).toContain('cores: 4\n')
    expect(host.cgroup(100, 'cpuset.cpus')).toBe(before)
    const engine = new Engine(host.root)
    await engine.step(9_000)
    expect(host.cgroup(100, 'cpuset.cpus')).toBe(before)
    await engine.step(1_100)
    expect((await host.pct('exec 100 -- nproc')).stdout).toBe('4\n')
    expect(host.cgroup(100, 'ns/cpuset.cpus')).toBe(host.cgroup(100, 'cpuset.cpus'))
  })

  test('accepts more cores than the host has, and clamps them when they come into force', async () => {
    const host = await usualHost()
    expect(await host.pct('set 100 --cores 64')).toEqual(silent)
    await new Engine(host.root).step(10_001)
    expect(host.conf(100)).toContain('cores: 64\n')
    expect(host.cgroup(100, 'cpuset.cpus')).toBe('0-7\n')
  })

  test.each([
    [512, 536_870_912, 532_676_608],
    [16_384, 17_179_869_184, 17_045_651_456],
  ])('puts memory.high below memory.max at %i MB', async (memoryMb, max, high) => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', memoryMb: 300 }])
    expect(await host.pct(`set 100 --memory ${memoryMb}`)).toEqual(silent)
    expect(host.cgroup(100, 'memory.max')).toBe(`${max}\n`)
    expect(host.cgroup(100, 'memory.high')).toBe(`${high}\n`)
    expect(host.cgroup(100, 'ns/memory.max')).toBe('max\n')
  })

  test('changes swap only when it is named, and a deleted swap is none', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', swapMb: 256 }])
    await host.pct('set 100 --memory 700')
    expect(host.cgroup(100, 'memory.swap.max')).toBe('268435456\n')
    await host.pct('set 100 --delete swap')
    expect(host.cgroup(100, 'memory.swap.max')).toBe('0\n')
  })

  test('a limit below what can be reclaimed kills, and succeeds all the same', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady', memoryMb: 1_024 }])
    const engine = new Engine(host.root)
    for (let second = 0; second < 10; second++) await engine.step(1_000)
    expect(Number(host.cgroup(100, 'memory.current'))).toBeGreaterThan(400 * 2 ** 20)
    expect(await host.pct('set 100 --memory 128')).toEqual(silent)
    expect(host.counter(100, 'memory.events', 'oom_kill')).toBe(1)
    expect(Number(host.cgroup(100, 'memory.current'))).toBeLessThanOrEqual(128 * 2 ** 20)
    expect(host.conf(100)).toContain('memory: 128\n')
    expect(await host.pct('status 100')).toEqual({ ...silent, stdout: 'status: running\n' })
  })

  test('a limit above what cannot be reclaimed takes page cache and kills nobody', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'cache-heavy', memoryMb: 1_024 }])
    const engine = new Engine(host.root)
    for (let second = 0; second < 120; second++) await engine.step(1_000)
    expect(Number(host.cgroup(100, 'memory.current'))).toBeGreaterThan(700 * 2 ** 20)
    expect(await host.pct('set 100 --memory 400')).toEqual(silent)
    expect(host.counter(100, 'memory.events', 'oom_kill')).toBe(0)
    expect(Number(host.cgroup(100, 'memory.current'))).toBeLessThanOrEqual(400 * 2 ** 20)
  })

  test('an unchanged value writes the configuration anew and does not heal the cgroup', async () => {
    const host = await usualHost()
    writeFileSync(`${host.root}/sys/fs/cgroup/lxc/100/memory.max`, '268435456\n')
    writeFileSync(`${host.root}/etc/pve/lxc/100.conf`, `# a note\n\n${host.conf(100)}`)
    expect(await host.pct('set 100 --memory 512')).toEqual(silent)
    expect(host.cgroup(100, 'memory.max')).toBe('268435456\n')
    expect(host.conf(100)).toMatch(/^# a note\narch: amd64\n/)
  })

  test('cpulimit is a quota; 0 is refused, deleting it is the way to no limit', async () => {
    const host = await usualHost()
    expect(await host.pct('set 100 --cpulimit 1.5')).toEqual(silent)
    expect(host.cgroup(100, 'cpu.max')).toBe('150000 100000\n')
    const refused = await host.pct('set 100 --cpulimit 0')
    expect(refused.exitCode).toBe(255)
    expect(refused.stderr).toMatch(
      /^400 Parameter verification failed\.\ncpulimit: unable to hotplug cpulimit: .* - Invalid argument\n/,
    )
    expect(host.conf(100)).toContain('cpulimit: 1.5\n')
    expect(await host.pct('set 100 --delete cpulimit')).toEqual(silent)
    expect(host.cgroup(100, 'cpu.max')).toBe('max 100000\n')
    expect(host.conf(100)).not.toContain('cpulimit')
  })

  test('cpulimit 0 is stored for a stopped container', async () => {
    const host = await usualHost()
    expect(await host.pct('set 101 --cpulimit 0')).toEqual(silent)
    expect(host.conf(101)).toContain('cpulimit: 0\n')
  })

  test('cpuunits above 10000 become 10000, 0 is refused', async () => {
    const host = await usualHost()
    await host.pct('set 100 --cpuunits 20000')
    expect(host.cgroup(100, 'cpu.weight')).toBe('10000\n')
    expect((await host.pct('set 100 --cpuunits 0')).stderr).toContain(
      'cpuunits: unable to hotplug cpuunits: cpu weight (shares) must be in range [1, 10000]\n',
    )
  })

  test('a failed hotplug keeps what was applied before it, and saves nothing', async () => {
    const reason = "closing file '/sys/fs/cgroup/memory/lxc/100/memory.limit_in_bytes' failed - Device or resource busy"
    const host = await usualHost({ hotplugErrors: { memory: reason } })
    const { stderr, exitCode } = await host.pct('set 100 --cpulimit 1 --memory 256')
    expect(exitCode).toBe(255)
    expect(stderr).toContain(`memory: unable to hotplug memory: ${reason}\n`)
    expect(host.cgroup(100, 'cpu.max')).toBe('100000 100000\n')
    expect(host.conf(100)).not.toContain('cpulimit')
    expect(host.conf(100)).toContain('memory: 512\n')
  })

  test('deleting what is not set is a warning', async () => {
    expect(await (await usualHost()).pct('set 100 --delete cpulimit')).toEqual({
      ...silent,
      stderr: "cannot delete 'cpulimit' - not set in current configuration!\n",
    })
  })

  test.each([
    ['set 100 --delete memory', "unable to delete required option 'memory'\n"],
    ['set 100 --unprivileged 0', "unable to modify read-only option: 'unprivileged'\n"],
    ['set 100 --cores 1 --digest 0123', 'detected modified configuration - file changed by other user? Try again.\n'],
  ])('%s is refused', async (line, stderr) => {
    expect(await (await usualHost()).pct(line)).toEqual(failure(stderr))
  })

  test('takes the digest of the file for an unchanged configuration', async () => {
    const { createHash } = await import('node:crypto')
    const host = await usualHost()
    const digest = createHash('sha1').update(host.conf(100)).digest('hex')
    expect(await host.pct(`set 100 --cores 1 --digest ${digest}`)).toEqual(silent)
  })

  test('keeps tags in lower case, sorted, each once', async () => {
    const host = await usualHost()
    await host.pct("set 100 --tags 'Web,autoscale;web b'")
    expect(host.conf(100)).toContain('tags: autoscale;b;web\n')
  })
})

describe('locks', () => {
  test.each([
    'set 100 --cores 1',
    'stop 100',
    'shutdown 100',
    'snapshot 100 ab',
    'resize 100 rootfs +1G',
    'destroy 100',
    'clone 100 200',
    'rollback 100 ab',
  ])('a lock in the configuration stops %s', async line => {
    const host = await makeHost([{ vmid: 100, shape: 'idle' }])
    await host.pct('snapshot 100 ab')
    await host.pct('set 100 --lock backup')
    expect(await host.pct(line)).toEqual(failure('CT is locked (backup)\n'))
  })

  test('unlock removes it, and complains when there is none', async () => {
    const host = await usualHost()
    await host.pct('set 100 --lock backup')
    expect(await host.pct('unlock 100')).toEqual(silent)
    expect(await host.pct('unlock 100')).toEqual(failure('no lock found trying to remove any lock\n'))
  })

  test('start and stop ignore the lock mounted, reboot and exec any lock', async () => {
    const host = await usualHost()
    await host.pct('set 100 --lock mounted')
    expect(await host.pct('stop 100')).toEqual(silent)
    expect(await host.pct('start 100')).toEqual(silent)
    await host.pct('unlock 100')
    await host.pct('set 100 --lock backup')
    expect(await host.pct('reboot 100')).toEqual(silent)
    expect(await host.pct('exec 100 -- true')).toEqual(silent)
  })

  test('the file lock is waited for, then given up with exit code 4', async () => {
    const host = await usualHost({ lockTimeoutMs: 60 })
    const lock = await acquireProcessLock({ root: host.root, name: 'pve-config-100', timeoutMs: 0 })
    expect(await host.pct('set 100 --cores 1')).toEqual(
      failure("trying to acquire lock...\ncan't lock file '/run/lock/lxc/pve-config-100.lock' - got timeout\n", 4),
    )
    await lock?.release()
  })

  test('the file lock is taken when it becomes free', async () => {
    const host = await usualHost({ lockTimeoutMs: 60_000 })
    const lock = await acquireProcessLock({ root: host.root, name: 'pve-config-100', timeoutMs: 0 })
    const printed: string[] = []
    const output = {
      out: (text: string) => void printed.push(text),
      err: (text: string) => {
        printed.push(text)
        if (text.startsWith('trying')) void lock?.release()
      },
    }
    const words = ['set', '100', '--cores', '1']
    expect(await runCommand({ command: 'pct', root: host.root, words, output })).toBe(0)
    expect(printed).toEqual(['trying to acquire lock...\n', ' OK\n'])
    expect(host.conf(100)).toContain('cores: 1\n')
  })

  test('a task that cannot get the file lock fails as all tasks do', async () => {
    const host = await usualHost({ lockTimeoutMs: 30 })
    const lock = await acquireProcessLock({ root: host.root, name: 'pve-config-100', timeoutMs: 0 })
    expect(await host.pct('stop 100')).toEqual({
      stdout: 'trying to acquire lock...\n',
      stderr: "can't lock file '/run/lock/lxc/pve-config-100.lock' - got timeout\n",
      exitCode: 255,
    })
    await lock?.release()
  })
})

describe('power', () => {
  test.each([
    ['start 100', 'CT 100 already running\n'],
    ['stop 101', 'CT 101 not running\n'],
    ['shutdown 101', 'CT 101 not running\n'],
    ['reboot 101', 'VM 101 not running\n'],
    ['exec 101 -- true', "container '101' not running!\n"],
    ['destroy 100', 'unable to destroy CT 100 - container is running\n'],
  ])('%s is refused', async (line, stderr) => {
    expect(await (await usualHost()).pct(line)).toEqual(failure(stderr))
  })

  test('a restart gives another cgroup inode and another init', async () => {
    const host = await usualHost()
    const before = {
      inode: host.inode(100),
      pid: /^pid: (\d+)$/m.exec((await host.pct('status 100 --verbose')).stdout)?.[1],
    }
    expect(await host.pct('reboot 100')).toEqual(silent)
    expect(host.inode(100)).not.toBe(before.inode)
    expect((await host.pct('status 100 --verbose')).stdout).not.toContain(`pid: ${before.pid}\n`)
    expect(existsSync(`${host.root}/proc/${before.pid}`)).toBe(false)
  })

  test('a stop takes away what the kernel showed of the container', async () => {
    const host = await usualHost()
    expect(await host.pct('stop 100')).toEqual(silent)
    expect(existsSync(`${host.root}/sys/fs/cgroup/lxc/100`)).toBe(false)
    expect(existsSync(`${host.root}/sys/fs/cgroup/lxc.monitor/100`)).toBe(false)
    expect(host.text('proc/net/unix')).not.toContain('/var/lib/lxc/100/command')
  })

  test('what is pending comes into force at a start', async () => {
    const host = await usualHost()
    await host.pct('set 100 --features nesting=0')
    await host.pct('reboot 100')
    expect(host.conf(100)).toContain('features: nesting=0\n')
    expect(host.conf(100)).not.toContain('[pve:pending]')
  })

  test('a guest that does not halt ends a shutdown with 255, after twice the time', async () => {
    const host = await usualHost({ ignoresShutdown: [100] })
    const clock = new CommandClock()
    const { stderr, exitCode } = await host.pct('shutdown 100 --timeout 10', clock)
    expect({ stderr, exitCode }).toEqual({ stderr: 'container did not stop\n', exitCode: 255 })
    expect(clock.waitedMs).toBe(25_000)
    expect(await host.pct('shutdown 100 --timeout 10 --forceStop 1', clock)).toEqual(silent)
  })

  test('a template refuses to start', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', template: true }])
    expect(await host.pct('start 100')).toEqual(failure("you can't start a CT if it's a template\n"))
  })

  test('the HA manager acts after the command has returned', async () => {
    const host = await usualHost({ haManaged: [100], haDelayMs: 3_000 })
    expect(await host.pct('stop 100')).toEqual({ ...silent, stdout: 'Requesting HA stop for CT 100\n' })
    expect((await host.pct('status 100')).stdout).toBe('status: running\n')
    const engine = new Engine(host.root)
    await engine.step(2_000)
    expect((await host.pct('status 100')).stdout).toBe('status: running\n')
    await engine.step(2_000)
    expect((await host.pct('status 100')).stdout).toBe('status: stopped\n')
    expect(await host.pct('start 100')).toEqual({ ...silent, stdout: 'Requesting HA start for CT 100\n' })
  })
})

describe('snapshots', () => {
  test('are listed as a tree in which current comes last', async () => {
    const host = await usualHost()
    const clock = new CommandClock(new Date(2024, 4, 1, 21, 54, 37).getTime())
    expect((await host.pct('listsnapshot 100')).stdout).toBe(
      `\`-> current                     ${' '.repeat(23)} You are here!\n`,
    )
    expect(await host.pct("snapshot 100 before_upgrade --description 'powered off!'", clock)).toEqual(silent)
    await host.pct('snapshot 100 auto-20260101-1200', new CommandClock(new Date(2026, 0, 1, 12).getTime()))
    expect((await host.pct('listsnapshot 100')).stdout).toBe(
      [
        '`-> before_upgrade              2024-05-01 21:54:37     powered off!',
        ' `-> auto-20260101-1200         2026-01-01 12:00:00     no-description',
        '  `-> current                                           You are here!',
        '',
      ].join('\n'),
    )
  })

  test.each(['current', 'vzdump'])('the name %s is reserved', async name => {
    expect(await (await usualHost()).pct(`snapshot 100 ${name}`)).toEqual(
      failure(`unable to use snapshot name '${name}' (reserved name)\n`),
    )
  })

  test('a name is used once, and must be there to be deleted', async () => {
    const host = await usualHost()
    await host.pct('snapshot 100 ab')
    expect(await host.pct('snapshot 100 ab')).toEqual(failure("snapshot name 'ab' already used\n"))
    expect(await host.pct('delsnapshot 100 cd')).toEqual(failure("snapshot 'cd' does not exist\n"))
  })

  test.each([
    ['a directory storage', { storage: 'local' }],
    ['a bind mount', { config: { mp0: '/srv/data,mp=/data' } }],
  ])('are not available with %s', async (_name, spec) => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', ...spec }])
    expect(await host.pct('snapshot 100 ab')).toEqual(failure('snapshot feature is not available\n'))
  })

  test('are not taken of a template', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', template: true }])
    expect(await host.pct('snapshot 100 ab')).toEqual(failure("you can't take a snapshot if it's a template\n"))
  })

  test('a rollback kills the container, leaves it stopped and takes back cores, memory and tags, not the description', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', cores: 2, memoryMb: 512, tags: 'old' }])
    await host.pct('snapshot 100 ab')
    await host.pct('set 100 --cores 4 --memory 1024 --tags new --description note --features nesting=0')
    expect(await host.pct('rollback 100 ab')).toEqual(silent)
    expect((await host.pct('status 100')).stdout).toBe('status: stopped\n')
    const conf = host.conf(100)
    expect(conf).toMatch(/^#note\n/)
    expect(conf).toContain('cores: 2\n')
    expect(conf).toContain('memory: 512\n')
    expect(conf).toContain('parent: ab\n')
    expect(conf).toContain('tags: old\n')
    expect(conf).not.toContain('[pve:pending]')
  })

  test('a rollback starts the container again when asked to', async () => {
    const host = await usualHost()
    await host.pct('snapshot 100 ab')
    expect(await host.pct('rollback 100 ab --start 1')).toEqual(silent)
    expect((await host.pct('status 100')).stdout).toBe('status: running\n')
  })

  test('ZFS rolls back to the newest only', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', storage: 'local-zfs' }], {
      settings: { storages: { 'local-zfs': 'zfspool' } },
    })
    await host.pct('snapshot 100 ab')
    await host.pct('snapshot 100 cd')
    expect(await host.pct('rollback 100 ab')).toEqual(
      failure("can't rollback, 'ab' is not most recent snapshot on 'local-zfs:subvol-100-disk-0'\n"),
    )
    expect(await host.pct('rollback 100 cd')).toEqual(silent)
  })

  test('deleting one hands its children to its parent', async () => {
    const host = await usualHost()
    for (const name of ['one', 'two', 'three']) await host.pct(`snapshot 100 ${name}`)
    expect(await host.pct('delsnapshot 100 two')).toEqual(silent)
    expect(host.conf(100)).toMatch(/\[three\]\n(?:[^[]*\n)?parent: one\n/)
  })

  test('the lock is in the configuration while the work lasts, and set fails meanwhile', async () => {
    const host = await usualHost({
      taskMs: { snapshotMs: 1, rollbackMs: 0, cloneMs: 0, startMs: 0, shutdownMs: 0, resizeMs: 0, destroyMs: 0 },
    })
    let meanwhile: unknown
    const time = {
      nowMs: () => 0,
      sleep: async (ms: number) => {
        if (ms > 0) meanwhile = await host.pct('set 100 --cores 1')
      },
    }
    expect(await host.pct('snapshot 100 ab', time)).toEqual(silent)
    expect(meanwhile).toEqual(failure('CT is locked (snapshot)\n'))
  })
})

describe('clone', () => {
  test('copies a stopped container in full, with another address', async () => {
    const host = await usualHost()
    await host.pct('set 101 --tags web --cores 3')
    expect(await host.pct('clone 101 200 --hostname copy')).toEqual({
      ...silent,
      stdout:
        'creating a clone of container 101 with ID 200\ncreate full clone of mountpoint rootfs (local-lvm:vm-101-disk-0)\n',
    })
    const conf = host.conf(200)
    expect(conf).toContain('hostname: copy\n')
    expect(conf).toContain('cores: 3\n')
    expect(conf).toContain('rootfs: local-lvm:vm-200-disk-0,size=8G\n')
    expect(conf).not.toContain('lock:')
    expect(/hwaddr=(\S+?),/.exec(conf)?.[1]).not.toBe(/hwaddr=(\S+?),/.exec(host.conf(101))?.[1])
    expect(host.text('etc/pve/.vmlist')).toContain('"200":{"node":"pve","type":"lxc"')
    expect(await host.pct('start 200')).toEqual(silent)
  })

  test('of a running container needs a snapshot', async () => {
    const host = await usualHost()
    expect(await host.pct('clone 100 200')).toEqual(
      failure('Full clone of a running container is only possible from a snapshot\n'),
    )
    expect(existsSync(`${host.root}/etc/pve/lxc/200.conf`)).toBe(false)
    expect(host.conf(100)).not.toContain('lock:')
    await host.pct('snapshot 100 ab')
    expect((await host.pct('clone 100 200 --snapname ab')).exitCode).toBe(0)
    expect(host.conf(200)).not.toMatch(/parent|snaptime|\[ab\]/)
  })

  test.each([
    ['clone 101 100', "CT 100 already exists on node 'pve'\n"],
    ['clone 101 200 --full 0', "Linked clone feature for 'local-lvm:vm-101-disk-0' is not available\n"],
    ['clone 101 200 --full 0 --storage local', "parameter 'storage' not allowed for linked clones\n"],
    ['clone 101 200 --snapname ab', "snapshot 'ab' does not exist\n"],
  ])('%s is refused and leaves no lock', async (line, stderr) => {
    const host = await usualHost()
    expect(await host.pct(line)).toEqual(failure(stderr))
    expect(host.conf(101)).not.toContain('lock:')
  })

  test('of a bind mount is refused', async () => {
    const host = await makeHost([{ vmid: 101, shape: 'idle', running: false, config: { mp0: '/srv,mp=/srv' } }])
    expect((await host.pct('clone 101 200')).stderr).toBe("unable to clone mountpoint 'mp0' (type bind)\n")
  })

  test('keeps the source locked for the whole copy', async () => {
    const host = await usualHost({
      taskMs: { snapshotMs: 0, rollbackMs: 0, cloneMs: 5, startMs: 0, shutdownMs: 0, resizeMs: 0, destroyMs: 0 },
    })
    let meanwhile: unknown
    const time = {
      nowMs: () => 0,
      sleep: async (ms: number) => {
        if (ms === 5) meanwhile = await host.pct('set 101 --cores 1')
      },
    }
    await host.pct('clone 101 200', time)
    expect(meanwhile).toEqual(failure('CT is locked (disk)\n'))
  })
})

describe('resize', () => {
  test.each([
    ['+2G', 'size=10G'],
    ['12G', 'size=12G'],
    ['+512M', 'size=8704M'],
    ['8589934593', 'size=8589934593'],
  ])('to %s', async (size, expected) => {
    const host = await usualHost()
    expect(await host.pct(`resize 100 rootfs ${size}`)).toEqual(silent)
    expect(host.conf(100)).toContain(`rootfs: local-lvm:vm-100-disk-0,${expected}\n`)
  })

  test.each([
    ['4G', 'unable to shrink disk size\n'],
    ['10', 'unable to shrink disk size\n'],
    ['8G', 'disk is already at specified size\n'],
  ])('to %s is refused: a size without a unit is bytes', async (size, stderr) => {
    expect(await (await usualHost()).pct(`resize 100 rootfs ${size}`)).toEqual(failure(stderr))
  })

  test('ends with 0 although its task failed', async () => {
    const host = await usualHost({ quorate: false })
    expect(await host.pct('resize 100 rootfs +1G')).toEqual(
      failure(`unable to open file '/etc/pve/nodes/pve/lxc/100.conf.tmp.${process.pid}' - Permission denied\n`, 0),
    )
  })

  test('keeps the new size when the file system does not grow, with a warning on stdout', async () => {
    const host = await usualHost({ filesystemGrowFails: true })
    const { stdout, stderr, exitCode } = await host.pct('resize 100 rootfs +1G')
    expect(stdout).toContain("Failed to update the container's filesystem")
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(host.conf(100)).toContain('size=9G\n')
  })
})

describe('destroy', () => {
  test('removes the container from every list', async () => {
    const host = await usualHost()
    expect(await host.pct('destroy 101')).toEqual(silent)
    expect(existsSync(`${host.root}/etc/pve/lxc/101.conf`)).toBe(false)
    expect(host.text('etc/pve/.vmlist')).not.toContain('"101"')
  })

  test('--force stops it first', async () => {
    const host = await usualHost()
    expect(await host.pct('destroy 100 --force')).toEqual({
      ...silent,
      stdout: 'forced to stop CT 100 before destroying!\n',
    })
    expect(existsSync(`${host.root}/sys/fs/cgroup/lxc/100`)).toBe(false)
  })

  test('refuses a protected one, and one in HA resources without --purge', async () => {
    const host = await usualHost({ haManaged: [101] })
    expect(await host.pct('destroy 101')).toEqual(
      failure('unable to remove CT 101 - used in HA resources and purge parameter not set.\n'),
    )
    await host.pct('set 101 --protection 1')
    expect(await host.pct('destroy 101 --purge')).toEqual(failure("can't remove CT 101 - protection mode enabled\n"))
  })
})

describe('a cluster without quorum', () => {
  test('lets set change the cgroup and then fail, so that runtime and configuration differ', async () => {
    const host = await usualHost({ quorate: false })
    expect(await host.pct('set 100 --memory 700')).toEqual(
      failure(`unable to open file '/etc/pve/nodes/pve/lxc/100.conf.tmp.${process.pid}' - Permission denied\n`, 2),
    )
    expect(host.cgroup(100, 'memory.max')).toBe(`${700 * 2 ** 20}\n`)
    expect(host.conf(100)).toContain('memory: 512\n')
  })

  test.each(['start 101', 'clone 101 200'])('stops %s at once', async line => {
    expect(await (await usualHost({ quorate: false })).pct(line)).toEqual(failure('cluster not ready - no quorum?\n'))
  })

  test('is said by pvecm and pvesh', async () => {
    const host = await usualHost({ quorate: false, nodes: ['pve', 'b', 'c'] })
    expect((await runPvecm(host.root, ['status'])).stdout).toContain('Quorate:          No\n')
    const status = await runPvesh(host.root, ['get', '/cluster/status', '--output-format', 'json'])
    expect(JSON.parse(status.stdout)[0]).toMatchObject({ type: 'cluster', quorate: 0, nodes: 3 })
    expect(JSON.parse(host.text('etc/pve/.members'))).toMatchObject({ cluster: { quorate: 0 } })
  })

  test('a busy pmxcfs refuses writes with another text', async () => {
    expect((await (await usualHost({ pmxcfs: 'busy' })).pct('set 100 --cores 1')).stderr).toBe(
      `unable to open file '/etc/pve/nodes/pve/lxc/100.conf.tmp.${process.pid}' - Device or resource busy\n`,
    )
  })

  test('a stopped pmxcfs refuses everything', async () => {
    const { stderr, exitCode } = await (await usualHost({ pmxcfs: 'down' })).pct('list')
    expect(stderr).toContain('ipcc_send_rec[1] failed: Connection refused\n')
    expect(exitCode).not.toBe(0)
  })
})

describe('exec', () => {
  test.each([
    ['true', 0, ''],
    ['false', 1, ''],
    ["sh -c 'exit 7'", 7, ''],
    ['echo hello there', 0, 'hello there\n'],
    ['hostname', 0, 'web\n'],
    ['cat /sys/fs/cgroup/memory.max', 0, 'max\n'],
  ])('%s ends as the inner command does', async (command, exitCode, stdout) => {
    expect(await (await usualHost()).pct(`exec 100 -- ${command}`)).toEqual({ stdout, stderr: '', exitCode })
  })

  test('shows the limit as the total memory, as lxcfs does', async () => {
    expect((await (await usualHost()).pct('exec 100 -- cat /proc/meminfo')).stdout).toMatch(/^MemTotal: +524288 kB\n/)
  })
})

test('cpusets prints the CPUs of each running container in columns', async () => {
  const host = await makeHost([{ vmid: 100, shape: 'idle', cores: 4 }], { hostCores: 4 })
  expect((await host.pct('cpusets')).stdout).toBe(['-------------', '100:  0 1 2 3', '-------------', ''].join('\n'))
})

describe('pvesh', () => {
  const get = async (host: TestHost, path: string, ...more: string[]) => {
    const { stdout, stderr, exitCode } = await runPvesh(host.root, ['get', path, ...more, '--output-format', 'json'])
    return { value: stdout === '' ? undefined : JSON.parse(stdout), stderr, exitCode, stdout }
  }

  test('gives the state of the node in one line with sorted keys and the load as strings', async () => {
    const { stdout, value } = await get(await usualHost(), '/nodes/pve/status')
    expect(stdout.split('\n')).toHaveLength(2)
    expect(Object.keys(value)).toEqual([...Object.keys(value)].sort())
    expect(value.loadavg.map((item: unknown) => typeof item)).toEqual(['string', 'string', 'string'])
    expect(value).toMatchObject({ cpu: 0, cpuinfo: { cpus: 8 }, memory: { total: 32_768 * 2 ** 20 } })
  })

  test('has cpu 0 for containers of the node, and a real one in the resources once pvestatd has looked twice', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady' }])
    const engine = new Engine(host.root)
    expect((await get(host, '/cluster/resources', '--type', 'vm')).value).toEqual([
      { id: 'lxc/100', node: 'pve', status: 'unknown', type: 'lxc', vmid: 100 },
    ])
    for (let second = 0; second < 21; second++) await engine.step(1_000)
    expect((await get(host, '/nodes/pve/lxc')).value[0].cpu).toBe(0)
    const [container] = (await get(host, '/cluster/resources', '--type', 'vm')).value
    expect(container).toMatchObject({ id: 'lxc/100', status: 'running', maxcpu: 2, template: 0 })
    expect(container.cpu).toBeGreaterThan(0.4)
    expect(container.cpu).toBeLessThan(0.7)
  })

  test('gives one node entry without a cluster', async () => {
    expect((await get(await usualHost(), '/cluster/status')).value).toMatchObject([
      { type: 'node', name: 'pve', nodeid: 0, local: 1, online: 1 },
    ])
  })

  test('fails for another node and an unknown path', async () => {
    const host = await usualHost()
    expect((await get(host, '/nodes/other/status')).exitCode).not.toBe(0)
    expect(await get(host, '/nonsense')).toMatchObject({
      exitCode: 255,
      stderr: "No 'get' handler defined for '/nonsense'\n",
    })
  })

  test('gives the version', async () => {
    expect((await get(await usualHost(), '/version')).value).toMatchObject({ release: '9.1', version: '9.1.4' })
  })
})

test('pvecm says that there is no cluster', async () => {
  const { stderr, exitCode } = await runPvecm((await usualHost()).root, ['status'])
  expect(stderr).toBe(
    "Error: Corosync config '/etc/pve/corosync.conf' does not exist - is this node part of a cluster?\n",
  )
  expect(exitCode).not.toBe(0)
})

describe('what can be set to go wrong', () => {
  test('exit codes that vary, while success stays 0', async () => {
    const host = await usualHost({ randomExitCodes: true })
    const codes = new Set<number>()
    for (let call = 0; call < 40; call++) codes.add((await host.pct('status 999')).exitCode)
    expect(codes.size).toBeGreaterThan(2)
    expect([...codes].every(code => [2, 4, 9, 13, 22, 25, 255].includes(code))).toBe(true)
    expect((await host.pct('status 100')).exitCode).toBe(0)
  })

  test('a complaint of Perl about the locale on stderr', async () => {
    const host = await usualHost({ localeWarning: true })
    const { stdout, stderr } = await host.pct('status 100')
    expect(stdout).toBe('status: running\n')
    expect(stderr).toMatch(/^perl: warning: Setting locale failed\.\n/)
  })

  test('one command for one container', async () => {
    const host = await usualHost({
      faults: [{ command: 'pct', subcommand: 'set', vmid: 100, kind: 'fail', exitCode: 25, stderr: 'no luck\n' }],
    })
    expect(await host.pct('set 100 --cores 1')).toEqual(failure('no luck\n', 25))
    expect(await host.pct('set 101 --cores 1')).toEqual(silent)
  })

  test('commands that are not installed', async () => {
    const host = await usualHost()
    await updateSettings(host.root, { missingCommands: ['pct'] })
    expect(existsSync(`${host.root}/bin/pct`)).toBe(false)
    await updateSettings(host.root, { missingCommands: [] })
    expect(existsSync(`${host.root}/bin/pct`)).toBe(true)
  })

  test('a delay with jitter before each command', async () => {
    const host = await usualHost({ pctDelayMs: 600, pctDelayJitter: 0.25 })
    const clock = new CommandClock()
    for (let call = 0; call < 20; call++) await host.pct('status 100', clock)
    expect(clock.waitedMs / 20).toBeGreaterThan(450)
    expect(clock.waitedMs / 20).toBeLessThan(750)
  })

  test('a delay that contains the time to start', async () => {
    const host = await usualHost({ pctDelayMs: 400 })
    const time = new CommandClock()
    const output = new CollectedOutput()
    await runCommand({ command: 'pct', root: host.root, words: ['list'], output, time, startedMsAgo: 150 })
    expect(time.waitedMs).toBe(250)
  })
})

describe('as a process', () => {
  interface Ended {
    readonly stdout: string
    readonly stderr: string
    readonly exitCode: number | null
  }

  function run(host: TestHost, words: readonly string[], { killAfterMs = 0 } = {}): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(`${host.root}/bin/pct`, words, { stdio: ['ignore', 'pipe', 'pipe'] })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', chunk => (stdout += chunk))
      child.stderr.on('data', chunk => (stderr += chunk))
      child.on('error', reject)
      child.on('close', exitCode => resolve({ stdout, stderr, exitCode }))
      if (killAfterMs > 0) setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    })
  }

  test('prints the same and ends with the same code as within this process', async () => {
    const host = await usualHost()
    expect(await run(host, ['list'])).toMatchObject(await host.pct('list'))
    expect(await run(host, ['status', '999'])).toMatchObject(failure(MISSING, 2))
  })

  test('twenty at once lose no change', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle' }])
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        run(host, ['set', '100', `-net${at + 1}`, `name=eth${at + 1},bridge=vmbr0`]),
      ),
    )
    expect(results.every(({ exitCode }) => exitCode === 0)).toBe(true)
    const { stdout } = await host.pct('config 100')
    for (let at = 1; at <= 20; at++) expect(stdout).toContain(`net${at}: name=eth${at},bridge=vmbr0\n`)
  })

  test('killed at any moment, it leaves a configuration that is whole and a lock that is free', async () => {
    const host = await usualHost()
    for (let attempt = 0; attempt < 12; attempt++) {
      const cores = (attempt % 7) + 1
      await run(host, ['set', '100', '--cores', String(cores), '--memory', String(400 + attempt)], {
        killAfterMs: 30 + attempt * 5,
      })
      expect(host.conf(100)).toMatch(/^arch: amd64\ncores: [1-8]\n[^[]*\nunprivileged: 1\n$/)
      expect(await host.pct('set 100 --cores 8')).toEqual(silent)
    }
    await new Engine(host.root).step(10_001)
    expect(readFileSync(`${host.root}/sys/fs/cgroup/lxc/100/memory.max`, 'utf8')).toMatch(/^\d+\n$/)
  })

  test('hangs until it is killed when it is set to', async () => {
    const host = await usualHost({ faults: [{ command: 'pct', kind: 'hang' }] })
    const { exitCode, stdout } = await run(host, ['list'], { killAfterMs: 300 })
    expect({ exitCode, stdout }).toEqual({ exitCode: null, stdout: '' })
  })
})
