import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Engine, type EngineEvent, startEngine, updateSettings } from '../../../../packages/simulator/src/index.ts'
import { makeHost, scratchDirectory, type TestHost } from '../pretend-host.ts'

const MB = 2 ** 20
const busy = { baseCores: 3, peakCores: 3 }

/** Lets `seconds` pass in steps of `stepMs`; gives what happened. */
async function pass(engine: Engine, seconds: number, stepMs = 100): Promise<EngineEvent[]> {
  const events: EngineEvent[] = []
  for (let ms = 0; ms < seconds * 1_000; ms += stepMs) events.push(...(await engine.step(stepMs)))
  return events
}

/** Cores that a container used over `seconds`, by its own counter. */
async function coresUsed(host: TestHost, engine: Engine, vmid: number, seconds: number): Promise<number> {
  const before = host.counter(vmid, 'cpu.stat', 'usage_usec')
  await pass(engine, seconds)
  return (host.counter(vmid, 'cpu.stat', 'usage_usec') - before) / 1e6 / seconds
}

describe('CPU', () => {
  test('is capped by the cpuset, where tasks wait but are not throttled', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady', cores: 2, load: busy }])
    const engine = new Engine(host.root)
    expect(await coresUsed(host, engine, 100, 10)).toBeCloseTo(2, 2)
    expect(host.counter(100, 'cpu.stat', 'nr_throttled')).toBe(0)
    expect(Number(/some avg10=([\d.]+)/.exec(host.cgroup(100, 'cpu.pressure'))?.[1])).toBeGreaterThan(30)
  })

  test('is capped by the quota, which throttles', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady', cores: 4, load: busy, config: { cpulimit: '1.5' } }])
    const engine = new Engine(host.root)
    expect(await coresUsed(host, engine, 100, 10)).toBeCloseTo(1.5, 2)
    expect(host.counter(100, 'cpu.stat', 'nr_throttled')).toBeGreaterThan(90)
    expect(host.counter(100, 'cpu.stat', 'throttled_usec')).toBeGreaterThan(5e6)
  })

  test('is what the workload wants while that is allowed, with little pressure', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady', cores: 8, load: { baseCores: 1, peakCores: 1 } }])
    const engine = new Engine(host.root)
    const cores = await coresUsed(host, engine, 100, 20)
    expect(cores).toBeGreaterThan(0.85)
    expect(cores).toBeLessThan(1.15)
    expect(Number(/some avg10=([\d.]+)/.exec(host.cgroup(100, 'cpu.pressure'))?.[1])).toBeLessThan(1)
  })

  test('of the whole host is shared by weight', async () => {
    const host = await makeHost(
      [
        { vmid: 100, shape: 'steady', cores: 4, load: { baseCores: 9, peakCores: 9 } },
        { vmid: 101, shape: 'steady', cores: 4, load: { baseCores: 9, peakCores: 9 }, config: { cpuunits: '300' } },
      ],
      { hostCores: 4 },
    )
    const engine = new Engine(host.root)
    const before = [100, 101].map(vmid => host.counter(vmid, 'cpu.stat', 'usage_usec'))
    await pass(engine, 5)
    const used = [100, 101].map((vmid, at) => (host.counter(vmid, 'cpu.stat', 'usage_usec') - (before[at] ?? 0)) / 5e6)
    expect(used[0]).toBeCloseTo(1, 2)
    expect(used[1]).toBeCloseTo(3, 2)
  })

  test('counts in the host, whose counters grow with its own time', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady', cores: 2, load: busy }], { hostCores: 4 })
    const ticks = () => (/^cpu {2}(.*)$/m.exec(host.text('proc/stat'))?.[1] ?? '').split(' ').map(Number)
    const before = ticks()
    await pass(new Engine(host.root), 10)
    const grown = ticks().map((value, at) => value - (before[at] ?? 0))
    const [user = 0, , system = 0, idle = 0] = grown
    expect(user + system + idle).toBe(4 * 1_000)
    expect(user + system).toBeGreaterThan(1_990)
    expect(user + system).toBeLessThan(2_150)
  })

  test('is the same for a workload that runs ten times as fast: only the shape is compressed', async () => {
    const spec = [{ vmid: 100, shape: 'steady', cores: 2, load: busy }] as const
    const [slow, fast] = [await makeHost(spec), await makeHost(spec)]
    const used = [
      await coresUsed(slow, new Engine(slow.root), 100, 5),
      await coresUsed(fast, new Engine(fast.root, { speed: 10 }), 100, 5),
    ]
    expect(used[1]).toBeCloseTo(used[0] ?? 0, 3)
  })
})

