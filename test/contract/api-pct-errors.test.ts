import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Fault, type HostSettings, updateSettings } from '@lxc-autoscale/simulator'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ApiDaemon } from '../fakes/api-daemon.ts'

let api: ApiDaemon

beforeAll(async () => {
  api = await started()
})
afterAll(() => api.stop())

function started(lxc: { readonly timeout_seconds?: number } = {}): Promise<ApiDaemon> {
  const shape = 'idle' as const
  return ApiDaemon.start({
    containers: [101, 102, 103].map(vmid => ({ vmid, shape, cores: 2, memoryMb: 1_024 })),
    config: {
      lxc,
      health: { metrics_file: '', model_lock_file: '', model_status_file: '', pct_interval_seconds: 0.01 },
    },
  })
}

const WELL: Partial<HostSettings> = {
  faults: [],
  nodes: ['pve'],
  quorate: true,
  pmxcfs: 'ok',
  missingCommands: [],
  randomExitCodes: false,
  localeWarning: false,
}

const setting = (settings: Partial<HostSettings>) => updateSettings(api.host.root, settings)
beforeEach(async () => {
  await setting(WELL)
})

const setCores = (cores: number, vmid = 101, daemon = api) =>
  daemon.ask('/scale/cores', { body: { lxc_id: vmid, cores } })

function failing(subcommand: string, fault: Partial<Fault>): Partial<HostSettings> {
  return { faults: [{ command: 'pct', subcommand, kind: 'fail', ...fault }] }
}

async function coresOf(vmid: number): Promise<number> {
  return (await api.ask(`/resource/lxc/config?lxc_id=${vmid}`)).json.data.cores
}

describe('pct set says', () => {
  test.each([
    ["Configuration file 'nodes/pve/lxc/101.conf' does not exist", 404, 'CONTAINER_NOT_FOUND'],
    ['CT is locked (backup)', 423, 'CONTAINER_LOCKED'],
    [
      "trying to acquire lock...\ncan't lock file '/run/lock/lxc/pve-config-101.lock' - got timeout",
      423,
      'CONTAINER_LOCKED',
    ],
    ['cluster not ready - no quorum?', 503, 'NO_QUORUM'],
    ["unable to open file '/etc/pve/nodes/pve/lxc/101.conf.tmp.9' - Permission denied", 503, 'NO_QUORUM'],
    ['ipcc_send_rec[1] failed: Connection refused', 503, 'HOST_UNREADABLE'],
    [
      '400 Parameter verification failed.\ncores: value must have a maximum value of 8192\npct set <vmid> [OPTIONS]',
      400,
      'INVALID_REQUEST',
    ],
    ['memory: unable to hotplug memory: write failed - Device or resource busy', 409, 'MEMORY_BELOW_FLOOR'],
    ['detected modified configuration - file changed by other user? Try again.', 409, 'ALLOCATION_MOVED'],
    ['something that nobody has seen before', 502, 'PCT_FAILED'],
  ])('%j: %s %s', async (stderr, status, error) => {
    await setting(failing('set', { stderr: `${stderr}\n`, exitCode: 255 }))
    const answer = await setCores(3)
    expect(answer).toMatchObject({ status, json: { status: 'error', error } })
    expect(answer.json.message).toContain(
      stderr.split('\n').at(-1)?.startsWith('pct set') ? 'cores: value' : stderr.split('\n').at(-1),
    )
    expect(await coresOf(101)).toBe(2)
  })

  test('nothing, and has not done it: 502', async () => {
    await setting(failing('set', { exitCode: 0 }))
    expect(await setCores(3)).toMatchObject({ status: 502, json: { error: 'PCT_FAILED' } })
  })

  test('the same whatever the exit code and the locale of the host are', async () => {
    await setting({ randomExitCodes: true, localeWarning: true })
    expect((await setCores(3, 103)).status).toBe(200)
    await setting({ ...failing('set', { stderr: 'CT is locked (disk)\n', exitCode: 4 }), localeWarning: true })
    expect(await setCores(2, 103)).toMatchObject({ status: 423, json: { lock: 'disk' } })
  })
})

