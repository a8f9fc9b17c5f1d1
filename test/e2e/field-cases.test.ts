import { readFileSync, writeFileSync } from 'node:fs'
import { test as base, describe, expect } from 'vitest'
import { KERNEL_MB, kernelFiles, memoryEvents, memoryStat, UNDERFLOW } from '../builders/kernel-files.ts'
import { PretendInstallation } from '../fakes/pretend-installation.ts'
import type { SpawnedDaemon } from '../fakes/spawned-daemon.ts'

/**
 * Situations that administrators have reported in public, on the three built daemons: a host whose loads stand still, and
 * whose kernel files say what they said there.
 */
const VMID = 101
const HOST_MEMORY_MB = 32_768

type Sample = Readonly<Record<string, unknown>>

class Site {
  readonly installed: PretendInstallation
  #model: SpawnedDaemon | undefined

  constructor(installed: PretendInstallation) {
    this.installed = installed
  }

  static async make(): Promise<Site> {
    const installed = await PretendInstallation.create([{ vmid: VMID, shape: 'idle', cores: 2, memoryMb: 1_024 }])
    const site = new Site(installed)
    site.write(kernelFiles({ usedMb: 4 }))
    return site
  }

  /** Lets the kernel say `files` of the container from now on. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(`${this.installed.host.paths.cgroup}/lxc/${VMID}/${name}`, text)
    }
  }

  writeConf(lines: readonly string[]): void {
    writeFileSync(`${this.installed.host.paths.pve}/lxc/${VMID}.conf`, `${lines.join('\n')}\n`)
  }

  async startAll(scaling: Sample = {}): Promise<void> {
    const { installed } = this
    await installed.startApi()
    const monitor = installed.start('monitor')
    await monitor.says(/cycle done/)
    installed.configure('model', { scaling })
    this.#model = installed.start('model')
    await this.cycles(2)
  }

  /** Waits until the model has decided `count` times more. */
  async cycles(count: number): Promise<void> {
    const number = () => JSON.parse(this.installed.readStatus()).cycle.number
    const from = this.#cycleNumber()
    const endMs = Date.now() + 60_000
    while (this.#cycleNumber() < from + count) {
      if (Date.now() > endMs) throw new Error(`no ${count} cycles of the model: ${number()}\n${this.#model?.output}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  #cycleNumber(): number {
    try {
      return JSON.parse(this.installed.readStatus()).cycle.number
    } catch {
      // Not written yet.
      return 0
    }
  }

  async newest(): Promise<Sample> {
    for (;;) {
      try {
        return JSON.parse(readFileSync(this.installed.metricsFile, 'utf8')).at(-1)[VMID]
      } catch {
        // A cycle is being appended.
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    }
  }

  async ask(path: string, body?: Sample): Promise<{ status: number; json: Sample }> {
    const { installed } = this
    const headers = { 'X-API-Key': readFileSync(installed.keyFile, 'utf8').trim(), 'Content-Type': 'application/json' }
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const answer = await fetch(`${installed.apiUrl}${path}`, { headers, ...sent })
    return { status: answer.status, json: (await answer.json()) as Sample }
  }

  /** What Proxmox has configured. */
  async configured(): Promise<Sample> {
    const { json } = await this.ask(`/resource/lxc/config?lxc_id=${VMID}`)
    return json['data'] as Sample
  }

  async explain(): Promise<string> {
    const { installed } = this
    return (await installed.command(['explain', String(VMID), '--config-dir', installed.configDir])).stdout
  }
}

const test = base.extend<{ site: Site }>({
  site: async ({ task: _ }, use) => {
    const site = await Site.make()
    await use(site)
    await site.installed.remove()
  },
})

const POLICIES = ['adaptive', 'threshold'] as const

describe('a figure of memory.stat that is the negative of a small number', () => {
  test.concurrent.for(['anon', 'shmem', 'sock', 'file'] as const)(
    'is not known, is counted and is named: %s',
    async (key, { site }) => {
      site.write(kernelFiles({ usedMb: 4, stat: { [key]: UNDERFLOW } }))
      const monitor = site.installed.start('monitor')
      await monitor.says(/cycle done/)
      await monitor.says(/implausible/)
      expect(await site.newest()).toMatchObject({
        memory_usage_mb: null,
        memory_floor_mb: null,
        max_memory: null,
        memory_limit_mb: 1_024,
        cpu_cores: 2,
      })
      expect(monitor.output).toContain('memory.stat')
    },
  )

  test.concurrent.for(POLICIES)('changes nothing and teaches nothing: %s', async (policy, { site }) => {
    await site.startAll({ policy, mode: 'grow_only' })
    site.write(kernelFiles({ usedMb: 4, stat: { shmem: UNDERFLOW } }))
    await site.cycles(3)
    site.write(kernelFiles({ usedMb: 4 }))
    await site.cycles(5)
    expect(await site.newest()).toMatchObject({
      memory_usage_mb: expect.closeTo(5.1, 1),
      max_memory: expect.closeTo(5.1, 1),
    })
    expect(await site.configured()).toMatchObject({ cores: 2, memory_mb: 1_024 })
  })

  test.concurrent('is neither shown nor believed by the API, which says that the memory cannot be measured', async ({
    site,
  }) => {
    await site.installed.startApi()
    site.write(kernelFiles({ usedMb: 4, stat: { shmem: UNDERFLOW } }))
    const status = await site.ask(`/resource/lxc/status?lxc_id=${VMID}`)
    expect(status.json['data']).toMatchObject({ memory_usage_mb: null, memory_floor_mb: null, memory_limit_mb: 1_024 })
    expect(await site.configured()).toMatchObject({ least_memory_mb: null })
    const refusal = await site.ask('/scale/ram', { lxc_id: VMID, memory: 512 })
    expect(refusal.status).toBe(503)
    expect(refusal.json).toMatchObject({
      error: 'HOST_UNREADABLE',
      message: expect.stringContaining('cannot be measured'),
    })
    expect(await site.configured()).toMatchObject({ memory_mb: 1_024 })
  })
})

test.concurrent.for([
  ['memory.current', String(2 ** 45), { memory_usage_mb: null }],
  ['memory.swap.current', String(2 ** 45), { swap_usage_mb: null }],
  ['cpu.stat', 'usage_usec 99999999999999\nuser_usec 0\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\n', {}],
  [
    'memory.pressure',
    'some avg10=640.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    {},
  ],
  ['memory.events', memoryEvents({ max: 10 ** 15, oom_kill: 10 ** 12 }), {}],
] as const)(
  'an impossible %s for two seconds leaves the container as it is',
  async ([name, text, sample], { site }) => {
    await site.startAll({ policy: 'adaptive', mode: 'grow_only' })
    const before = readFileSync(`${site.installed.host.paths.cgroup}/lxc/${VMID}/${name}`, 'utf8')
    site.write({ [name]: text })
    await site.cycles(2)
    expect(await site.newest()).toMatchObject(sample)
    site.write({ [name]: before })
    await site.cycles(4)
    expect(await site.configured()).toMatchObject({ cores: 2, memory_mb: 1_024 })
  },
)

describe('processes killed inside a limit of their own', () => {
  test.concurrent.for(POLICIES)('do not make the container grow, and are named: %s', async (policy, { site }) => {
    await site.startAll({ policy, mode: 'grow_only' })
    for (let kills = 1; kills <= 12; kills++) {
      site.write({
        'memory.events': memoryEvents({ max: 12 * kills, oom: kills, oom_kill: kills }),
        'memory.events.local': memoryEvents({}),
      })
      await site.cycles(1)
    }
    expect(await site.configured()).toMatchObject({ memory_mb: 1_024 })
    expect(await site.explain()).toMatch(/inside a limit of (?:its|their) own/)
  })

  test.concurrent('at the limit of the container itself they do', async ({ site }) => {
    await site.startAll({ policy: 'adaptive', mode: 'grow_only' })
    for (let kills = 1; kills <= 3; kills++) {
      site.write({
        ...kernelFiles({ usedMb: 1_020 }),
        'memory.events': memoryEvents({ max: 12 * kills, oom: kills, oom_kill: kills }),
        'memory.events.local': memoryEvents({ max: 12 * kills, oom: kills }),
      })
      await site.cycles(2)
    }
    const { memory_mb } = await site.configured()
    expect(memory_mb).toBeGreaterThan(1_024)
    expect(memory_mb).toBeLessThanOrEqual(HOST_MEMORY_MB)
  })
})

describe('a CPU set that raw LXC configuration settles', () => {
  const PINNED = ['arch: amd64', 'cores: 4', 'hostname: pinned', 'memory: 1024', 'swap: 0', 'unprivileged: 1']

  test.concurrent.for(['lxc.cgroup2.cpuset.cpus: 0-1', 'lxc.cgroup.cpuset.cpus = 0-1'])(
    'is not sized, and everybody is told why: %s',
    async (line, { site }) => {
      site.writeConf([...PINNED, line])
      site.write({ 'cpuset.cpus.effective': '0-1\n', 'cpu.pressure': pressure(50), ...busy(0) })
      await site.startAll({ policy: 'threshold', mode: 'auto' })
      for (let second = 1; second <= 6; second++) {
        site.write(busy(second))
        await site.cycles(1)
      }
      expect(await site.configured()).toMatchObject({ cores: 4, raw_limits: { cores: expect.stringContaining('0-1') } })
      const refusal = await site.ask('/scale/cores', { lxc_id: VMID, cores: 6 })
      expect(refusal.status).toBe(409)
      expect(refusal.json).toMatchObject({ message: expect.stringContaining('cpuset.cpus') })
      expect(await site.explain()).toContain('cpuset.cpus')
      const doctor = await site.installed.command(['doctor', '--config-dir', site.installed.configDir])
      expect(doctor.stdout).toMatch(/cpuset\.cpus/)
    },
  )

  function busy(second: number): Readonly<Record<string, string>> {
    const usec = 10_000_000 + second * 2_000_000
    return {
      'cpu.stat': `usage_usec ${usec}\nuser_usec 0\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n`,
    }
  }

  function pressure(some: number): string {
    return `some avg10=${some}.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`
  }
})

test.concurrent('figures of several devices before one set of figures belong to the last one', async ({ site }) => {
  site.write({ 'io.stat': '7:7 7:6 7:5 8:0 rbytes=4096000 wbytes=8192000 rios=100 wios=200 dbytes=0 dios=0\n' })
  writeFileSync(
    `${site.installed.host.paths.proc}/diskstats`,
    '   7       7 loop7 0 0 0 0 0 0 0 0 0 0 0\n   7       6 loop6 0 0 0 0 0 0 0 0 0 0 0\n   7       5 loop5 0 0 0 0 0 0 0 0 0 0 0\n   8       0 sda 1 1 1 1 1 1 1 1 1 1 1\n',
  )
  await site.installed.start('monitor', '--once').ended()
  expect(await site.newest()).toMatchObject({ io_stats: { reads: 100, writes: 200 } })
})

test.concurrent('memory.stat of kernel 5.10, which lacks some of the kernel keys, gives a floor all the same', async ({
  site,
}) => {
  const stat = memoryStat({ usedMb: 4 })
    .split('\n')
    .filter(line => !/^(?:kernel|pagetables) /.test(line))
    .join('\n')
  site.write({ 'memory.stat': stat })
  await site.installed.start('monitor', '--once').ended()
  const { memory_floor_mb, memory_usage_mb } = await site.newest()
  expect(memory_floor_mb).toBeGreaterThan(3)
  expect(memory_floor_mb).toBeLessThanOrEqual(Number(memory_usage_mb))
})

test.concurrent('a container without the key memory has the 512 MB that Proxmox gives it, for all', async ({
  site,
}) => {
  site.writeConf(['arch: amd64', 'cores: 2', 'hostname: bare', 'unprivileged: 1'])
  site.write({
    ...kernelFiles({ usedMb: 480 }),
    'memory.max': `${512 * KERNEL_MB}\n`,
    'memory.high': `${508 * KERNEL_MB}\n`,
  })
  await site.startAll({ policy: 'threshold', mode: 'auto' })
  expect(await site.configured()).not.toMatchObject({ memory_mb: null })
  await site.cycles(6)
  expect(Number((await site.configured())['memory_mb'])).toBeGreaterThan(512)
})
