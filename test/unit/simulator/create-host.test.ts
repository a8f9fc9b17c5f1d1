import { lstatSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createHost, Engine, SHAPES } from '../../../packages/simulator/src/index.ts'
import { makeHost, scratchDirectory } from './pretend-host.ts'

/** Keys of a flat or nested file, in order. */
function keysOf(text: string): readonly string[] {
  return text.split('\n').flatMap(line => line.split(/[ :=]/, 1)[0] || [])
}

describe('the tree', () => {
  test('has limits in the outer cgroup, processes in ns, the monitor beside it', async () => {
    const host = await makeHost([
      { vmid: 100, shape: 'idle', memoryMb: 512, systemd: true },
      { vmid: 101, shape: 'idle', systemd: false },
    ])
    expect(host.cgroup(100, 'memory.max')).toBe('536870912\n')
    expect(host.cgroup(100, 'cgroup.procs')).toBe('')
    expect(host.cgroup(100, 'ns/cgroup.procs')).toBe('')
    const init = host.cgroup(100, 'ns/init.scope/cgroup.procs').trim()
    expect(host.text(`proc/${init}/cgroup`)).toBe('0::/lxc/100/ns/init.scope\n')
    expect(host.text(`proc/${init}/status`)).toMatch(new RegExp(`^NSpid:\\t${init}\\t1$`, 'm'))
    expect(host.text(`proc/${init}/uid_map`)).toBe('         0     100000      65536\n')
    expect(statSync(`${host.root}/proc/${init}/root`).isDirectory()).toBe(true)
    expect(host.cgroup(101, 'ns/cgroup.procs').split('\n').length).toBeGreaterThan(2)
    const monitor = host.text('sys/fs/cgroup/lxc.monitor/100/cgroup.procs').trim()
    expect(host.text(`proc/${monitor}/task/${monitor}/children`)).toBe(`${init} `)
  })

  test('has /etc/pve with its links and lists', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle' }], { node: 'pve1' })
    expect(readlinkSync(`${host.root}/etc/pve/lxc`)).toBe('nodes/pve1/lxc')
    expect(readlinkSync(`${host.root}/etc/pve/local`)).toBe('nodes/pve1')
    expect(JSON.parse(host.text('etc/pve/.vmlist')).ids).toEqual({ 100: { node: 'pve1', type: 'lxc', version: 1 } })
    expect(JSON.parse(host.text('etc/pve/.members'))).toEqual({ nodename: 'pve1', version: 1 })
  })

  test('has executable commands', async () => {
    const host = await makeHost([])
    expect(readdirSync(`${host.root}/bin`).sort()).toEqual(['ha-manager', 'pct', 'pvecm', 'pvesh'])
    for (const name of ['pct', 'pvecm', 'pvesh']) expect(lstatSync(`${host.root}/bin/${name}`).mode & 0o111).toBe(0o111)
  })

  test('names the command socket of running containers only', async () => {
    const host = await makeHost([
      { vmid: 100, shape: 'idle' },
      { vmid: 101, shape: 'idle', running: false },
      { vmid: 102, shape: 'idle', template: true },
    ])
    const sockets = [...host.text('proc/net/unix').matchAll(/@\/var\/lib\/lxc\/(\d+)\/command$/gm)].map(
      ([, vmid]) => vmid,
    )
    expect(sockets).toEqual(['100'])
    expect(readdirSync(`${host.root}/sys/fs/cgroup/lxc`).filter(name => /^\d+$/.test(name))).toEqual(['100'])
  })
})

test('gives each container the load of its shape at once', async () => {
  const host = await makeHost(SHAPES.map((shape, at) => ({ vmid: 100 + at, shape })))
  for (let at = 0; at < SHAPES.length; at++) {
    expect(Number(host.cgroup(100 + at, 'memory.current'))).toBeGreaterThan(2 ** 20)
    expect(host.counter(100 + at, 'memory.events', 'oom_kill')).toBe(0)
  }
})

test('is the same for the same seed, and another one for another', async () => {
  const spec = [{ vmid: 100, shape: 'steady', cores: 3 }] as const
  const [first, second, third] = [
    await makeHost(spec, { seed: 3 }),
    await makeHost(spec, { seed: 3 }),
    await makeHost(spec, { seed: 4 }),
  ]
  expect(first.cgroup(100, 'cpuset.cpus')).toBe(second.cgroup(100, 'cpuset.cpus'))
  expect(first.text('var/lib/pretend-host/workloads/100.json')).not.toBe(
    third.text('var/lib/pretend-host/workloads/100.json'),
  )
})

test('is not made where something is already', async () => {
  const root = scratchDirectory()
  writeFileSync(`${root}/precious`, '')
  await expect(createHost({ root, containers: [] })).rejects.toThrow(`${root}: the directory is not empty`)
})

test('a container of a trace begins with what the trace was allotted', async () => {
  const file = `${scratchDirectory()}/trace.csv`
  writeFileSync(file, 't_seconds,cpu_cores_used,cpu_cores_alloc,mem_mb_used,mem_mb_alloc\n0,1.5,3,700,2048\n60,,,,\n')
  const host = await makeHost([{ vmid: 100, shape: `trace:${file}` }])
  expect(host.conf(100)).toContain('cores: 3\n')
  expect(host.conf(100)).toContain('memory: 2048\n')
})

test.each([
  [
    'cpu.stat',
    'usage_usec user_usec system_usec nice_usec nr_periods nr_throttled throttled_usec nr_bursts burst_usec',
  ],
  ['memory.events', 'low high max oom oom_kill oom_group_kill'],
  ['memory.events.local', 'low high max oom oom_kill oom_group_kill'],
  ['ns/memory.events', 'low high max oom oom_kill oom_group_kill'],
  ['cpu.pressure', 'some full'],
  ['cgroup.events', 'populated frozen'],
])('%s has the keys that a kernel prints', async (name, keys) => {
  const host = await makeHost([{ vmid: 100, shape: 'idle' }])
  expect(keysOf(host.cgroup(100, name))).toEqual(keys.split(' '))
})

test('after a boot the first container may use all CPUs until pvestatd looks', async () => {
  const host = await makeHost(
    [
      { vmid: 100, shape: 'idle', cores: 2 },
      { vmid: 101, shape: 'idle', cores: 2 },
    ],
    { hasJustBooted: true },
  )
  expect(host.cgroup(100, 'cpuset.cpus')).toBe('\n')
  expect(host.cgroup(100, 'cpuset.cpus.effective')).toBe('0-7\n')
  expect(host.cgroup(101, 'cpuset.cpus').trim()).not.toBe('')
  await new Engine(host.root).step(10_001)
  expect((await host.pct('exec 100 -- nproc')).stdout).toBe('2\n')
})

test('names the containers of the HA manager in its resources', async () => {
  const host = await makeHost([{ vmid: 100, shape: 'idle' }], { settings: { haManaged: [100] } })
  expect(host.text('etc/pve/ha/resources.cfg')).toBe('ct: 100\n\tstate started\n')
})
