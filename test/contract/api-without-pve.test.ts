import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiDaemon } from '../fakes/api-daemon.ts'

let api: ApiDaemon

// What the daemon reads is elsewhere; the commands still know the containers.
beforeAll(async () => {
  api = await ApiDaemon.start({
    containers: [101, 102].map(vmid => ({ vmid, shape: 'idle' as const, cores: 2, memoryMb: 1_024 })),
  })
  await api.daemon.end('SIGTERM')
  const file = join(api.directory, 'api.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/pve: .*/, `pve: ${join(api.directory, 'nowhere')}`))
  await api.restart()
})
afterAll(() => api.stop())

test('reads by pct where the files of Proxmox cannot be read', async () => {
  const one = await api.ask('/resource/lxc/config?lxc_id=101')
  expect(one.json.data).toMatchObject({
    cores: 2,
    memory_mb: 1_024,
    name: 'ct101',
    status: 'running',
    in_force: { memory_mb: 1_024 },
  })
  const all = await api.ask('/resource/lxc/configs')
  expect(all.json.data.containers.map(({ lxc_id }: { lxc_id: number }) => lxc_id)).toEqual([101, 102])
  expect(await api.ask('/resource/lxc/config?lxc_id=999')).toMatchObject({
    status: 404,
    json: { error: 'CONTAINER_NOT_FOUND' },
  })
})

test('changes and lists snapshots by pct as well', async () => {
  expect(await api.ask('/scale/cores', { body: { lxc_id: 101, cores: 3 } })).toMatchObject({
    status: 200,
    json: { data: { after: { cores: 3 } } },
  })
  const body = { lxc_id: 101, snapshot_name: 'here' }
  expect((await api.ask('/snapshot/create', { body })).status).toBe(200)
  const [snapshot] = (await api.ask('/snapshot/list?lxc_id=101')).json.data
  expect(snapshot).toMatchObject({ name: 'here', parent: null })
  expect(Math.abs(Date.now() - Date.parse(snapshot.timestamp))).toBeLessThan(60_000)
})
