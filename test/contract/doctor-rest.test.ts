import { join } from 'node:path'
import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import { createHost, INSTANT, type PretendRest, startPretendRest } from '@lxc-autoscale/simulator'
import { expect, test } from 'vitest'
import { ApiClient } from '../../packages/cli/src/api/api-client.ts'
import type { Finding } from '../../packages/cli/src/doctor/check.ts'
import { pctIsThere } from '../../packages/cli/src/doctor/host-checks.ts'
import { restInterface, rootHelper } from '../../packages/cli/src/doctor/rest-checks.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const SIZING = { '/vms': ['VM.Audit', 'VM.Config.CPU', 'VM.Config.Memory'], '/nodes': ['Sys.Audit'] }

async function look(rest: PretendRest, changes: object = {}): Promise<readonly Finding[]> {
  const section = { url: rest.url, token_file: rest.tokenFile, ca_file: rest.caFile, ...changes }
  const api = API_CONFIG_RULES.schema.parse({ lxc: { backend: 'rest', rest: section } })
  const client = new ApiClient({ url: 'http://127.0.0.1:1', apiKey: undefined })
  const patient = { configDir: '', monitor: undefined, model: undefined, api, client, nowMs: 0 }
  expect(await pctIsThere('').look(patient)).toEqual([])
  return [await restInterface.look(patient)].flat()
}

async function findings(acl: Readonly<Record<string, readonly string[]>>, changes?: object) {
  const root = join(temporaryDirectory(), 'host')
  const rest = await startPretendRest(await createHost({ root, settings: INSTANT, containers: [] }), { acl })
  try {
    return await look(rest, changes)
  } finally {
    await rest.close()
  }
}

test('doctor says what a token is good for, what it lacks and what it has too much', async () => {
  expect(await findings(SIZING)).toMatchObject([
    { isGood: true, detail: expect.stringContaining('what sizing needs; not for snapshots') },
  ])
  expect(await findings({ ...SIZING, '/vms': ['VM.Audit'] })).toMatchObject([
    { isGood: false, detail: expect.stringContaining('lacks VM.Config.CPU on /vms, VM.Config.Memory on /vms') },
  ])
  expect(await findings({ ...SIZING, '/': ['Permissions.Modify', 'Sys.Audit'] })).toMatchObject([
    { isGood: true },
    {
      isGood: false,
      detail: expect.stringContaining('Permissions.Modify'),
      mend: expect.stringContaining('setup-token --run --with cluster;'),
    },
  ])
})

test('doctor says that the certificate is another one, or the token is none', async () => {
  expect(await findings(SIZING, { fingerprint: Array(32).fill('AB').join(':') })).toMatchObject([
    { isGood: false, detail: expect.stringContaining('fingerprint'), mend: expect.stringContaining('pveproxy') },
  ])
  expect(await findings(SIZING, { token_file: '/nowhere/pve-token' })).toMatchObject([
    {
      isGood: false,
      detail: expect.stringContaining('/nowhere/pve-token'),
      mend: expect.stringContaining('setup-token'),
    },
  ])
})

test('with pct there is nothing to say of the REST interface', async () => {
  const api = API_CONFIG_RULES.schema.parse({})
  const client = new ApiClient({ url: 'http://127.0.0.1:1', apiKey: undefined })
  const patient = { configDir: '', monitor: undefined, model: undefined, api, client, nowMs: 0 }
  expect([await restInterface.look(patient), await rootHelper.look(patient)]).toEqual([[], []])
})