describe('the failure of', () => {
  const snapshot = { lxc_id: 102, snapshot_name: 'here' }

  test.each([
    ['resize', '/scale/storage/increase', { lxc_id: 102, disk_size: 1 }, 'lvextend failed: no space left', 0, 502],
    ['resize', '/scale/storage/increase', { lxc_id: 102, disk_size: 1 }, '', 0, 502],
    ['resize', '/scale/storage/increase', { lxc_id: 102, disk_size: 1 }, "can't resize this image format", 0, 409],
    ['snapshot', '/snapshot/create', snapshot, 'snapshot feature is not available', 255, 409],
    ['snapshot', '/snapshot/create', snapshot, '', 0, 502],
    [
      'snapshot',
      '/clone/create',
      { lxc_id: 102, new_lxc_id: 800, new_lxc_name: 'x' },
      'CT is locked (backup)',
      255,
      423,
    ],
    [
      'clone',
      '/clone/create',
      { lxc_id: 102, new_lxc_id: 800, new_lxc_name: 'x' },
      "clone failed: storage 'x' is not online",
      255,
      502,
    ],
    [
      'clone',
      '/clone/create',
      { lxc_id: 102, new_lxc_id: 800, new_lxc_name: 'x' },
      "storage 'nostorage' does not exist",
      255,
      409,
    ],
    [
      'start',
      '/clone/create',
      { lxc_id: 102, new_lxc_id: 801, new_lxc_name: 'x' },
      "startup for container '801' failed",
      255,
      200,
    ],
  ])(
    'pct %s in %s (%j, %j, exit code %s) is answered with %s',
    async (subcommand, path, body, stderr, exitCode, status) => {
      await setting(failing(subcommand, { stderr: stderr === '' ? '' : `${stderr}\n`, exitCode }))
      const answer = await api.ask(path, { body })
      expect(answer.status).toBe(status)
      await setting(WELL)
      expect((await api.ask('/snapshot/list?lxc_id=102')).json.data).toEqual([])
    },
  )

  test('the removal of a temporary snapshot is told with a clone that succeeded', async () => {
    await setting(
      failing('delsnapshot', {
        stderr: 'Failed to obtain guest migration lock - replication running?\n',
        exitCode: 255,
      }),
    )
    const answer = await api.ask('/clone/create', { body: { lxc_id: 103, new_lxc_id: 803, new_lxc_name: 'x' } })
    expect(answer.status).toBe(200)
    expect(answer.json.message).toMatch(/temporary snapshot clone-803-\w+ could not be removed/)
  })
})

describe('a hanging command', () => {
  let impatient: ApiDaemon
  beforeAll(async () => {
    impatient = await started({ timeout_seconds: 2 })
    await updateSettings(impatient.host.root, { faults: [{ command: 'pct', subcommand: 'set', kind: 'hang' }] })
  })
  afterAll(() => impatient.stop())

  test('is ended with everything that it started, and answered with 504', async () => {
    const answer = await setCores(4, 101, impatient)
    expect(answer).toMatchObject({ status: 504, json: { error: 'PCT_TIMEOUT' } })
    const [entry] = (await impatient.ask('/history?limit=1')).json.data.entries
    expect(entry).toMatchObject({ outcome: 'unknown', error: 'PCT_TIMEOUT', after: { cores: 2 } })
    expect(processesOf(impatient.host.root)).toEqual([])
  })

  test('holds up neither reads nor health', async () => {
    const hanging = [101, 102, 103].map(vmid => setCores(4, vmid, impatient))
    let answered = 0
    for (const change of hanging) void change.then(() => answered++)
    expect((await impatient.ask('/resource/lxc/configs')).status).toBe(200)
    expect((await impatient.ask('/health/check', { key: '' })).status).toBe(200)
    expect(answered).toBeLessThan(3)
    expect((await Promise.all(hanging)).map(({ status }) => status)).toEqual([504, 504, 504])
  })
})

/** Commands of the pretend host that still run. */
function processesOf(root: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
  return stdout.split('\n').filter(line => line.includes(root) && line.includes('main.cjs'))
}

describe('a host that is not well', () => {
  test('without pct answers 503 where pct is needed, and reads on', async () => {
    await setting({ missingCommands: ['pct'] })
    expect(await setCores(3)).toMatchObject({ status: 503, json: { error: 'PCT_MISSING' } })
    expect((await api.ask('/resource/lxc/config?lxc_id=101')).status).toBe(200)
    expect((await unhealthy('lxc_commands')).status).toBe(503)
  })

  test('without quorum changes nothing, not even in the kernel, and is not healthy', async () => {
    await setting({ nodes: ['pve', 'other'], quorate: false })
    expect(await setCores(3)).toMatchObject({ status: 503, json: { error: 'NO_QUORUM' } })
    expect((await unhealthy('pve_files')).status).toBe(503)
  })

  test('whose cluster is quorate is told so', async () => {
    await setting({ nodes: ['pve', 'other'] })
    const { json } = await api.ask('/resource/cluster/status')
    expect(json.data).toMatchObject({ name: 'pretend', quorate: true })
    expect(json.data.nodes).toHaveLength(2)
  })

  test('without pmxcfs answers 503', async () => {
    await setting({ pmxcfs: 'down' })
    expect((await setCores(3)).status).toBe(503)
  })

  test('that prints no JSON for its status is answered with 502', async () => {
    await setting({ faults: [{ command: 'pvesh', kind: 'fail', exitCode: 0, stdout: 'oops' }] })
    expect((await api.ask('/resource/node/status?node_name=other')).status).toBe(502)
  })

  test('that cannot keep the audit log changes nothing', async () => {
    const state = join(api.directory, 'state', 'begun')
    rmSync(state, { recursive: true })
    writeFileSync(state, 'in the way')
    expect(await setCores(3)).toMatchObject({ status: 503, json: { error: 'AUDIT_UNAVAILABLE' } })
    expect(await coresOf(101)).toBe(2)
    rmSync(state)
    mkdirSync(state)
    expect((await setCores(2)).status).toBe(200)
  })
})

/** The answer of the health checks, once the kept one is too old to hide that `check` fails. */
async function unhealthy(check: string) {
  for (;;) {
    const answer = await api.ask('/health/check', { key: '' })
    if (answer.json.checks[check].ok === false) return answer
  }
}