test('a faster clock of the workloads brings the peak sooner', async () => {
  const spec = [
    { vmid: 100, shape: 'ramp', cores: 4, load: { periodSeconds: 3_600, peakCores: 3, baseCores: 0.1 } },
  ] as const
  const [slow, fast] = [await makeHost(spec), await makeHost(spec)]
  const [slowEngine, fastEngine] = [new Engine(slow.root), new Engine(fast.root, { speed: 120 })]
  await pass(slowEngine, 20)
  await pass(fastEngine, 20)
  expect(await coresUsed(slow, slowEngine, 100, 2)).toBeLessThan(0.3)
  expect(await coresUsed(fast, fastEngine, 100, 2)).toBeGreaterThan(2)
})

describe('memory', () => {
  test('that grows for ever meets its limit: pressure, then a kill, then it starts again', async () => {
    const host = await makeHost([
      {
        vmid: 100,
        shape: 'memory-leak',
        memoryMb: 256,
        load: { baseMemoryMb: 80, peakMemoryMb: 400, periodSeconds: 60 },
      },
    ])
    const engine = new Engine(host.root)
    const max = 256 * MB
    let highest = 0
    const kills: EngineEvent[] = []
    for (let second = 0; second < 150; second++) {
      kills.push(...(await pass(engine, 1)).filter(({ kind }) => kind === 'oom-kill'))
      highest = Math.max(highest, Number(host.cgroup(100, 'memory.current')))
    }
    expect(kills.length).toBeGreaterThanOrEqual(2)
    expect(highest).toBeLessThanOrEqual(max)
    expect(host.counter(100, 'memory.events', 'oom_kill')).toBe(kills.length)
    expect(host.counter(100, 'memory.events', 'high')).toBeGreaterThan(0)
    expect(host.text('var/log/syslog')).toContain('Memory cgroup out of memory: /lxc/100')
    expect(Number(/some .*total=(\d+)/.exec(host.cgroup(100, 'memory.pressure'))?.[1])).toBeGreaterThan(1e6)
  })

  test('that does not fit is swapped out as far as there is swap: stalls, and no kill, until there is room', async () => {
    const load = { baseMemoryMb: 400, peakMemoryMb: 400 }
    const host = await makeHost([{ vmid: 100, shape: 'steady', memoryMb: 320, swapMb: 512, load }])
    const engine = new Engine(host.root)
    const stalled = () => Number(/some avg10=([\d.]+)/.exec(host.cgroup(100, 'memory.pressure'))?.[1])
    await pass(engine, 60)
    expect(Number(host.cgroup(100, 'memory.swap.current'))).toBeGreaterThan(60 * MB)
    expect(stalled()).toBeGreaterThan(10)
    expect(host.counter(100, 'memory.events', 'high')).toBeGreaterThan(0)
    expect(host.counter(100, 'memory.events', 'oom_kill')).toBe(0)
    await host.pct('set 100 --memory 1024')
    await pass(engine, 60)
    expect(Number(host.cgroup(100, 'memory.swap.current'))).toBe(0)
    expect(stalled()).toBeLessThan(1)
  })

  test('that meets the limit of the container is told apart from a limit inside it', async () => {
    const host = await makeHost([
      {
        vmid: 100,
        shape: 'memory-leak',
        memoryMb: 256,
        load: { baseMemoryMb: 80, peakMemoryMb: 400, periodSeconds: 60 },
      },
      { vmid: 101, shape: 'idle', memoryMb: 1_024, innerLimit: { memoryMb: 64, killEverySeconds: 15 } },
    ])
    const events = await pass(new Engine(host.root), 61, 500)
    const own = events.filter(({ kind, vmid }) => kind === 'oom-kill' && vmid === 100).length
    expect(own).toBeGreaterThan(0)
    // The process is killed in a group below, the limit is that of the container.
    expect(host.counter(100, 'memory.events', 'oom_kill')).toBe(own)
    expect(host.counter(100, 'memory.events.local', 'oom_kill')).toBe(0)
    expect(host.counter(100, 'memory.events.local', 'oom')).toBe(own)
    expect(host.counter(100, 'memory.events.local', 'max')).toBe(host.counter(100, 'memory.events', 'max'))
    expect(host.counter(100, 'ns/memory.events', 'oom_kill')).toBe(own)
    expect(host.counter(100, 'ns/memory.events', 'oom')).toBe(0)

    expect(host.cgroup(101, 'memory.events')).toBe('low 0\nhigh 0\nmax 48\noom 4\noom_kill 4\noom_group_kill 0\n')
    expect(host.cgroup(101, 'memory.events.local')).toMatch(/^(\w+ 0\n)+$/)
    expect(host.cgroup(101, 'ns/memory.events')).toBe(host.cgroup(101, 'memory.events'))
    expect(host.text('var/log/syslog')).toContain('out of memory: /lxc/101/ns/docker-')
  })

  test('that was taken in a limit inside goes on counting under another engine and a changed limit', async () => {
    const host = await makeHost([
      { vmid: 100, shape: 'steady', memoryMb: 1_024, innerLimit: { memoryMb: 64, killEverySeconds: 5 } },
    ])
    await pass(new Engine(host.root), 11, 500)
    await host.pct('set 100 --memory 128')
    const heir = new Engine(host.root)
    await pass(heir, 5, 500)
    const own = host.counter(100, 'memory.events.local', 'oom')
    expect(own).toBeGreaterThan(0)
    expect(host.counter(100, 'memory.events', 'oom_kill')).toBe(own + 3)
  })

  test('of the page cache grows to the limit, is taken back, and never kills', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'cache-heavy', memoryMb: 256 }])
    const engine = new Engine(host.root)
    await pass(engine, 120, 500)
    expect(host.counter(100, 'memory.stat', 'file')).toBeGreaterThan(100 * MB)
    expect(Number(host.cgroup(100, 'memory.current'))).toBeLessThanOrEqual(256 * MB)
    expect(host.counter(100, 'memory.events', 'high')).toBeGreaterThan(0)
    expect(host.counter(100, 'memory.events', 'oom_kill')).toBe(0)
    expect(host.cgroup(100, 'io.stat')).toMatch(/^259:0 rbytes=\d+ wbytes=\d+ rios=\d+ wios=\d+ dbytes=0 dios=0\n$/)
  })

  test('that a command took away is not given back by the engine', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady', memoryMb: 1_024 }])
    const engine = new Engine(host.root)
    await pass(engine, 8)
    await host.pct('set 100 --memory 128')
    const after = Number(host.cgroup(100, 'memory.current'))
    await engine.step(50)
    expect(Number(host.cgroup(100, 'memory.current'))).toBeLessThan(after + 20 * MB)
    expect(host.counter(100, 'memory.events', 'oom_kill')).toBe(1)
  })

  test('is seen in the host, page cache as available', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady', memoryMb: 4_096 }])
    const available = () => Number(/MemAvailable: +(\d+)/.exec(host.text('proc/meminfo'))?.[1])
    const before = available()
    await pass(new Engine(host.root), 10)
    expect(before - available()).toBeGreaterThan(1_500 * 1_024)
  })
})

