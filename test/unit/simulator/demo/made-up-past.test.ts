import { type ContainerSample, MS_PER_DAY, MS_PER_MINUTE, parseCycle } from '@lxc-autoscale/core'
import { ModelConfig } from '@lxc-autoscale/model'
import { expect, test } from 'vitest'
import { demoContainers } from '../../../../packages/simulator/src/demo/demo-containers.ts'
import { cycleLine, makeUpPast } from '../../../../packages/simulator/src/demo/made-up-past.ts'

const END_MS = new Date(2026, 0, 16, 9, 40).getTime()
const HOST = { cores: 12, memoryMb: 24_576 }
const [BACKUP, FILES, DATABASE] = [107, 108, 102]
const past = makeUpPast({
  containers: demoContainers(8).filter(({ vmid }) => [BACKUP, FILES, DATABASE].includes(vmid)),
  seed: 1,
  host: HOST,
  config: ModelConfig.parse({}),
  endMs: END_MS,
})

function seen(vmid: number, agoMs: number): ContainerSample {
  const cycle = past.cycles.findLast(({ timeMs }) => timeMs <= END_MS - agoMs)
  const sample = cycle?.samples.get(vmid)
  if (sample === undefined) throw new Error(`nothing is known of ${vmid} ${agoMs} ms before the end`)
  return sample
}

test('a job of each day has its cores before it begins, once it came twice, and none of them when the demo begins', () => {
  const JOB_MS = -65_000
  expect(seen(BACKUP, MS_PER_DAY + JOB_MS - 10 * MS_PER_MINUTE).cpuCoresUsed).toBeGreaterThan(3)
  expect(seen(BACKUP, MS_PER_DAY + JOB_MS + 10 * MS_PER_MINUTE).cpuCoresUsed).toBeLessThan(0.1)
  expect(seen(BACKUP, MS_PER_DAY + JOB_MS + 10 * MS_PER_MINUTE).cpuCores).toBeGreaterThan(3)
  expect(past.containers.get(BACKUP)?.size.cores).toBeLessThan(3)
})

test('nobody is killed, and what a container has at the end is what was changed last', () => {
  for (const { samples } of past.cycles)
    for (const { memoryEvents } of samples.values()) expect(memoryEvents?.oomKill).toBe(0)
  const { cores, memoryMb } = past.containers.get(FILES)?.size ?? {}
  const last = past.changes.findLast(({ lxc_id }) => lxc_id === FILES)
  expect(last).toMatchObject({ who: { key: 'anna' }, after: { cores, memory_mb: memoryMb } })
})

test('a container that is known for little more than its learning hours still has what it was made with', () => {
  expect(past.cycles.filter(({ samples }) => samples.has(DATABASE)).length).toBeGreaterThan(36)
  expect(past.containers.get(DATABASE)?.size).toEqual({ cores: 6, memoryMb: 6_144 })
  expect(past.containers.get(DATABASE)?.sizer.isLearning).toBe(true)
})

test('a cycle is one line of the metrics file', () => {
  const cycle = past.cycles.at(-1)
  if (cycle === undefined) throw new Error('no cycle')
  const { containers, summary } = parseCycle(cycleLine(cycle, () => ({ runId: 7 }), HOST)) ?? {}
  expect(containers?.get(FILES)).toMatchObject({
    runId: 7,
    timestampMs: cycle.timeMs,
    cpuCores: 4,
    memoryLimitMb: 4_096,
  })
  expect(summary?.hostMemoryAvailableMb).toBeGreaterThan(20_000)
  expect(END_MS - cycle.timeMs).toBeLessThan(5 * MS_PER_MINUTE + 1)
})
