import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import { AutoscaleError, type ContainerConfigBody, type ErrorCode } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { MONITOR_RULES } from '@lxc-autoscale/monitor'
import { beforeEach, describe, expect, test } from 'vitest'
import { containerConfigBody } from '../../../../packages/api/src/changes/wire-allocation.ts'
import { ApiClient } from '../../../../packages/cli/src/api/api-client.ts'
import type { Patient } from '../../../../packages/cli/src/doctor/check.ts'
import { cgroupMode, clock, diskSpace, pctIsThere, quorum } from '../../../../packages/cli/src/doctor/host-checks.ts'
import { apiAnswers, freshData, keysMatch, rawLimits } from '../../../../packages/cli/src/doctor/service-checks.ts'
import { containerFacts } from '../../../builders/container-facts.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const NOW_MS = Date.UTC(2026, 2, 1, 12)

let directory: string
beforeEach(() => {
  directory = temporaryDirectory()
})

/** An API of which only the answers to the checks are of interest. */
class FakeApi extends ApiClient {
  error: Error | undefined
  answer: Awaited<ReturnType<ApiClient['health']>> = { status: 'healthy', version: '2.0.0', checks: {} }
  containers: ContainerConfigBody[] = []

  constructor() {
    super({ url: 'http://127.0.0.1:1', apiKey: undefined })
  }

  override async health() {
    if (this.error !== undefined) throw this.error
    return this.answer
  }

  override async configs() {
    if (this.error !== undefined) throw this.error
    return { containers: this.containers, failed: [] }
  }
}

/** A host whose files are in the temporary folder. */
function patient(changes: Partial<Patient> = {}): Patient {
  const metrics = join(directory, 'metrics.json')
  const host = { proc: directory, cgroup: join(directory, 'cgroup'), pve: join(directory, 'pve') }
  return {
    configDir: directory,
    monitor: MONITOR_RULES.schema.parse({
      monitoring: { export_file: metrics },
      logging: { log_file: join(directory, 'monitor.log') },
      host,
    }),
    model: MODEL_CONFIG_RULES.schema.parse({ data_file: metrics, log_file: '', state: { directory } }),
    api: API_CONFIG_RULES.schema.parse({ host, logging: { log_file: '' }, state: { directory } }),
    client: new FakeApi(),
    nowMs: NOW_MS,
    ...changes,
  }
}