test('another engine goes on where a killed one stopped: no counter goes back', async () => {
  const host = await makeHost([{ vmid: 100, shape: 'steady', memoryMb: 256 }])
  await pass(new Engine(host.root), 12)
  const counters = () => [
    host.counter(100, 'cpu.stat', 'usage_usec'),
    Number(
      /eth0: +(\d+)/.exec(host.text(`proc/${host.cgroup(100, 'ns/init.scope/cgroup.procs').trim()}/net/dev`))?.[1],
    ),
    Number(/rbytes=(\d+)/.exec(host.cgroup(100, 'io.stat'))?.[1]),
    Number(/total=(\d+)/.exec(host.cgroup(100, 'cpu.pressure'))?.[1]),
    Number(host.text('proc/uptime').split(' ')[0]),
  ]
  const before = counters()
  const heir = new Engine(host.root)
  await heir.step(100)
  counters().forEach((value, at) => {
    expect(value).toBeGreaterThanOrEqual(before[at] ?? 0)
  })
  expect(counters()[0]).toBeGreaterThan(before[0] ?? 0)
})

test('a container that was restarted between two steps counts from nothing', async () => {
  const host = await makeHost([{ vmid: 100, shape: 'steady' }])
  const engine = new Engine(host.root)
  await pass(engine, 5)
  await host.pct('reboot 100')
  await engine.step(100)
  expect(host.counter(100, 'cpu.stat', 'usage_usec')).toBeLessThan(500_000)
})

