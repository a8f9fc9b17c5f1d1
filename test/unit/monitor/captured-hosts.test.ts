import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { monitorCycle } from '../../builders/monitor-cycle.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures')

/** Writes the files of `from` over those of `to`, in place, as a kernel changes what its files say. */
function overlay(from: string, to: string): void {
  for (const name of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name)
    const target = join(to, path.slice(from.length))
    if (name.isDirectory()) mkdirSync(target, { recursive: true })
    else writeFileSync(target, readFileSync(path))
  }
}

/** The cycles that the monitor makes of a captured host, one per moment: what stands in the file, without what names a run. */
async function cyclesOf(name: string, moments: readonly (readonly [moment: string, afterMs: number])[]) {
  const root = temporaryDirectory()
  cpSync(join(fixtures, 'host', name, 't0'), root, { recursive: true })
  const host = { proc: join(root, 'proc'), cgroup: join(root, 'sys/fs/cgroup'), pve: join(root, 'etc/pve') }
  const { clock, cycle, store, close } = monitorCycle({ host })
  const errors: string[] = []
  for (const [moment, afterMs] of moments) {
    if (moment !== 't0') overlay(join(fixtures, 'host', name, moment), root)
    await clock.advance(afterMs)
    const outcome = await cycle.run()
    errors.push(...outcome.errors.map(({ collector }) => collector))
  }
  close()
  const elements = store.lines.map(line => JSON.parse(line.replaceAll(/"run_id":\d+/g, '"run_id":1')))
  return { elements, errors, samples: store.cycles.map(({ containers }) => containers) }
}

describe.each([
  ['cgroup-v1-kernel-6.18', 5_560, 0.997],
  ['cgroup-v2-kernel-6.12', 17_120, 0.86],
])('%s', (name, afterMs, coresUsed) => {
  const moments = [
    ['t0', 0],
    ['t1', afterMs],
    ['t2', 60_000],
  ] as const

  test('gives the figures of the golden file', async () => {
    const { elements } = await cyclesOf(name, moments)
    await expect(`${JSON.stringify(elements, null, 1)}\n`).toMatchFileSnapshot(
      join(fixtures, 'golden', `monitor-${name}.json`),
    )
  })

  test('can be read without a failure, and has the containers that ran', async () => {
    const { errors, samples } = await cyclesOf(name, moments.slice(0, 2))
    expect(errors).toEqual([])
    expect(samples.map(containers => [...containers.keys()])).toEqual(Array(2).fill([101, 102, 103, 105]))
  })

  test('agrees with what is known of its containers', async () => {
    const { samples } = await cyclesOf(name, moments)
    const [, second, third] = samples
    const busy = second?.get(101)
    expect(busy?.cpuCoresUsed).toBeCloseTo(coresUsed, 1)
    expect(busy?.cpuCores).toBe(1)
    expect(busy?.cpuThrottledPercent).toBeGreaterThan(40)
    expect(busy?.memoryUsageMb).toBeGreaterThan(60)
    expect(busy?.memoryUsageMb).toBeLessThan(63)
    expect(busy).toMatchObject({ memoryLimitMb: 256, networkUsage: { rxBytes: 0, txBytes: 0 } })
    expect(second?.get(103)).toMatchObject({ cpuCores: 1, memoryLimitMb: 512 })
    expect(second?.get(103)?.networkUsage?.rxBytes).toBeGreaterThan(0)
    expect(second?.get(105)).toMatchObject({ cpuCores: 1.5, memoryLimitMb: 400 })
    expect(third?.get(102)?.memoryEvents?.oomKill).toBe(1)
    expect(third?.get(101)?.memoryEvents?.oomKill).toBe(0)
    expect(third?.get(103)?.processCount).toBeGreaterThan(0)
  })
})

describe('cgroup-v1-nested', () => {
  const name = 'cgroup-v1-nested'

  test('gives the figures of the golden file', async () => {
    const { elements } = await cyclesOf(name, [['t0', 0]])
    await expect(`${JSON.stringify(elements, null, 1)}\n`).toMatchFileSnapshot(
      join(fixtures, 'golden', `monitor-${name}.json`),
    )
  })

  test('counts the processes of a container in a container, and reads the network of the outer one', async () => {
    const { samples } = await cyclesOf(name, [['t0', 0]])
    expect(samples[0]?.get(7_103)).toMatchObject({ processCount: 4, networkUsage: { rxBytes: 0, txBytes: 0 } })
    expect(samples[0]?.get(7_104)).toMatchObject({ processCount: 2, networkUsage: { rxBytes: 516, txBytes: 516 } })
  })
})
