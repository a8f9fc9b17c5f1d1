import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HistoryEntryBody } from '@lxc-autoscale/core'
import { updateSettings } from '@lxc-autoscale/simulator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiDaemon } from '../fakes/api-daemon.ts'

const PCT_MS = 250
const ROUNDS = 14

const KILL_AT_CALL = join(import.meta.dirname, '..', 'fakes', 'kill-at-call.mjs')
const own = mkdtempSync(join(tmpdir(), 'lxc-autoscale-kill-'))
/** With a number in it, the daemon is killed at that call on its files. */
const armed = join(own, 'kill-at')

let api: ApiDaemon

beforeAll(async () => {
  api = await ApiDaemon.start({
    containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }],
    settings: { pctDelayMs: PCT_MS, pctDelayJitter: 0 },
    environment: { NODE_OPTIONS: `--import=${KILL_AT_CALL}`, LXC_TEST_KILL_AT: armed },
  })
})
afterAll(async () => {
  await api.stop()
  rmSync(own, { recursive: true })
})

const coresNow = async (): Promise<number> => (await api.ask('/resource/lxc/config?lxc_id=101')).json.data.cores
const state = () => join(api.directory, 'state')
const diskGb = () => Number(/size=(\d+)G/.exec(readFileSync(join(api.host.paths.pve, 'lxc', '101.conf'), 'utf8'))?.[1])

/** Whether there is a process whose command line `pattern` fits. */
function isRunning(pattern: string): boolean {
  return spawnSync('pgrep', ['-f', pattern]).status === 0
}

function auditLines(): HistoryEntryBody[] {
  const text = readFileSync(join(state(), 'audit.jsonl'), 'utf8').trim()
  return text === '' ? [] : text.split('\n').map(line => HistoryEntryBody.parse(JSON.parse(line)))
}

test('killed at any moment of a change, the next start tells what became of it', async () => {
  const outcomes: string[] = []
  let interrupted = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = await coresNow()
    const cores = before === 3 ? 4 : 3
    const known = new Set(auditLines().map(({ id }) => id))
    void api.ask('/scale/cores', { body: { lxc_id: 101, cores } }).catch(() => undefined)
    // From before the request was read to after pct has ended.
    await new Promise(resolve => setTimeout(resolve, (round * 2 * PCT_MS) / ROUNDS))
    await api.daemon.end('SIGKILL')
    await api.restart()
    const after = await coresNow()
    expect(readdirSync(join(state(), 'begun'))).toEqual([])
    const added = auditLines().filter(({ id }) => !known.has(id))
    expect(added.length).toBeLessThanOrEqual(1)
    const [entry] = added
    outcomes.push(entry?.outcome ?? 'never begun')
    // What the host has is explained: nothing happened, or a line says what did.
    if (entry === undefined) expect(after).toBe(before)
    else expect(entry).toMatchObject({ before: { cores: before }, after: { cores: after } })
    if (entry?.message.startsWith('interrupted') !== true) continue
    interrupted++
    expect(entry.message).toContain(after === cores ? 'has what was asked for' : 'is as it was before')
    expect(entry.outcome).toBe(after === cores ? 'applied' : 'unknown')
  }
  expect(outcomes).toContain('applied')
  expect(interrupted).toBeGreaterThan(0)
}, 100_000)

test('an interrupted change that must not be made twice is not made again for its Idempotency-Key', async () => {
  // Long enough for a busy machine to see it run and to kill the daemon.
  await updateSettings(api.host.root, { pctDelayMs: 4_000 })
  const sizeBefore = diskGb()
  const request = { body: { lxc_id: 101, disk_size: 1 }, headers: { 'idempotency-key': 'grow-once' } }
  void api.ask('/scale/storage/increase', request).catch(() => undefined)
  while (!isRunning(`${api.host.root}.*resize`)) await new Promise(resolve => setTimeout(resolve, 5))
  await api.daemon.end('SIGKILL')
  await updateSettings(api.host.root, { pctDelayMs: 0 })
  await api.restart()
  const again = await api.ask('/scale/storage/increase', request)
  const entry = auditLines().at(-1)
  expect(again.json.change_id).toBe(entry?.id)
  // The command outlived its daemon, so it is known what it did.
  expect(again).toMatchObject({ status: 200, json: { warning: expect.stringContaining('interrupted') } })
  expect(diskGb() - sizeBefore).toBe(1)
})

test('killed before any call on its files, it makes no change twice and tells of each once', async () => {
  for (let moment = 1; ; moment++) {
    const sizeBefore = diskGb()
    const request = { body: { lxc_id: 101, disk_size: 1 }, headers: { 'idempotency-key': `grow-${moment}` } }
    writeFileSync(armed, String(moment))
    const answer = await api.ask('/scale/storage/increase', request).catch(() => undefined)
    rmSync(armed)
    if (answer !== undefined && api.daemon.process.signalCode === null) {
      expect(answer.status).toBe(200)
      expect(moment).toBeGreaterThan(8)
      break
    }
    await api.daemon.ended()
    await api.restart()
    const again = await api.ask('/scale/storage/increase', request)
    expect([200, 409]).toContain(again.status)
    expect({ moment, grown: diskGb() - sizeBefore }).toEqual({ moment, grown: again.status === 200 ? 1 : 0 })
    const lines = auditLines().filter(({ idempotency_key: key }) => key === `grow-${moment}`)
    expect(lines).toMatchObject([{ outcome: again.status === 200 ? 'applied' : 'unknown' }])
  }
})

test('the temporary snapshot of an interrupted clone is removed at the next start', async () => {
  await updateSettings(api.host.root, { pctDelayMs: 300 })
  void api.ask('/clone/create', { body: { lxc_id: 101, new_lxc_id: 900, new_lxc_name: 'copy' } }).catch(() => undefined)
  const snapshots = async () => (await api.ask('/snapshot/list?lxc_id=101')).json.data as unknown[]
  while ((await snapshots()).length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  await api.daemon.end('SIGKILL')
  await updateSettings(api.host.root, { pctDelayMs: 0 })
  await api.restart()
  while ((await snapshots()).length > 0) await new Promise(resolve => setTimeout(resolve, 20))
  expect(auditLines().at(-1)).toMatchObject({ action: 'clone-create', outcome: 'unknown' })
})