test('a container that stopped is forgotten, and its interface is gone from the host', async () => {
  const host = await makeHost([{ vmid: 100, shape: 'steady' }])
  const engine = new Engine(host.root)
  await engine.step(100)
  expect(host.text('proc/net/dev')).toContain('veth100i0')
  await host.pct('stop 100')
  await engine.step(100)
  expect(host.text('proc/net/dev')).not.toContain('veth100i0')
})

test('plays a trace: what it used is what the kernel counts', async () => {
  const file = `${scratchDirectory()}/trace.csv`
  writeFileSync(
    file,
    't_seconds,cpu_cores_used,cpu_cores_alloc,mem_mb_used,mem_mb_alloc\n0,1.5,4,700,2048\n1000,0.5,,300,\n',
  )
  const host = await makeHost([{ vmid: 100, shape: `trace:${file}` }])
  const engine = new Engine(host.root, { speed: 10 })
  expect(await coresUsed(host, engine, 100, 10)).toBeCloseTo(1.5, 2)
  const used = () => {
    const stat = (key: string) => host.counter(100, 'memory.stat', key)
    return (Number(host.cgroup(100, 'memory.current')) - stat('file') + stat('shmem')) / MB
  }
  expect(used()).toBeCloseTo(700, -1)
  await pass(engine, 95)
  expect(await coresUsed(host, engine, 100, 2)).toBeCloseTo(0.5, 2)
  expect(used()).toBeCloseTo(300, -1)
})

test('two engines never move one host', async () => {
  const host = await makeHost([])
  const stop = new AbortController()
  const running = startEngine(host.root, { signal: stop.signal })
  await expect(startEngine(host.root, { signal: stop.signal })).rejects.toThrow('another engine is running')
  stop.abort()
  await running
})

describe('what the settings say', () => {
  test('makes a container want more memory, until it does not', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', memoryMb: 1_024 }])
    const engine = new Engine(host.root)
    await pass(engine, 5)
    const before = host.counter(100, 'memory.stat', 'anon')
    await updateSettings(host.root, { addedMemoryMb: { 100: 300 } })
    await pass(engine, 10)
    expect(host.counter(100, 'memory.stat', 'anon') - before).toBeGreaterThan(280 * MB)
    await updateSettings(host.root, { addedMemoryMb: {} })
    await pass(engine, 10)
    expect(host.counter(100, 'memory.stat', 'anon') - before).toBeLessThan(20 * MB)
  })

  test('takes memory of the host for others', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle' }], { hostMemoryMb: 8_192 })
    const engine = new Engine(host.root)
    await updateSettings(host.root, { otherMemoryMb: 8_192 })
    await pass(engine, 1)
    expect(host.text('proc/meminfo')).toMatch(/^MemAvailable: +0 kB$/m)
  })
})
