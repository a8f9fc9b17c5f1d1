import { expect, test } from 'vitest'
import { SimulatedHost } from './simulated-host.ts'

const HOUR = 60
const quiet = () => ({ cores: 0.2, memoryMb: 200 })
/** Shrinking begins soon, so that a scenario need not last for days. */
const soon = { learning_hours: 0.5, start_grace_seconds: 0 }

test('cores follow a load that comes and goes', async () => {
  const host = new SimulatedHost({
    containers: [{ vmid: 101, demand: t => ({ cores: t > 60.5 && t < 240 ? 5 : 0.3, memoryMb: 300 }) }],
    config: { scaling: soon },
  })
  await host.run(HOUR)
  expect(host.allocation(101).cores).toBeLessThanOrEqual(2)
  await host.run(15)
  expect(host.allocation(101).cores).toBeGreaterThanOrEqual(5)
  expect(host.throttledMinutes).toBeLessThan(10)
  await host.run(12 * HOUR)
  expect(host.allocation(101).cores).toBeLessThan(5)
})

test('memory grows with a leak, before it kills', async () => {
  const host = new SimulatedHost({
    containers: [{ vmid: 101, memoryMb: 1_024, demand: t => ({ cores: 0.3, memoryMb: 500 + t * 3 }) }],
    config: { scaling: soon },
  })
  await host.run(10 * HOUR)
  expect(host.oomKills).toBe(0)
  expect(host.allocation(101).memoryMb).toBeGreaterThan(2_300)
})

test('a container that was killed for lack of memory has more in the next cycle', async () => {
  const host = new SimulatedHost({
    containers: [{ vmid: 101, memoryMb: 512, demand: t => ({ cores: 0.3, memoryMb: t > 30.5 ? 900 : 300 }) }],
    config: { scaling: soon },
  })
  await host.run(30)
  const before = host.allocation(101).memoryMb
  await host.run(1)
  expect(host.oomKills).toBeGreaterThan(0)
  expect(host.allocation(101).memoryMb).toBeGreaterThan(before)
})

test('the size that a person sets stays for the time of the truce', async () => {
  const host = new SimulatedHost({ containers: [{ vmid: 101, demand: quiet }], config: { scaling: soon } })
  await host.run(2 * HOUR)
  Object.assign(host.api.containers.get(101) ?? {}, { cores: 7, memory_mb: 5_000 })
  await host.run(5.5 * HOUR, () => expect(host.allocation(101)).toEqual({ cores: 7, memoryMb: 5_000 }))
  await host.run(24 * HOUR)
  expect(host.allocation(101).cores).toBeLessThan(7)
})

test('nothing happens to a container that is ignored, tagged off, or locked', async () => {
  const busy = () => ({ cores: 4, memoryMb: 900 })
  const host = new SimulatedHost({
    containers: [
      { vmid: 101, demand: busy },
      { vmid: 102, tags: ['autoscale-off'], demand: busy },
      { vmid: 103, demand: busy },
      { vmid: 104, demand: busy },
    ],
    config: { scaling: soon, ignore_lxc: ['101'] },
  })
  Object.assign(host.api.containers.get(103) ?? {}, { lock: 'backup' })
  await host.run(2 * HOUR)
  for (const vmid of [101, 102, 103]) expect(host.allocation(vmid)).toEqual({ cores: 2, memoryMb: 1_024 })
  expect(host.allocation(104).cores).toBeGreaterThan(2)
  Object.assign(host.api.containers.get(103) ?? {}, { lock: null })
  await host.run(10)
  expect(host.allocation(103).cores).toBeGreaterThan(2)
})

test('nothing happens while the monitor is away, and all goes on when it is back', async () => {
  const host = new SimulatedHost({
    containers: [{ vmid: 101, cores: 4, memoryMb: 4_096, demand: quiet }],
    config: { scaling: soon },
  })
  await host.run(20)
  host.isMonitorRunning = false
  await host.run(12 * HOUR)
  expect(host.api.changes).toEqual([])
  host.isMonitorRunning = true
  await host.run(12 * HOUR)
  expect(host.allocation(101).memoryMb).toBeLessThan(4_096)
})

test('growth never goes beyond what the host has left', async () => {
  const containers = Array.from({ length: 6 }, (_, index) => ({
    vmid: 101 + index,
    memoryMb: 1_024,
    demand: (t: number) => ({ cores: 0.3, memoryMb: Math.min(6_000, 600 + t * 8) }),
  }))
  const host = new SimulatedHost({
    containers,
    memoryMb: 16_384,
    config: { scaling: { ...soon, host_memory_reserve_mb: 2_048 } },
  })
  await host.run(8 * HOUR, () => {
    const limits = containers.reduce((sum, { vmid }) => sum + host.allocation(vmid).memoryMb, 0)
    expect(limits).toBeLessThanOrEqual(16_384)
  })
})

test('a restart or a kill forgets nothing that matters: the same decisions, and no truce', async () => {
  const options = {
    containers: [
      { vmid: 101, demand: (t: number) => ({ cores: 1 + Math.sin(t / 90), memoryMb: 400 + 200 * Math.sin(t / 200) }) },
      { vmid: 102, cores: 4, memoryMb: 4_096, demand: quiet },
    ],
    config: { scaling: soon },
  }
  const steady = new SimulatedHost(options)
  const restarted = new SimulatedHost(options)
  for (let hour = 0; hour < 12; hour++) {
    await steady.run(HOUR)
    await restarted.run(HOUR)
    await restarted.restart()
  }
  for (const vmid of [101, 102]) expect(restarted.allocation(vmid)).toEqual(steady.allocation(vmid))
  restarted.kill()
  await restarted.run(3)
  const rules = restarted.model.status?.containers.flatMap(({ decision }) => decision?.reasons ?? [])
  expect(rules?.map(({ rule }) => rule)).not.toContain('keep-truce')
})

test('days of quiet containers have few changes, no flapping, and little state', async () => {
  const host = new SimulatedHost({
    containers: [
      { vmid: 101, demand: quiet },
      { vmid: 102, demand: t => ({ cores: 0.8 + 0.6 * Math.sin((t / 1_440) * 2 * Math.PI), memoryMb: 500 }) },
    ],
  })
  await host.run(30 * HOUR)
  host.api.changes.length = 0
  await host.run(24 * HOUR)
  expect(host.api.changes.filter(({ vmid }) => vmid === 101).length).toBeLessThanOrEqual(2)
  expect(host.api.changes.length).toBeLessThanOrEqual(12)
  await host.model.cycle.save()
  for (const [, { sizer }] of host.model.state.sizers) expect(JSON.stringify(sizer).length).toBeLessThanOrEqual(65_536)
  // A window of rows, and four forests as they are.
  for (const line of host.model.state.forests) expect(line.length).toBeLessThanOrEqual(180_000)
})
