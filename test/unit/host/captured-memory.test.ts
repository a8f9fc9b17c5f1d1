import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import { HostFiles } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { CgroupReader } from '../../../packages/api/src/host/cgroup.ts'
import { monitorCycle } from '../../builders/monitor-cycle.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

const MB = 1_048_576
const fixtures = join(import.meta.dirname, '..', '..', 'fixtures', 'host')

/** As the metrics file keeps it: three decimals. */
const inMb = (bytes: number | undefined) => (bytes === undefined ? undefined : Math.round((bytes / MB) * 1_000) / 1_000)

/** What the monitor and the API make of every container of a captured host at one moment. */
async function bothViews(name: string, moment: string) {
  const root = temporaryDirectory()
  cpSync(join(fixtures, name, 't0'), root, { recursive: true })
  if (moment !== 't0') cpSync(join(fixtures, name, moment), root, { recursive: true })
  const host = { proc: join(root, 'proc'), cgroup: join(root, 'sys/fs/cgroup'), pve: join(root, 'etc/pve') }
  const { cycle, store, close } = monitorCycle({ host })
  await cycle.run()
  close()
  const reader = new CgroupReader({ files: new HostFiles(0), clock: systemClock, openCgroups: new Map() }, host)
  return [...(store.last?.containers ?? [])].map(([vmid, sample]) => ({
    vmid,
    sample,
    memory: reader.memory(vmid),
    inForce: reader.see(vmid).inForce,
  }))
}

const moments = ['cgroup-v1-kernel-6.18', 'cgroup-v1-nested', 'cgroup-v2-kernel-6.12'].flatMap(name =>
  ['t0', 't1', 't2'].flatMap(moment => (existsSync(join(fixtures, name, moment)) ? [[name, moment] as const] : [])),
)

describe.each(moments)('%s at %s', (name, moment) => {
  test('has the same memory, floor and limits for the API as for the monitor', async () => {
    const views = await bothViews(name, moment)
    expect(views.length).toBeGreaterThan(0)
    for (const { vmid, sample, memory, inForce } of views) {
      const [used, floor] = [memory?.usageBytes, memory?.floorBytes].map(inMb)
      expect({ vmid, used, floor }).toEqual({ vmid, used: sample.memoryUsageMb, floor: sample.memoryFloorMb })
      expect(inForce.memoryMb).toBe(sample.memoryLimitMb)
      const cores = Math.min(inForce.cores ?? Number.NaN, inForce.cpuLimit ?? Number.POSITIVE_INFINITY)
      expect(cores).toBe(sample.cpuCores)
      expect(memory?.floorBytes).toBeLessThanOrEqual(memory?.usageBytes ?? 0)
    }
  })
})
