import { describe, expect, test } from 'vitest'
import { failure, MISSING, parameterFailure, silent, usualHost } from '../pretend-host.ts'

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
    [
      'set 100 --net1 bridge=vmbr0,ip=10.0.0.5',
      'net1: invalid format - format error\nnet1.ip: invalid format - value does not look like a valid ipv4 network configuration\n\nnet1.name: property is missing and it is not optional\n',
      'set <vmid> [OPTIONS]',
    ],
    [
      'set 100 --net1 name=eth1,speed=9',
      'net1: invalid format - invalid key in comma-separated list property: speed\n',
      'set <vmid> [OPTIONS]',
    ],
    [
      'set 100 --net1 name=eth1,hwaddr=01:00:00:00:00:01',
      'net1: invalid format - format error\nnet1.hwaddr: invalid format - value does not look like a valid unicast MAC address\n\n',
      'set <vmid> [OPTIONS]',
    ],
    [
      'set 100 --features nesting',
      'features: invalid format - value without key, but schema does not define a default key\n',
      'set <vmid> [OPTIONS]',
    ],
    ['set 100 --startup first', 'startup: invalid format - unable to parse startup options\n', 'set <vmid> [OPTIONS]'],
    [
      'set 100 --nameserver 10.0.0.300',
      'nameserver: invalid format - value does not look like a valid IP address\n',
      'set <vmid> [OPTIONS]',
    ],
    [
      'set 100 --timezone Mars/North',
      "timezone: invalid format - invalid time zone 'Mars/North'\n",
      'set <vmid> [OPTIONS]',
    ],
    [
      'set 100 --ostype windows',
      "ostype: value 'windows' does not have a value in the enumeration 'debian, devuan, ubuntu, centos, fedora, opensuse, archlinux, alpine, gentoo, nixos, unmanaged'",
      'set <vmid> [OPTIONS]',
    ],
    ['set 100 --hookscript x', "hookscript: invalid format - unable to parse volume ID 'x'\n", 'set <vmid> [OPTIONS]'],
    [
      'set 100 --unused0 x',
      "unused0: invalid format - format error\nunused0.volume: invalid format - unable to parse volume ID 'x'\n\n",
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
    ['status --vmid 100', '400 not enough arguments\npct status <vmid> [OPTIONS]\n'],
    ['set 100 --onboot maybe', '400 unable to parse boolean option\npct set <vmid> [OPTIONS]\n'],
  ])('%s', async (line, stderr) => {
    expect(await (await usualHost()).pct(line)).toEqual(failure(stderr, 2))
  })

  test.each([
    ['cpulimit', '.5', '.5'],
    ['cpulimit', '5.', '5.'],
    ['cpulimit', '1e1', '1e1'],
    ['cores', '+3', '+3'],
  ])('%s %s is taken, stored as it is and complained about when it is read again', async (option, value, stored) => {
    const type = option === 'cores' ? 'integer' : 'number'
    const host = await usualHost()
    expect(await host.pct(`set 101 --${option} ${value}`)).toEqual({
      ...silent,
      stderr: `vm 101 - unable to parse value of '${option}' - type check ('${type}') failed - got '${value}'\n`,
    })
    expect(host.conf(101)).toContain(`${option}: ${stored}\n`)
  })

  test('a beginning that more than one command has is incomplete', async () => {
    expect((await (await usualHost()).pct('s 100')).stderr).toMatch(
      /^ERROR: incomplete command 'pct s'\n[\s\S]*\n {7}pct s config <vmid> \[OPTIONS\]\n {7}pct s set <vmid>/,
    )
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
