import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Engine } from '../../../../../packages/simulator/src/index.ts'
import { failure, makeHost, silent, type TestHost, usualHost } from '../../pretend-host.ts'

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
    [600, 629_145_600, 624_230_400],
    [16_383, 17_178_820_608, 17_044_611_072],
    [16_384, 17_179_869_184, 17_045_651_456],
    [20_000, 20_971_520_000, 20_837_302_272],
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
    expect(refused.exitCode).toBe(22)
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
    expect(await host.pct('set 100 --cpuunits 0')).toMatchObject({
      stderr: expect.stringContaining(
        'cpuunits: unable to hotplug cpuunits: cpu weight (shares) must be in range [1, 10000]\n',
      ),
      exitCode: 255,
    })
  })

  test('a failed hotplug keeps what was applied before it, and saves nothing', async () => {
    const reason = "closing file '/sys/fs/cgroup/memory/lxc/100/memory.limit_in_bytes' failed - Device or resource busy"
    const host = await usualHost({ hotplugErrors: { memory: reason } })
    const { stderr, exitCode } = await host.pct('set 100 --cpulimit 1 --memory 256')
    expect(exitCode).toBe(22)
    expect(stderr).toContain(`memory: unable to hotplug memory: ${reason}\n`)
    expect(host.cgroup(100, 'cpu.max')).toBe('100000 100000\n')
    expect(host.conf(100)).not.toContain('cpulimit')
    expect(host.conf(100)).toContain('memory: 512\n')
  })

  test('what comes after a failed key is still applied to the cgroup', async () => {
    const host = await usualHost()
    expect((await host.pct('set 100 --cores 2 --cpulimit 0 --memory 310')).exitCode).toBe(22)
    expect(host.cgroup(100, 'memory.max')).toBe(`${310 * 2 ** 20}\n`)
    expect(host.conf(100)).toContain('memory: 512\n')
  })

  test.each([
    ['0.01', 0, '1000 100000\n'],
    ['0.009', 22, 'max 100000\n'],
  ])('a cpulimit of %s ends with %i', async (cpulimit, exitCode, cpuMax) => {
    const host = await usualHost()
    expect((await host.pct(`set 100 --cpulimit ${cpulimit}`)).exitCode).toBe(exitCode)
    expect(host.cgroup(100, 'cpu.max')).toBe(cpuMax)
  })

  test.each([
    [{ net0: 'name=eth0,bridge=vmbr9,type=veth' }, "bridge 'vmbr9' does not exist\n", 2],
    [{ arch: undefined }, "missing 'arch' - internal error at /usr/share/perl5/PVE/LXC.pm line 729.\n", 255],
  ])('with %j writes the configuration and the cgroup, and fails after that', async (config, stderr, exitCode) => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', memoryMb: 512, config }])
    expect(await host.pct('set 100 --memory 600 --cores 3')).toEqual(failure(stderr, exitCode))
    expect(host.conf(100)).toMatch(/^cores: 3\n[\s\S]*^memory: 600$/m)
    expect(host.cgroup(100, 'memory.max')).toBe('629145600\n')
  })

  test('a network gets an address, and its words in order', async () => {
    const host = await usualHost()
    expect(await host.pct('set 100 --net1 ip=dhcp,bridge=vmbr0,name=eth1')).toEqual(silent)
    expect(host.conf(100)).toMatch(/^net1: name=eth1,bridge=vmbr0,hwaddr=BC:24:11(:[0-9A-F]{2}){3},ip=dhcp,type=veth$/m)
    expect((await host.pct('set 100 --net2 name=eth2,bridge=vmbr9')).stderr).toContain(
      "net2: unable to hotplug net2: bridge 'vmbr9' does not exist\n",
    )
  })

  test('a set of CPUs that a raw key names stays, whatever cores says', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', cores: 2, lxc: [['lxc.cgroup2.cpuset.cpus', '4-7']] }])
    expect(host.cgroup(100, 'cpuset.cpus')).toBe('4-7\n')
    expect(await host.pct('set 100 --cores 6')).toEqual(silent)
    await new Engine(host.root).step(10_001)
    expect(host.conf(100)).toContain('cores: 6\n')
    expect(host.cgroup(100, 'cpuset.cpus.effective')).toBe('4-7\n')
  })

  test('a raw limit is in force after a start, whatever the options say', async () => {
    const host = await makeHost([
      { vmid: 100, shape: 'idle', memoryMb: 512, lxc: [['lxc.cgroup2.memory.max', '256M']] },
    ])
    expect(host.cgroup(100, 'memory.max')).toBe(`${256 * 2 ** 20}\n`)
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

describe('set on a stopped container with pending changes', () => {
  async function hostWithPending(): Promise<TestHost> {
    const host = await usualHost()
    writeFileSync(
      `${host.root}/etc/pve/lxc/101.conf`,
      `${host.conf(101)}\n[pve:pending]\ndelete: onboot\nnameserver: 10.0.0.1\n`,
    )
    return host
  }

  test('changes what it names, and the rest stays pending', async () => {
    const host = await hostWithPending()
    expect(await host.pct('set 101 --memory 700')).toEqual(silent)
    expect(host.conf(101)).toMatch(
      /^memory: 700\n[\s\S]*\n\n\[pve:pending\]\ndelete: onboot\nnameserver: 10\.0\.0\.1\n$/m,
    )
  })

  test('does not delete what is only pending', async () => {
    const host = await hostWithPending()
    expect(await host.pct('set 101 --delete nameserver')).toEqual({
      ...silent,
      stderr: "cannot delete 'nameserver' - not set in current configuration!\n",
    })
    expect(host.conf(101)).toContain('nameserver: 10.0.0.1\n')
  })
})
