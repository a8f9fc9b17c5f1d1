import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HostFiles } from '@lxc-autoscale/host'
import { expect, test } from 'vitest'
import { CgroupReader } from '../../../../packages/api/src/host/cgroup.ts'
import { ClusterFiles } from '../../../../packages/api/src/host/cluster-files.ts'
import { ContainerReader } from '../../../../packages/api/src/pct/container-reader.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

test('reads a configuration anew that was written twice in one second with the same size, and understands the same bytes once', async () => {
  const pve = temporaryDirectory()
  mkdirSync(join(pve, 'lxc'))
  const write = (text: string) => {
    writeFileSync(join(pve, 'lxc/101.conf'), text)
    utimesSync(join(pve, 'lxc/101.conf'), 1_000, 1_000)
  }
  const [files, clock] = [new HostFiles(10), new FakeClock()]
  const reader = new ContainerReader({
    ...{ files, clock, pve },
    cluster: new ClusterFiles(files, pve, clock),
    cgroups: new CgroupReader({ files, clock, openCgroups: new Map() }, { proc: pve, cgroup: pve }),
    uptime: () => undefined,
    commands: { run: () => Promise.reject(new Error('not asked')), leftEnded: async () => true },
  })
  write('cores: 2\nmemory: 512\n')
  const before = await reader.read(101)
  write('cores: 3\nmemory: 512\n')
  const after = await reader.read(101)
  expect([before.configured.cores, after.configured.cores]).toEqual([2, 3])
  expect(after.digest).not.toBe(before.digest)
  expect((await reader.read(101)).values).toBe(after.values)
})