function write(path: string, text: string): string {
  const file = join(directory, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** The metrics file, written `ageS` seconds ago. */
function writeMetrics(ageS: number): void {
  const file = write('metrics.json', '[\n]\n')
  utimesSync(file, NOW_MS / 1_000 - ageS, NOW_MS / 1_000 - ageS)
}

test('pct is looked for on PATH, and must be a program', async () => {
  const check = pctIsThere(`${directory}/none:${directory}/bin`)
  const file = write('bin/pct', '#!/bin/sh\n')
  chmodSync(file, 0o644)
  expect(await check.look(patient())).toMatchObject({ isGood: false, mend: expect.stringContaining('/usr/sbin') })
  chmodSync(file, 0o755)
  expect(await check.look(patient())).toEqual({ isGood: true, detail: file, mend: '' })
})

describe('cgroups', () => {
  test.each([
    ['version 2', 'cgroup/cgroup.controllers', 'cpuset cpu io memory pids\n', true],
    ['version 2 without the controllers memory', 'cgroup/cgroup.controllers', 'cpuset cpu io pids\n', false],
    ['version 1', 'cgroup/memory/memory.stat', 'cache 0\n', true],
    ['is no cgroup file system', 'cgroup/readme', '', false],
  ])('%s', async (detail, path, text, isGood) => {
    write(path, text)
    const found = await cgroupMode.look(patient())
    expect(found).toMatchObject({ isGood, detail: expect.stringContaining(detail) })
    expect(found.mend === '').toBe(isGood)
  })
})

describe('quorum', () => {
  test.each([
    ['is there', '{"nodename":"a","cluster":{"quorate":1}}', true],
    ['is lost', '{"nodename":"a","cluster":{"quorate":0}}', false],
    ['needs no cluster', '{"nodename":"a"}', true],
    ['is not known from a torn file', '{"nodename":', undefined],
  ])('%s', async (_, text, isGood) => {
    write('pve/.members', text)
    expect(await quorum.look(patient())).toMatchObject({ isGood })
  })

  test('is not known without the file', async () => {
    expect(await quorum.look(patient())).toMatchObject({ isGood: undefined })
  })
})

describe('the clock', () => {
  test('is wrong before this program was written', async () => {
    const found = await clock.look(patient({ nowMs: Date.UTC(2000, 0) }))
    expect(found).toMatchObject({ isGood: false, detail: expect.stringContaining('2000-01-01') })
  })

  test('went back when the metrics are from the future', async () => {
    writeMetrics(-600)
    expect(await clock.look(patient())).toMatchObject({
      isGood: false,
      detail: expect.stringContaining('in the future'),
    })
    writeMetrics(5)
    expect(await clock.look(patient())).toMatchObject({ isGood: true })
  })
})

test('disk space is looked at in every folder that the daemons write to', async () => {
  const model = MODEL_CONFIG_RULES.schema.parse({ log_file: '', state: { directory: join(directory, 'none') } })
  const { detail } = await diskSpace.look(patient({ model }))
  expect(detail).toMatch(new RegExp(`${directory} (\\d+ % free|has [\\d.]+ % left)`))
  expect(detail).toMatch(/none missing|% left/)
})

describe('the data', () => {
  test('are good while they are fresh, and bad after three intervals', async () => {
    writeMetrics(20)
    expect(await freshData.look(patient())).toMatchObject({ isGood: true, detail: expect.stringContaining('20 s old') })
    writeMetrics(31)
    expect(await freshData.look(patient())).toMatchObject({ isGood: false, mend: 'journalctl -u lxc_monitor -n 50' })
  })

  test('are bad when there are none, or when the daemons mean different files', async () => {
    expect(await freshData.look(patient())).toMatchObject({ isGood: false, mend: 'systemctl start lxc_monitor' })
    const model = MODEL_CONFIG_RULES.schema.parse({ data_file: '/elsewhere.json' })
    expect(await freshData.look(patient({ model }))).toMatchObject({
      isGood: false,
      mend: 'make monitoring.export_file and data_file the same',
    })
  })

  test('are not known without a configuration', async () => {
    expect(await freshData.look(patient({ model: undefined }))).toMatchObject({ isGood: undefined })
  })
})

describe('the API', () => {
  const failing = (code: ErrorCode) => {
    const client = new FakeApi()
    client.error = new AutoscaleError(code, 'the reason')
    return patient({ client })
  }

  test('is good when it is healthy, and names the checks that failed', async () => {
    const client = new FakeApi()
    expect(await apiAnswers.look(patient({ client }))).toMatchObject({ isGood: true })
    const checks = { pct: { ok: false, detail: 'timed out' }, audit: { ok: true, detail: 'can be written' } }
    client.answer = { status: 'unhealthy', version: '2.0.0', checks }
    expect(await apiAnswers.look(patient({ client }))).toMatchObject({ isGood: false, detail: 'pct: timed out' })
  })

  test('is told from another program on its port', async () => {
    expect((await apiAnswers.look(failing('SCALING_API_MALFORMED'))).mend).toContain('ss -ltnp')
    expect((await apiAnswers.look(failing('SCALING_API_UNREACHABLE'))).mend).toContain('systemctl start')
  })

  test('names the containers that raw LXC configuration settles, which is nothing wrong', async () => {
    const client = new FakeApi()
    expect(await rawLimits.look(patient({ client }))).toMatchObject({ isGood: true, mend: '' })
    const line = 'lxc.cgroup2.cpuset.cpus: 0-3'
    const facts = (vmid: number, cores?: string) => containerFacts({ vmid, rawLimits: { cores, memory: undefined } })
    client.containers = [facts(101, line), facts(102)].map(each => containerConfigBody(each, undefined))
    expect(await rawLimits.look(patient({ client }))).toMatchObject({
      isGood: true,
      detail: `not sized, as raw LXC configuration settles it: 101 (${line})`,
      mend: expect.stringContaining('/etc/pve/lxc/ID.conf'),
    })
    expect(await rawLimits.look(failing('SCALING_API_UNREACHABLE'))).toMatchObject({ isGood: undefined })
  })

  test('refuses the key of the model, or cannot be asked', async () => {
    expect(await keysMatch.look(patient())).toMatchObject({ isGood: true })
    expect(await keysMatch.look(failing('UNAUTHORIZED'))).toMatchObject({ isGood: false })
    expect(await keysMatch.look(failing('SCALING_API_UNREACHABLE'))).toMatchObject({ isGood: undefined })
    const api = API_CONFIG_RULES.schema.parse({ authentication: { enabled: false } })
    expect(await keysMatch.look({ ...failing('UNAUTHORIZED'), api })).toMatchObject({ isGood: true })
  })
})
